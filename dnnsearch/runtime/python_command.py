"""Command lines that start Python; what they start never imports from the current folder.

`python -m` imports from the current folder first. Users keep files there, and one of them may be
called random.py, queue.py or mlflow.py. With `-P` Python leaves the folder out.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

START_MODULE = Path(__file__).with_name("start_module.py")
BY_MODULE = ["-m", "dnnsearch"]
PYTHONPATH = "PYTHONPATH"


def python_command(module: str, *arguments: str) -> list[str]:
    """Return the command that runs a module of this package, or an installed one, as a program."""
    return [sys.executable, "-P", str(START_MODULE), module, *arguments]


def program_again(arguments: Sequence[str]) -> list[str]:
    """Return the command that runs this program once more, with these arguments.

    It is called as it was this time, with the same options of Python.
    """
    called = sys.orig_argv[1 : 1 + len(sys.orig_argv) - len(sys.argv)]
    if called[-2:] == BY_MODULE and not sys.flags.safe_path:
        return [sys.executable, *called[:-2], *python_command("dnnsearch", *arguments)[1:]]
    return [sys.executable, *called, *arguments]


def python_environment(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment without empty entries in PYTHONPATH.

    They mean the current folder, and come from `PYTHONPATH=$PYTHONPATH:FOLDER` if it was not set.
    The current folder stays if PYTHONPATH names it.
    """
    entries = [entry for entry in environment.get(PYTHONPATH, "").split(os.pathsep) if entry]
    others = {name: value for name, value in environment.items() if name != PYTHONPATH}
    return {**others, PYTHONPATH: os.pathsep.join(entries)} if entries else others
