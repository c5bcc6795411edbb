"""Covers the end of every command: in time, with all processes that it has started."""

import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.conftest import CONFIG, UNTRACKED, new_folder
from tests.support.preloaded import Preloaded

ENDLESS = """
import os, time
from pathlib import Path
import dnnsearch.trials.run
def run_trial(*of_anything):
    Path(f"training-{os.getpid()}").touch()
    time.sleep(600)
dnnsearch.trials.run.run_trial = run_trial
"""
COMMANDS = {
    "verify": ("verify", "wine", "--workers=2"),
    "rerun": ("rerun", "wine/1"),
    "promote": ("promote", "wine", "--workers=2"),
    "retune": ("retune", "wine", "--data={name: moons, examples: 120, seed: 7}", "--workers=2"),
    "predict": ("predict", "wine/1", "table.csv"),
}
TERMINATED, KILLED = signal.SIGTERM, signal.SIGKILL
MOONS = "data: {name: moons, examples: 120}"


@pytest.fixture(scope="module")
def template(program: Preloaded, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ends")
    with pytest.MonkeyPatch.context() as patch:
        new_folder(folder, patch)
        (folder / "wine.yaml").write_text(CONFIG.replace("data: wine", MOONS))
        program.run(folder, "search", "wine.yaml", "--trials=3", "--workers=1", *UNTRACKED)
    return folder


@pytest.fixture
def searched(template: Path, folder: Path) -> Path:
    shutil.copytree(template, folder, dirs_exist_ok=True)
    os.mkfifo(folder / "table.csv")  # it never has any content
    return folder


def wait_until(condition: Callable[[], object], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def below(pid: int) -> set[int]:
    """Return the processes that this one has started, and those that they have."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    found = {int(child) for task in tasks if task.exists() for child in task.read_text().split()}
    return found.union(*map(below, found))


def at_work(name: str, folder: Path, family: set[int]) -> bool:
    """Return whether a worker of the command trains, or it waits for its table if it has none."""
    return name == "predict" or any((folder / f"training-{pid}").exists() for pid in family)


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("verify", KILLED),
        ("promote", TERMINATED),
        ("predict", TERMINATED),
        *(pytest.param(name, TERMINATED, marks=pytest.mark.proof) for name in ("verify", "rerun")),
        *(pytest.param(name, KILLED, marks=pytest.mark.proof) for name in ("rerun", "promote")),
        *(
            pytest.param("retune", number, marks=pytest.mark.proof)
            for number in (TERMINATED, KILLED)
        ),
    ],
)
def test_a_command_ends_in_time_with_all_that_it_has_started(
    program: Preloaded, searched: Path, name: str, number: int
) -> None:
    command = program.start(searched, *COMMANDS[name], planted=ENDLESS)
    time.sleep(1 if name == "predict" else 0)
    wait_until(lambda: at_work(name, searched, below(command.pid)), 60)
    family, sent = below(command.pid), time.monotonic()
    command.kill(number)
    assert command.wait() == (143 if number == TERMINATED else -KILLED), command.said
    assert time.monotonic() - sent < 2.5  # half a second is for a busy machine
    assert "Traceback" not in command.said
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in family), 5)
    assert bool(family) == (name != "predict")
