"""The real publishing process: killed, without its parent, unable to start."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from dnnsearch.tracking import ProcessPublisher, fields
from tests.support.paths import first_on_path
from tests.tracking.test_publisher_thread import statuses, wait_until

PATIENCE = 120  # seconds: MLflow is imported three times
COORDINATOR = """
import os, sys, time
from dnnsearch.tracking import ProcessPublisher
publisher = ProcessPublisher()
print(publisher.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def publisher(folder: Path) -> Iterator[ProcessPublisher]:
    with ProcessPublisher() as publisher:
        yield publisher


@pytest.fixture
def uri(folder: Path) -> str:
    return f"sqlite:///{folder}/mlflow.db"


def kill(publisher: ProcessPublisher) -> None:
    os.kill(publisher.pid, signal.SIGKILL)


def test_a_killed_process_is_replaced_and_nothing_is_lost(
    publisher: ProcessPublisher, said: list[str], uri: str, info, make_view: Callable
) -> None:
    publisher.start(uri, info, said.append)
    publisher.put(make_view(0))
    publisher.put(make_view(1, "running"))
    wait_until(lambda: publisher.pending == 0, PATIENCE)
    kill(publisher)
    for number in (1, 2):
        publisher.put(make_view(number))
    publisher.conclude("finished", "f" * 64, {0: {"config.yaml": b"{}"}})
    assert publisher.close(PATIENCE) == 0
    assert said == []
    assert statuses(uri, "moons") == dict.fromkeys(["study", "0", "1", "2"], "FINISHED")
    client = MlflowClient(uri)
    found = client.search_runs([client.get_experiment_by_name("moons").experiment_id])
    (study,) = [run for run in found if fields.TRIAL not in run.data.tags]
    assert "3 finished" in study.data.tags[fields.NOTE]
    assert len(client.get_metric_history(study.info.run_id, "best_value")) == 3


def test_unpublished_trials_are_counted_and_reported_once(
    publisher: ProcessPublisher, said: list[str], info, make_view: Callable
) -> None:
    publisher.start("http://127.0.0.1:9", info, said.append)
    publisher.put(make_view(0))
    assert publisher.close(PATIENCE) == 1
    assert len(said) == 1 and "the search continues" in said[0]


def test_a_process_that_always_dies_is_not_started_again(
    said: list[str], uri: str, info, make_view: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(uri.removeprefix("sqlite:///")).parent
    (folder / "sitecustomize.py").write_text("import os; os._exit(7)")
    monkeypatch.setenv("PYTHONPATH", first_on_path(folder))
    with ProcessPublisher() as publisher:
        publisher.start(uri, info, said.append)
        publisher.put(make_view(0))
        wait_until(lambda: bool(said), PATIENCE)
        assert "has died 5 times (exit code 7)" in said[0]
        assert publisher.close(PATIENCE) == 1


def status(pid: int, name: str) -> str:
    """Return a field of the process's status, up to its first blank."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(line.split()[1] for line in lines if line.startswith(f"{name}:"))


def ignores(pid: int, number: int) -> bool:
    return bool(int(status(pid, "SigIgn"), 16) >> (number - 1) & 1)


def test_the_process_ends_with_its_parent_even_while_it_imports() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", COORDINATOR], stdout=subprocess.PIPE
    ) as coordinator:
        assert coordinator.stdout
        pid = int(coordinator.stdout.readline())
        wait_until(lambda: ignores(pid, signal.SIGTERM), PATIENCE)
        os.kill(pid, signal.SIGTERM)  # the child ignores it
        time.sleep(0.3)
        assert status(pid, "State") != "Z"
        coordinator.kill()
    wait_until(lambda: not Path(f"/proc/{pid}").exists(), 5)
