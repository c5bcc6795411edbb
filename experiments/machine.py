"""What a table was measured on: the processor, its cores, and versions."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

from dnnsearch.config.key_rules import cores


def processor() -> str:
    """Return the processor's name, as Linux has it, else what Python knows of it."""
    info = Path("/proc/cpuinfo")
    for line in info.read_text().splitlines() if info.exists() else ():
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return platform.processor() or platform.machine()


def versions(*packages: str) -> str:
    """Return the versions of Python and of packages, such as `Python 3.11.7, numpy 2.4.6`."""
    each = (f"{name} {version(name)}" for name in packages)
    return ", ".join([f"Python {platform.python_version()}", *each])


def machine() -> str:
    """Return processor, the cores that may be used, and the versions that decide a search."""
    used = f"{cores()} of {os.cpu_count()} cores"
    return f"{processor()}, {used}, {versions('numpy', 'scikit-learn', 'optuna')}"


def measured_on() -> str:
    """Return the sentence about the machine of now, and how busy it is."""
    load = f"load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "load unknown"
    packages = versions("numpy", "optuna", "mlflow")
    return f"Measured on {processor()}, {cores()} of {os.cpu_count()} cores, {load}. {packages}."
