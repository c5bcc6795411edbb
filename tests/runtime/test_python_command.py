"""Covers the command lines that start Python: whose code they run, and from where it imports."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dnnsearch.runtime.childprocess import start
from dnnsearch.runtime.python_command import program_again, python_command, python_environment
from tests.support.paths import ROOT, first_on_path

SHOW = """
import sys
import dnnsearch
print(dnnsearch.__file__, sys.argv[1:], sep=";")
"""


@pytest.fixture
def shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a module `shown` that tells which package it has; another is current."""
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "shown.py").write_text(SHOW)
    (tmp_path / "current").mkdir()
    monkeypatch.chdir(tmp_path / "current")
    return tmp_path / "modules"


def output(command: list[str], path: str) -> str:
    environment = python_environment({**os.environ, "PYTHONPATH": path})
    return subprocess.run(
        command, env=environment, check=True, capture_output=True, text=True
    ).stdout


def test_a_child_has_its_parents_package_though_another_one_is_installed(shown: Path) -> None:
    other = shown.parent / "other"
    shutil.copytree(ROOT / "dnnsearch", other / "dnnsearch")
    command = python_command("shown", "a b", "--c")
    expected = "dnnsearch/__init__.py;['a b', '--c']\n"
    assert output(command, f"{shown}{os.pathsep}{other}") == f"{ROOT}/{expected}"
    theirs = [
        str(other / "dnnsearch/runtime/start_module.py") if "start_" in a else a for a in command
    ]
    assert output(theirs, first_on_path(shown)) == f"{other}/{expected}"


@pytest.mark.parametrize("path", ["{}:", ":{}", "{}::{}"])
def test_the_current_folder_is_not_imported_from(shown: Path, path: str) -> None:
    Path("queue.py").write_text("raise ImportError('mine')")
    Path("dnnsearch.py").write_text("raise ImportError('mine')")
    assert output(python_command("shown"), path.replace("{}", str(shown))).endswith("[]\n")
    process, connection = start("shown", env={**os.environ, "PYTHONPATH": path.format(shown, ROOT)})
    connection.close()
    assert process.wait() == 0


def test_a_pythonpath_that_names_the_current_folder_is_the_users_word() -> None:
    assert python_environment({"PYTHONPATH": ".:/a"}) == {"PYTHONPATH": ".:/a"}
    assert python_environment({"PYTHONPATH": ":", "A": "b"}) == {"A": "b"}


def test_the_program_again_leaves_the_current_folder_out(monkeypatch: pytest.MonkeyPatch) -> None:
    called = ["python", "-W", "error", "-m", "dnnsearch", "search", "a.yaml"]
    monkeypatch.setattr(sys, "argv", ["/x/__main__.py", "search", "a.yaml"])
    monkeypatch.setattr(sys, "orig_argv", called)
    expected = [sys.executable, "-W", "error", *python_command("dnnsearch", "list")[1:]]
    assert program_again(["list"]) == expected
    monkeypatch.setattr(sys, "argv", ["/x/dnnsearch", "new"])
    monkeypatch.setattr(sys, "orig_argv", ["python", "/x/dnnsearch", "new"])
    assert program_again(["list"]) == [sys.executable, "/x/dnnsearch", "list"]


def test_our_entry_point_takes_the_current_folder_off_the_path(tmp_path: Path) -> None:
    for name in ("signal", "threading", "typer"):
        (tmp_path / f"{name}.py").write_text("raise ImportError('mine')")
    command = [sys.executable, "-m", "dnnsearch", "--version"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    assert subprocess.run(command, cwd=tmp_path, env=environment).returncode == 0


def test_ctrl_c_ends_what_runs_without_a_traceback(shown: Path) -> None:
    (shown / "shown.py").write_text("import time\nprint('here', flush=True)\ntime.sleep(60)\n")
    process = subprocess.Popen(
        python_command("shown"),
        env=python_environment({**os.environ, "PYTHONPATH": str(shown)}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"here\n"
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=30) == (b"", b"")
    assert process.returncode == -signal.SIGINT
