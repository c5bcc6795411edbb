"""Other users of this machine, as whom a test runs programs; only root can do that."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.support.paths import ROOT

TEAM = 54001  # a group
ANN, BOB = 54002, 54003  # users, who need no entry in the password file


def python_of_all() -> str:
    """Return a Python like this one that every user can start; skip the test if there is none."""
    if os.geteuid() != 0:
        pytest.skip("only root can run programs as another user")
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}"):
        try:
            if subprocess.run([python, "-c", ""], user=ANN, group=TEAM).returncode == 0:
                return python
        except OSError:
            continue
    pytest.skip(f"no {version} that other users can start")


def environment_of_all() -> dict[str, str]:
    """Return an environment in which another user's Python finds the package."""
    path = os.pathsep.join([str(ROOT), sysconfig.get_path("purelib")])
    return {"PATH": os.defpath, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}


def run_as(
    user: int, command: list[str], folder: Path, umask: int, **variables: str
) -> "subprocess.CompletedProcess[str]":
    """Run a command as a user of the group TEAM, in the folder."""
    return subprocess.run(
        command,
        user=user,
        group=TEAM,
        extra_groups=[TEAM],
        umask=umask,
        cwd=folder,
        env={**environment_of_all(), **variables},
        capture_output=True,
        text=True,
    )
