"""Covers how signals stop a command: the first one cleanly, the second one at once."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SLOW = """
import signal, sys, time
from dnnsearch.cli import signals
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests may run under nohup
signals.install_graceful_stop()
try:
    print("ready", flush=True)
    time.sleep(60)
except signals.Stopped as stopped:
    print("clean", stopped, flush=True)
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
def test_the_first_signal_lets_the_program_clean_up(name: str, code: int) -> None:
    with started("pass") as process:
        process.send_signal(signal.Signals[name])
        output, _ = process.communicate(timeout=20)
    assert (process.returncode, output) == (code, f"clean {name}\n")


def test_the_second_signal_ends_it_at_once() -> None:
    with started("time.sleep(60)") as process:
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None
        assert process.stdout.readline() == "clean SIGINT\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 143


WRAPPED = """
import os, signal, sys
sys.argv[1:] = ["list", "--storage", "sqlite:///none.db"]
from dnnsearch import __main__ as program
class Name:
    def __set_name__(self, owner, name):  # Python makes a RuntimeError of whatever is raised here
        os.kill(os.getpid(), signal.SIGINT)
def run(arguments):
    type("Owner", (), {"name": Name()})
program._run = run
sys.exit(program.main())
"""


def test_a_signal_that_an_import_turns_into_another_error_is_still_a_stop() -> None:
    command = [sys.executable, "-c", WRAPPED]
    ended = subprocess.run(command, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert ended.returncode == 130
    again = "stopped; to start again: dnnsearch list --storage sqlite:///none.db\n"
    assert ended.stderr == again


def test_ctrl_c_while_the_program_itself_is_imported_makes_no_traceback() -> None:
    late = "import sys; sys.modules['dnnsearch.cli.signals'] = None; sys.argv[0] = '/bin/dnnsearch'"
    then = "import contextlib, os, signal\nwith contextlib.suppress(ImportError):\n"
    code = f"{late}; {then} import dnnsearch.__main__\nos.kill(os.getpid(), signal.SIGINT)"
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert (ended.returncode, ended.stderr) == (130, "")


def test_ctrl_c_at_a_terminal_ends_a_search_without_any_traceback(tiny: Path) -> None:
    """A terminal sends it to the whole group of processes, also to workers that are starting."""
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
    stopped, resume = errors.splitlines()
    counted, unread = (
        r"\d+ of 500 trials done.*; what is done",
        "nothing was begun yet; what is stored",
    )
    assert re.fullmatch(f"stopped: ({counted}|{unread}) is kept", stopped)
    assert resume.startswith("To resume: dnnsearch search tiny.yaml")
