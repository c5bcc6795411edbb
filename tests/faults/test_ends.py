"""Whatever command trains or reads, it is gone in time, and with it all that it has started."""

import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.conftest import CONFIG, UNTRACKED, begin
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
TOLD, KILLED = signal.SIGTERM, signal.SIGKILL
MOONS = "data: {name: moons, examples: 120}"


@pytest.fixture(scope="module")
def template(program: Preloaded, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ends")
    with pytest.MonkeyPatch.context() as patch:
        begin(folder, patch)
        (folder / "wine.yaml").write_text(CONFIG.replace("data: wine", MOONS))
        program.run(folder, "search", "wine.yaml", "--trials=3", "--workers=1", *UNTRACKED)
    return folder


@pytest.fixture
def searched(template: Path, folder: Path) -> Path:
    shutil.copytree(template, folder, dirs_exist_ok=True)
    os.mkfifo(folder / "table.csv")  # from which nothing ever comes
    return folder


def wait_until(condition: Callable[[], object], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def below(pid: int) -> set[int]:
    """The processes that this one has started, and theirs."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    found = {int(child) for task in tasks if task.exists() for child in task.read_text().split()}
    return found.union(*map(below, found))


def at_work(name: str, folder: Path, family: set[int]) -> bool:
    """Whether a worker of the command's trains; one that has no workers waits for its table."""
    return name == "predict" or any((folder / f"training-{pid}").exists() for pid in family)


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("verify", KILLED),
        ("promote", TOLD),
        ("predict", TOLD),
        *(pytest.param(name, TOLD, marks=pytest.mark.proof) for name in ("verify", "rerun")),
        *(pytest.param(name, KILLED, marks=pytest.mark.proof) for name in ("rerun", "promote")),
        *(pytest.param("retune", number, marks=pytest.mark.proof) for number in (TOLD, KILLED)),
    ],
)
def test_a_command_is_gone_in_time_and_all_that_it_has_started(
    program: Preloaded, searched: Path, name: str, number: int
) -> None:
    command = program.start(searched, *COMMANDS[name], planted=ENDLESS)
    time.sleep(1 if name == "predict" else 0)
    wait_until(lambda: at_work(name, searched, below(command.pid)), 60)
    family, sent = below(command.pid), time.monotonic()
    command.kill(number)
    assert command.wait() == (143 if number == TOLD else -KILLED), command.said
    assert time.monotonic() - sent < 2.5  # that half of a second is the loaded machine's
    assert "Traceback" not in command.said
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in family), 5)
    assert bool(family) == (name != "predict")
