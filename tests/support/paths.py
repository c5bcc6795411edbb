"""The import path of Python processes that tests start."""

import os
from pathlib import Path

ROOT = Path(__file__).parents[2]


def first_on_path(folder: Path) -> str:
    """Return a PYTHONPATH with the folder before this repository.

    Without the repository, the processes would import the dnnsearch that is installed, which may
    be that of another folder.
    """
    return f"{folder}{os.pathsep}{ROOT}"
