"""What test modules share: hypothesis's patience, and a small study that a search has left."""

import gc
import os
import shutil
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import settings

from dnnsearch.__main__ import GC_THRESHOLD_OBJECTS
from tests.support.databases import PostgreSQL
from tests.support.forked_calls import forked_pinned_subprocess, forked_subprocess
from tests.support.preloaded import Preloaded
from tests.support.survivors import MARK, survivors
from tests.support.warm_up import TRACKED

# How long one example takes says more about the machine than about the code.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

TINY = """
data: {name: moons, examples: 120, noise: 0.2, seed: 0}
trials: 5
parallelism: 2
learning_rate: {low: 0.01, high: 10000, log: true}
iterations: 30
curve_every: 10
hidden_layers: [0, 1, 2]
units: {low: 4, high: 16}
activation: [relu, leaky_relu, tanh]
momentum: 0.9
batch_size: 32
try_first:
  - {learning_rate: 10000, units: [8, 8], activation: leaky_relu}
  - {learning_rate: 0.1, units: [8, 5], activation: tanh}
"""
ACCIDENT = """
import dnnsearch.trials.run
true = dnnsearch.trials.run.run_trial
def run_trial(spec, *rest):
    if spec.number == 3:
        raise MemoryError("a planted accident")
    return true(spec, *rest)
dnnsearch.trials.run.run_trial = run_trial
"""
LONGEST = {
    "test_nested_validation.py",
    "test_stored_studies.py",
    "test_forged_figures.py",
    "test_code_blocks.py",
    "test_identity.py",
    "test_main_road.py",
}  # each takes a worker for a quarter of a minute or more
LONG = {"docs", "experiments", "faults", "promotion", "study", "tracking", "workers"}


def pytest_configure() -> None:
    """Let what tests start get every signal, even if a shell or nohup lets us ignore some.

    A new process goes on ignoring what its parent ignores, but does not inherit a function.
    Garbage is collected seldom, because most of what is imported here stays.
    """
    gc.set_threshold(GC_THRESHOLD_OBJECTS)
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, lambda *of_it: None)


def pytest_collection_finish() -> None:
    """Let garbage collection leave alone what stays: all modules and a hundred thousand objects."""
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first, so that no worker of xdist's is left with one at the end."""
    here = Path(__file__).parent
    items.sort(
        key=lambda item: (
            item.path.name not in LONGEST,
            item.path.relative_to(here).parts[0] not in LONG,
        )
    )


@pytest.fixture(scope="session", autouse=True)
def _no_process_survives() -> Iterator[None]:
    """Let the last test fail if a process that any test has started still runs."""
    os.environ[MARK] = f"{os.getpid()} at {time.time()}"
    yield
    left = survivors()
    assert not left, f"still running after the tests: {left}"


@pytest.fixture(scope="session")
def tracked() -> Iterator[Preloaded]:
    """The program, with MLflow and Dask imported."""
    server = Preloaded(*TRACKED)
    yield server
    server.close()


@pytest.fixture(scope="session")
def program(tracked: Preloaded) -> Preloaded:
    """The same, for tests that need no MLflow: if their study has one, its import costs nothing.

    That MLflow is only imported when it is needed is tested with new processes.
    """
    return tracked


@pytest.fixture
def forked_calls(tracked: Preloaded, monkeypatch: pytest.MonkeyPatch) -> None:
    """Functions of the package start their commands as forks of the preloaded program."""
    monkeypatch.setattr("dnnsearch.runtime.cli_process.subprocess", forked_subprocess(tracked))


@pytest.fixture
def forked_pinned_calls(tracked: Preloaded, monkeypatch: pytest.MonkeyPatch) -> None:
    """Functions that need pinned numerics run in forks of the preloaded program."""
    replaced = forked_pinned_subprocess(tracked)
    monkeypatch.setattr("dnnsearch.runtime.pinned_call.subprocess", replaced)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A running server, which the first test that needs one waits for."""
    server = PostgreSQL()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture
def address(postgresql: PostgreSQL) -> str:
    """The URL, with its password, of a new and empty database."""
    return postgresql.address(postgresql.database())


@pytest.fixture(scope="session")
def searched(tracked: Preloaded, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a study `tiny` was run: 1 diverged, 3 failed, the others finished."""
    folder = tmp_path_factory.mktemp("searched")
    (folder / "tiny.yaml").write_text(TINY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DNNSEARCH_CACHE", str(folder / "cache"))
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.delenv("DNNSEARCH_STORAGE", raising=False)
        said = tracked.run(folder, "search", "tiny.yaml", "--workers=2", planted=ACCIDENT)
    for name in ("optuna.db", "mlflow.db"):  # a forked process leaves what belongs into them
        with closing(sqlite3.connect(folder / name)) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    (folder / "output.txt").write_text(said)
    return folder


@pytest.fixture
def tiny(searched: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that folder, to be changed at will; it is the working folder."""
    folder = tmp_path / "copy"
    shutil.copytree(searched, folder, ignore=shutil.ignore_patterns("mlruns"))
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DNNSEARCH_CACHE", str(folder / "cache"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("DNNSEARCH_STORAGE", raising=False)
    return folder
