"""Covers a function in a process of its own: its pins, its request, its errors, its end."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dnnsearch.errors import UserError
from dnnsearch.runtime import numerics
from dnnsearch.runtime.pinned_call import pinned_call, requested
from tests.support.paths import first_on_path

PINS = numerics.supported_pins("portable")


@pytest.fixture(autouse=True)
def functions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other process finds this module as `functions`."""
    (tmp_path / "functions.py").write_text(Path(__file__).read_text())
    monkeypatch.setenv("PYTHONPATH", first_on_path(tmp_path))
    for function in (effective, refuse, fail, sleep):
        monkeypatch.setattr(function, "__module__", "functions")


def effective(folder: Path) -> None:
    state = numerics.check(PINS)
    (folder / "state.json").write_text(json.dumps([requested(folder), os.getpid(), state]))


def refuse(folder: Path) -> None:
    raise UserError("no room")


def fail(folder: Path) -> None:
    raise KeyError("a mistake")


def sleep(folder: Path) -> None:
    (folder / "pid").write_text(str(os.getpid()))
    time.sleep(60)


def test_it_computes_with_the_pins_and_has_the_request() -> None:
    with pinned_call(effective, PINS, {"x": 1}) as process:
        folder = process.wait()
        request, pid, state = json.loads((folder / "state.json").read_text())
    assert request == {"x": 1}
    assert pid != os.getpid()
    assert state["blas_threads"] == 1
    assert not folder.exists()


def test_a_user_error_is_raised_in_the_caller() -> None:
    with pinned_call(refuse, PINS, {}) as process, pytest.raises(UserError, match="^no room$"):
        process.wait()


def test_another_error_is_not_a_user_error(capfd: pytest.CaptureFixture[str]) -> None:
    with pinned_call(fail, PINS, {}) as process, pytest.raises(RuntimeError, match="exit code 1"):
        process.wait()
    assert "KeyError: 'a mistake'" in capfd.readouterr().err


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


def wait_for(path: Path) -> int:
    while not path.exists() or not path.read_text():
        time.sleep(0.01)
    return int(path.read_text())


def test_nothing_is_left_if_the_caller_leaves_without_waiting() -> None:
    with pinned_call(sleep, PINS, {}) as process:
        pid = wait_for(process.folder / "pid")
        assert is_alive(pid)
    assert not is_alive(pid)


def test_it_ends_with_the_callers_process(tmp_path: Path) -> None:
    code = """
import functions
from dnnsearch.runtime.pinned_call import pinned_call
functions.sleep.__module__ = "functions"
with pinned_call(functions.sleep, functions.PINS, {}) as process:
    print(process.folder, flush=True)
    process.wait()
"""
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = wait_for(Path(parent.stdout.readline().strip(), "pid"))
    parent.kill()
    parent.communicate()
    for _ in range(500):
        if not is_alive(pid):
            return
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    pytest.fail("it is still alive after five seconds")
