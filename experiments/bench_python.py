"""The interpreter that has the peers of a measurement, if they are not in our own."""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


def add_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--bench-python", type=Path, metavar="PATH", default=Path(sys.executable))


def has(python: str | Path, module: str) -> bool:
    """Return whether the interpreter can import a module."""
    command = [str(python), "-c", f"import {module}"]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def versions(python: Path, modules: Sequence[str]) -> str:
    """Return the versions of those modules that it has, such as `, torch 2.13.0`."""
    show = "import sys, {0}; sys.stdout.write(f', {0} {{{0}.__version__}}')"
    found = []
    for module in (one for one in modules if has(python, one)):
        command = [str(python), "-c", show.format(module)]
        found.append(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    return "".join(found)
