"""A study in PostgreSQL and MLflow: resumed from another folder, and locked."""

import csv
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

import dnnsearch
from dnnsearch.errors import UserError
from dnnsearch.storage.study_lock import study_lock
from tests.support.databases import PostgreSQL
from tests.support.preloaded import Preloaded
from tests.tracking.conftest import Server

CONFIG = """
data: {file: people.csv, target: left}
trials: 8
parallelism: 3
learning_rate: {low: 0.01, high: 1.0, log: true}
iterations: {low: 2000, high: 4000}
curve_every: 1000
hidden_layers: {low: 1, high: 2}
units: {low: 4, high: 16}
activation: [relu, tanh]
momentum: 0.9
batch_size: [16, full]
"""
ROWS = [("age", "city", "left")] + [
    (20 + i % 41, "abc"[i % 3], "yes" if i % 41 + 7 * (i % 3) > 24 else "no") for i in range(150)
]
FINISHED = "SELECT count(*) FROM trials WHERE state = 'COMPLETE'"
END_LOCK = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"


class Machine:
    """A folder with the config, the data file and its own cache, as on another machine."""

    def __init__(self, folder: Path, storage: str, **keys: str) -> None:
        self.folder, self.cache = folder, folder / "cache"
        folder.mkdir()
        (folder / "people.yaml").write_text(CONFIG)
        with (folder / "people.csv").open("w", newline="") as file:
            csv.writer(file).writerows(ROWS)
        self.settings = [f"--set={key}={value}" for key, value in keys.items()]
        self.storage = storage

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "dnnsearch", *arguments],
            cwd=self.folder,
            env={"DNNSEARCH_STORAGE": self.storage, "DNNSEARCH_CACHE": str(self.cache)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def searched(self, program: Preloaded) -> str:
        """Run a search in a preloaded program; return what it prints."""
        found = {"DNNSEARCH_STORAGE": self.storage, "DNNSEARCH_CACHE": str(self.cache)}
        return program.run(self.folder, "search", "people.yaml", *self.settings, **found)

    def search(self, *arguments: str) -> "subprocess.Popen[str]":
        return self.start("search", "people.yaml", *self.settings, *arguments)

    def said(self, process: "subprocess.Popen[str]", code: int = 0) -> str:
        said, _ = process.communicate(timeout=300)
        assert process.returncode == code, said
        assert "s3cret" not in said
        return said


def fingerprint(said: str) -> str:
    return said.splitlines()[-1].removeprefix("fingerprint ")


def finished(server: PostgreSQL, database: str) -> int:
    return int(server.execute(database, FINISHED)[0][0])


def has_tables(server: PostgreSQL, database: str) -> bool:
    return server.execute(database, "SELECT to_regclass('trials') IS NOT NULL") == [(True,)]


def wait_until(reached: Callable[[], bool]) -> None:
    until = time.monotonic() + 240
    while not reached():
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.fixture(scope="module")
def undisturbed(program: Preloaded, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The fingerprint of the same study in a SQLite file, without interruption."""
    folder = tmp_path_factory.mktemp("undisturbed") / "local"
    local = Machine(folder, "sqlite:///optuna.db", tracking="none")
    return fingerprint(local.searched(program))


@pytest.fixture
def mlflow(postgresql: PostgreSQL, tmp_path: Path) -> Iterator[Server]:
    """An MLflow server that stores in PostgreSQL."""
    backend = postgresql.address(postgresql.database())
    server = Server(backend, tmp_path / "mlflow.log")
    server.command.argv.extend(["--artifacts-destination", str(tmp_path / "artifacts")])
    server.start()
    yield server
    server.kill()


@pytest.mark.proof
def test_another_machine_goes_on_with_what_postgresql_and_mlflow_have(
    postgresql: PostgreSQL,
    address: str,
    mlflow: Server,
    tmp_path: Path,
    undisturbed: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = address.rpartition("/")[2]
    first = Machine(tmp_path / "first", address, records="mlflow", tracking=mlflow.url)
    first.said(first.search("--trials", "3"))
    with first.search() as running:
        wait_until(lambda: finished(postgresql, name) > 3)
        running.kill()
    made = {path.read_bytes() for path in (tmp_path / "artifacts").rglob("record.zip")}
    assert len(made) >= 3
    second = Machine(tmp_path / "second", address, records="mlflow", tracking=mlflow.url)
    assert fingerprint(second.said(second.search())) == undisturbed
    kept = {path.read_bytes() for path in second.cache.rglob("records/*/0*.npz")}
    assert len(kept) == 8 and kept >= made
    assert not (second.folder / "records").exists()
    assert "identical" in second.said(second.start("rerun", "people/0"))

    (second.folder / "people.csv").unlink()
    monkeypatch.setenv("DNNSEARCH_CACHE", str(tmp_path / "third"))
    rows = pd.DataFrame(ROWS[1:9], columns=ROWS[0])
    trial = dnnsearch.load("people/2", storage=address)
    assert set(trial.predict(rows)) <= {"yes", "no"}
    stored = postgresql.execute(name, "SELECT key, value_json FROM study_user_attributes")
    assert "owner@127.0.0.1" in str(stored) and "s3cret" not in str(stored)


def test_whoever_has_lost_the_lock_stops_and_the_same_command_goes_on(
    postgresql: PostgreSQL, program: Preloaded, address: str, tmp_path: Path, undisturbed: str
) -> None:
    name = address.rpartition("/")[2]
    machine = Machine(tmp_path / "one", address, tracking="none")
    with machine.search() as running:
        wait_until(lambda: has_tables(postgresql, name) and finished(postgresql, name) > 0)
        with pytest.raises(UserError, match=f"process {running.pid} on"):
            with study_lock(address, "people"):
                pass
        postgresql.execute(name, END_LOCK)
        said = machine.said(running, code=2)
    assert finished(postgresql, name) < 8
    assert "error: the lock of study people in postgresql://owner@127" in said
    assert "run the same command to resume" in said.splitlines()[-1]
    assert fingerprint(machine.searched(program)) == undisturbed


@pytest.mark.proof
def test_the_server_stops_in_the_middle_and_when_it_is_back_the_same_command_goes_on(
    program: Preloaded, tmp_path: Path, undisturbed: str
) -> None:
    server = PostgreSQL()
    try:
        server.start()
        name = server.database()
        machine = Machine(tmp_path / "one", server.address(name), tracking="none")
        with machine.search() as running:
            wait_until(lambda: has_tables(server, name) and finished(server, name) > 0)
            server.stop()
            assert "postgresql://owner@127" in refusal(machine.said(running, code=2))
        assert "cannot be used" in refusal(machine.said(machine.search(), code=2))
        server.start()
        assert 0 < finished(server, name) < 8
        assert fingerprint(machine.searched(program)) == undisturbed
    finally:
        server.remove()


def refusal(said: str) -> str:
    """The one line of an error."""
    assert "Traceback" not in said
    (line,) = [line for line in said.splitlines() if line.startswith("error: ")]
    return line
