"""The interpreter that has the peers of a measurement, if they are not in our own."""

import argparse
import subprocess
import sys
from pathlib import Path


def add_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--bench-python", type=Path, metavar="PATH", default=Path(sys.executable))


def has(python: Path, module: str) -> bool:
    """Return whether the interpreter can import a module."""
    command = [str(python), "-c", f"import {module}"]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False
