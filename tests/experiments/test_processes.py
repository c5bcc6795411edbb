"""Child processes are found and killed; a failed search is reported."""

import subprocess
import sys
from pathlib import Path

import pytest

from experiments import processes

SLEEP = "import time; time.sleep(60)"
WORKER, PUBLISHER = processes.WORKER.decode(), processes.PUBLISHER.decode()


def sleeper(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", SLEEP, *words], text=True)


def test_a_coordinators_children_are_found_and_what_is_killed_is_gone(tmp_path: Path) -> None:
    program = tmp_path / "coordinator.py"
    program.write_text(
        "import subprocess, sys, time\n"
        f"for words in ({WORKER!r}, {PUBLISHER!r}, 'something else'):\n"
        f"    subprocess.Popen([sys.executable, '-c', {SLEEP!r}, words])\n"
        "print('ready', flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, str(program)], text=True, stdout=subprocess.PIPE
    ) as coordinator:
        assert coordinator.stdout is not None
        coordinator.stdout.readline()
        (worker,) = processes.workers_of(coordinator.pid)
        both = processes.children_of(coordinator.pid)
        assert len(both) == 2 and worker in both
        assert processes.survivors(both, seconds=0.1) == both
        for pid in [worker, *children(coordinator.pid), coordinator.pid]:
            processes.kill(pid)
    assert processes.survivors(both) == []


def children(pid: int) -> list[int]:
    """All children, ours or not."""
    tasks = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in tasks.read_text().split()]


def test_a_config_keeps_all_that_belongs_to_its_study_in_the_folder(tmp_path: Path) -> None:
    from dnnsearch.config.config import load_config
    from experiments.storm import CONFIG

    config = load_config(processes.write_config(tmp_path, "here", CONFIG))
    for place in (config.storage, config.tracking, config.records):
        assert str(tmp_path) in place
    assert config.study == "here"


def test_a_search_that_fails_is_reported_with_its_output(tmp_path: Path) -> None:
    path = processes.write_config(tmp_path, "bad", {"data": "nothing"})
    with pytest.raises(RuntimeError, match="ended with 2: error: "):
        processes.finish(processes.start(path))
