"""The real process that publishes: killed, left alone, unable to start."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from dnnsearch.tracking import PublishingProcess, fields
from tests.support.paths import first_on_path
from tests.tracking.test_publisher_thread import statuses, wait_until

PATIENCE = 120  # seconds: MLflow is imported, three times over
ALONE = """
import os, sys, time
from dnnsearch.tracking import PublishingProcess
publisher = PublishingProcess()
print(publisher._child.process.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def publisher(folder: Path) -> Iterator[PublishingProcess]:
    with PublishingProcess() as publisher:
        yield publisher


@pytest.fixture
def uri(folder: Path) -> str:
    return f"sqlite:///{folder}/mlflow.db"


def kill(publisher: PublishingProcess) -> None:
    publisher._child.process.kill()


def test_one_that_is_killed_is_replaced_by_one_that_knows_what_mlflow_shows(
    publisher: PublishingProcess, said: list[str], uri: str, card, make_view: Callable
) -> None:
    publisher.start(uri, card, said.append)
    publisher.put(make_view(0))
    publisher.put(make_view(1, "running"))
    wait_until(lambda: not publisher._views, PATIENCE)
    kill(publisher)
    for number in (1, 2):
        publisher.put(make_view(number))
    publisher.conclude("finished", "f" * 64)
    assert publisher.close(PATIENCE) == 0
    assert said == []
    assert statuses(uri, "moons") == dict.fromkeys(["study", "0", "1", "2"], "FINISHED")
    client = MlflowClient(uri)
    found = client.search_runs([client.get_experiment_by_name("moons").experiment_id])
    (study,) = [run for run in found if fields.TRIAL not in run.data.tags]
    assert "3 finished" in study.data.tags[fields.NOTE]
    assert len(client.get_metric_history(study.info.run_id, "best_value")) == 3


def test_what_cannot_be_published_is_counted_and_said_once(
    publisher: PublishingProcess, said: list[str], card, make_view: Callable
) -> None:
    publisher.start("http://127.0.0.1:9", card, said.append)
    publisher.put(make_view(0))
    assert publisher.close(PATIENCE) == 1
    assert len(said) == 1 and "the search goes on" in said[0]


def test_one_that_always_dies_is_given_up(
    said: list[str], uri: str, card, make_view: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(uri.removeprefix("sqlite:///")).parent
    (folder / "sitecustomize.py").write_text("import os; os._exit(7)")
    monkeypatch.setenv("PYTHONPATH", first_on_path(folder))
    with PublishingProcess() as publisher:
        publisher.start(uri, card, said.append)
        publisher.put(make_view(0))
        wait_until(lambda: bool(said), PATIENCE)
        assert "has died 5 times (exit code 7)" in said[0]
        assert publisher.close(PATIENCE) == 1


def status(pid: int, name: str) -> str:
    """A field of the process's status, to its first blank."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(line.split()[1] for line in lines if line.startswith(f"{name}:"))


def ignores(pid: int, number: int) -> bool:
    return bool(int(status(pid, "SigIgn"), 16) >> (number - 1) & 1)


def test_it_dies_with_the_process_that_started_it_even_while_it_imports() -> None:
    with subprocess.Popen([sys.executable, "-c", ALONE], stdout=subprocess.PIPE) as coordinator:
        assert coordinator.stdout
        pid = int(coordinator.stdout.readline())
        wait_until(lambda: ignores(pid, signal.SIGTERM), PATIENCE)
        os.kill(pid, signal.SIGTERM)  # is not for it
        time.sleep(0.3)
        assert status(pid, "State") != "Z"
        coordinator.kill()
    wait_until(lambda: not Path(f"/proc/{pid}").exists(), 5)
