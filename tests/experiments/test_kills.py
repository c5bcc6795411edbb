"""The signals of a storm: a command that hangs or ends badly is seen, and a stopped one goes on."""

import random
import subprocess
import sys

import pytest

from experiments import kills

SLEEP = "import time; time.sleep(60)"


def started(program: str) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", program]
    return subprocess.Popen(command, text=True, stdout=pipe, stderr=subprocess.STDOUT)


def test_a_command_that_does_nothing_is_a_hang_with_what_its_threads_were_doing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kills, "HANG_SECONDS", 1.0)
    monkeypatch.setenv("PYTHONFAULTHANDLER", "1")
    with (
        started(SLEEP) as process,
        pytest.raises(kills.HangError, match=r"(?s)hangs, idle.*line 1 in <module>"),
    ):
        kills.output_of(process)
    assert process.returncode is not None


def test_a_command_that_makes_progress_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kills, "HANG_SECONDS", 0.5)
    with started("import time; time.sleep(1.5)") as process:
        assert kills.output_of(process, iter(range(100)).__next__) == ""


def test_an_end_with_another_code_or_a_traceback_is_a_problem() -> None:
    with started("raise SystemExit(3)") as process:
        assert kills.problems_of_end(process, "TERM") == ["TERM: exit code 3: "]
    with started("import sys; print('Traceback ...'); sys.exit(143)") as process:
        assert kills.problems_of_end(process, "TERM") == ["Traceback ...\n"]


def test_a_stopped_command_goes_on_and_without_a_child_none_is_hit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kills, "MAX_STOP_SECONDS", 0.1)
    rng = random.Random(0)
    with started(SLEEP) as process:
        assert kills.hit(process, "STOP", rng)
        assert not kills.hit(process, "KILL child", rng)
        assert process.poll() is None
        assert kills.hit(process, "QUIT", rng)
        assert kills.problems_of_end(process, "QUIT") == []
