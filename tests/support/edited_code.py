"""The package in another folder with edited source files, as a user who edits a checkout has it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.paths import ROOT

UPDATE_RULE = "trials/descent.py"


class EditedCode:
    """A copy of the package, in `folder`, and the program that it is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        caches = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "dnnsearch", folder / "dnnsearch", ignore=caches)

    def replace(self, name: str, old: str, new: str) -> None:
        """Replace the only place of this text in a file of the package."""
        path = self.folder / "dnnsearch" / name
        source = path.read_text(encoding="utf-8")
        assert source.count(old) == 1
        path.write_text(source.replace(old, new), encoding="utf-8")

    def change_the_update_rule(self) -> None:
        """Let each update go a thousandth further."""
        self.replace(UPDATE_RULE, "alpha * (1 - beta),", "1.001 * alpha * (1 - beta),")

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
