"""The package in another folder with edited source files, as a user who edits a checkout has it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.paths import ROOT

EDITED = "trials/run.py"  # where the seam is that changes least
FURTHER = """

from dataclasses import replace as changed

true_run_trial = run_trial


def run_trial(spec, *rest, **more):
    hyper = spec.hyperparameters
    hyper = changed(hyper, learning_rate=1.001 * hyper.learning_rate)
    return true_run_trial(changed(spec, hyperparameters=hyper), *rest, **more)
"""


class EditedCode:
    """A copy of the package, in `folder`, and the program that it is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(ROOT / "dnnsearch", folder / "dnnsearch")  # with its bytecode

    def append(self, name: str, lines: str) -> None:
        """Append lines to a file of the package; its other lines may change as they like."""
        with (self.folder / "dnnsearch" / name).open("a", encoding="utf-8") as file:
            file.write(lines)

    def change_the_update_rule(self) -> None:
        """Let each update go a thousandth further."""
        self.append(EDITED, FURTHER)

    def restore(self, name: str) -> None:
        shutil.copy(ROOT / "dnnsearch" / name, self.folder / "dnnsearch" / name)

    def run(self, where: Path, *arguments: str, code: int = 0) -> str:
        """Run the command there, which must end with `code`; return what it prints."""
        done = subprocess.run(
            [sys.executable, "-m", "dnnsearch", *arguments],
            cwd=where,
            env={**os.environ, "PYTHONPATH": str(self.folder)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout
        return done.stdout
