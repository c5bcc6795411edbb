"""Stopped once a command ends in order, stopped twice at once."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SLOW = """
import signal, sys, time
from dnnsearch.cli import signals
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whoever runs the tests may do so under nohup
signals.stop_in_order()
try:
    print("ready", flush=True)
    time.sleep(60)
except signals.Stopped as stopped:
    print("in order", stopped, flush=True)
    {then}
    sys.exit(stopped.exit_code)
"""


def started(then: str) -> "subprocess.Popen[str]":
    code = SLOW.format(then=then)
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_the_first_signal_lets_the_program_put_things_in_order(name: str, code: int) -> None:
    with started("pass") as process:
        process.send_signal(signal.Signals[name])
        output, _ = process.communicate(timeout=20)
    assert (process.returncode, output) == (code, f"in order {name}\n")


def test_the_second_signal_ends_it_at_once() -> None:
    with started("time.sleep(60)") as process:
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None
        assert process.stdout.readline() == "in order SIGINT\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 143


def test_ctrl_c_at_a_terminal_ends_a_search_without_any_traceback(tiny: Path) -> None:
    """A terminal sends it to the whole group of processes, workers that are starting included."""
    arguments = ["search", "tiny.yaml", "--study", "stopped", "--set", "tracking=none"]
    process = subprocess.Popen(
        [sys.executable, "-m", "dnnsearch", *arguments, "--trials", "500"],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    while not Path("optuna.db.stopped.lock").exists():
        time.sleep(0.01)
    time.sleep(0.1)  # the workers have been started and are importing
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.startswith(
        "stopped; what has ended is kept. To go on: dnnsearch search tiny.yaml"
    )
    assert errors.count("\n") == 1
