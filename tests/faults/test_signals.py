"""Covers a stop at any moment: the end within two seconds, the exit code, and the resumed search.

The start is also under test, so each command is a new process.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.conftest import UNTRACKED, assert_published, assert_whole, fingerprint, query
from tests.support.preloaded import Preloaded

SECONDS = 2.0 + 0.5  # half a second is for a busy machine
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}
Command = subprocess.Popen[str]


def start(folder: Path, *arguments: str) -> Command:
    command = [sys.executable, "-m", "dnnsearch", "search", "wine.yaml", *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=folder, stdout=pipe, stderr=pipe, text=True)


def stop(command: Command, number: int) -> str:
    """Send the signal; return the command's stderr. It must end in time, with the right code."""
    sent = time.monotonic()
    command.send_signal(number)
    _, errors = command.communicate(timeout=60)
    assert time.monotonic() - sent < SECONDS
    assert command.returncode == CODES[signal.Signals(number)], errors
    assert "Traceback" not in errors
    return errors


def wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.002)


def catches(command: Command, number: int) -> bool:
    """Return whether the process has a handler for the signal, according to the kernel."""
    for line in Path(f"/proc/{command.pid}/status").read_text().splitlines():
        if line.startswith("SigCgt:"):
            return bool(int(line.split()[1], 16) >> (number - 1) & 1)
    return False


def test_while_it_is_imported(folder: Path) -> None:
    with start(folder) as command:
        wait_until(lambda: catches(command, signal.SIGTERM))
        stop(command, signal.SIGTERM)
    assert [path.name for path in folder.iterdir()] == ["wine.yaml"]


@pytest.mark.proof
def test_while_a_database_is_created(folder: Path, program: Preloaded, undisturbed: str) -> None:
    with start(folder, *UNTRACKED) as command:
        wait_until(lambda: any(folder.glob(".new-*/*")))
        assert "To resume: dnnsearch search wine.yaml" in stop(command, signal.SIGINT)
    assert fingerprint(program.run(folder, "search", "wine.yaml", *UNTRACKED)) == undisturbed
    assert_whole(folder)


def test_an_interrupted_training_is_not_a_finished_trial(folder: Path) -> None:
    endless = ("--set=iterations=1000000", "--set=curve_every=1000000", "--workers=1")
    with start(folder, *UNTRACKED, *endless) as command:
        wait_until(lambda: (folder / "optuna.db").exists() and trains(command))
        stop(command, signal.SIGINT)
    states = query(folder / "optuna.db", "SELECT DISTINCT state FROM trials")
    assert states == [("RUNNING",)]
    assert not list(folder.glob("records/wine/*.npz"))


def trains(command: Command) -> bool:
    """Return whether a worker has computed for so long that it must be training."""
    below = Path(f"/proc/{command.pid}/task/{command.pid}/children").read_text().split()
    ticks = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11] for pid in below]
    return any(int(t) > 1.5 * os.sysconf("SC_CLK_TCK") for t in ticks)


@pytest.mark.proof
@pytest.mark.parametrize("seed", range(20))
def test_at_any_moment(folder: Path, tracked: Preloaded, undisturbed: str, seed: int) -> None:
    chance = random.Random(seed)
    with start(folder) as command:
        wait_until(lambda: catches(command, signal.SIGTERM))
        time.sleep(chance.uniform(0, 8))
        if command.poll() is None:
            stop(command, chance.choice(list(CODES)))
    assert fingerprint(tracked.run(folder, "search", "wine.yaml")) == undisturbed
    assert_whole(folder)
    assert_published(folder)
