"""Fixtures: trials as plain data, a real SQLite database of MLflow, a real server of MLflow."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from dnnsearch.tracking import StudyInfo, prepare_database, ui_command
from dnnsearch.tracking.environment import apply
from dnnsearch.trials.run import TrialView
from tests.support.servers import free_port, is_healthy

apply()
STEPS = np.arange(12) * 50


@pytest.fixture(scope="session")
def created(tmp_path_factory) -> Path:
    """A database of MLflow that tests copy, because creating one takes seconds."""
    path = tmp_path_factory.mktemp("created") / "mlflow.db"
    prepare_database(f"sqlite:///{path}")
    return path


@pytest.fixture
def folder(tmp_path, created, monkeypatch) -> Path:
    """The current folder, with an empty MLflow database in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    shutil.copy(created, "mlflow.db")
    Path("record.zip").write_bytes(b"the record")
    return tmp_path


def view(number: int, state: str = "finished", **changes) -> TrialView:
    """Return a trial in any state, with curves that depend on its number."""
    params = {
        "learning_rate": 0.1 / (number + 1),
        "iterations": 550,
        "hidden_layers": 2,
        "units_1": 64,
        "units_2": 32,
        "activation": ("relu", "tanh")[number % 2],
        "momentum": 0.9,
        "batch_size": 32,
    }
    known = {"number": number, "state": state, "params": params, "spec": f"{number:064x}"}
    known |= {"data": "d" * 64}
    if state not in ("running", "interrupted"):
        known |= {"seconds": 0.5, "digest": f"{number:063x}{state[0]}"}
        known |= {"record": Path("record.zip")}
    if state in ("finished", "pruned", "diverged"):
        known |= ended(number, state)
    if state == "failed":
        known |= {"reason": "Traceback (most recent call last):\nMemoryError: 3 GiB"}
    return TrialView(**known | changes)


def ended(number: int, state: str) -> dict:
    points = 12 if state == "finished" else 7
    cost = np.exp(-STEPS[:points] / 200) + 0.01 * number
    if state == "diverged":
        cost[5:] = np.inf
    accuracy = 1 - cost / 2.1
    curves = {"train_cost": cost, "dev_cost": cost + 0.1}
    curves |= {"train_accuracy": accuracy, "dev_accuracy": accuracy - 0.01}
    return {
        "value": float(curves["dev_accuracy"][-1]) if state == "finished" else None,
        "steps": STEPS[:points],
        "curves": curves,
        "final": {name: float(curve[-1]) for name, curve in curves.items()},
        "parameters": 5034,
        "flops": 10**9,
    }


@pytest.fixture(scope="session")
def make_view() -> Callable[..., TrialView]:
    return view


@pytest.fixture(scope="session")
def info() -> StudyInfo:
    definition = {"seed": 0, "learning_rate": {"low": 0.001, "high": 1, "log": True}}
    definition |= {"activation": ["relu", "tanh"], "momentum": 0.9}
    return StudyInfo("moons", "moons", definition, trials=6, digests={"split": "5" * 64})


class Server:
    """MLflow's server, started as `dnnsearch ui` starts it."""

    def __init__(self, uri: str, log: Path) -> None:
        self.database, self.log = uri, log
        self.port = free_port()
        self.command = ui_command(uri, self.port)
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command.argv,
                env=self.command.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        for _ in range(600):
            if is_healthy(self.url):
                return
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.1)
        raise AssertionError(f"no answer at {self.url}: {self.log.read_text()}")

    def kill(self) -> None:
        """Kill the server and all its processes, as a power cut would."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture(scope="module")
def server(tmp_path_factory, created) -> Iterator[Server]:
    """A running server with its own database."""
    folder = tmp_path_factory.mktemp("server")
    shutil.copy(created, folder / "mlflow.db")
    server = Server(f"sqlite:///{folder / 'mlflow.db'}", folder / "log")
    server.command.argv.extend(["--artifacts-destination", str(folder / "artifacts")])
    server.start()
    yield server
    server.kill()
