"""The study that every fault test disturbs, its undisturbed result, and checks of its end."""

import sqlite3
from pathlib import Path

import pytest

from tests.support.preloaded import Preloaded

CONFIG = """
data: wine
trials: 7
parallelism: 3
pruner: median
learning_rate: {low: 0.01, high: 10000, log: true}
iterations: {low: 40, high: 80}
curve_every: 5
hidden_layers: {low: 1, high: 2}
units: {low: 4, high: 8}
activation: [relu, tanh]
momentum: 0.9
batch_size: [16, full]
"""
TRIALS = 7
UNTRACKED = ("--set", "tracking=none")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a config and nothing else; the cache will also be in it."""
    return new_folder(tmp_path, monkeypatch)


def new_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DNNSEARCH_CACHE", str(folder / "cache"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("DNNSEARCH_STORAGE", raising=False)
    (folder / "wine.yaml").write_text(CONFIG)
    return folder


@pytest.fixture(scope="session")
def undisturbed(program: Preloaded, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the fingerprint of the study that is not disturbed."""
    folder = tmp_path_factory.mktemp("undisturbed")
    with pytest.MonkeyPatch.context() as patch:
        new_folder(folder, patch)
        return fingerprint(program.run(folder, "search", "wine.yaml", *UNTRACKED))


def fingerprint(said: str) -> str:
    """Return the fingerprint that a search prints last."""
    name, value = said.splitlines()[-1].split()
    assert (name, len(value)) == ("fingerprint", 64)
    return value


def query(database: Path, sql: str) -> list[tuple]:
    connection = sqlite3.connect(database)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def assert_whole(folder: Path) -> None:
    """Check that Optuna has each trial once, ended, and that each has one record."""
    states = query(folder / "optuna.db", "SELECT number, state FROM trials ORDER BY number")
    assert [number for number, _ in states] == list(range(TRIALS))
    assert {"RUNNING", "WAITING", "FAIL"}.isdisjoint(state for _, state in states)
    assert len(list(folder.glob("records/wine/0*.npz"))) == TRIALS


def assert_published(folder: Path, trials: int = TRIALS) -> None:
    """Check that MLflow has a run for the study and for each trial, with Optuna's digest."""
    database = folder / "mlflow.db"
    runs = query(database, "SELECT run_uuid, status FROM runs WHERE lifecycle_stage = 'active'")
    assert len(runs) == trials + 1
    assert "RUNNING" not in {status for _, status in runs}
    tags: dict[str, dict[str, str]] = {run: {} for run, _ in runs}
    for run, key, value in query(database, "SELECT run_uuid, key, value FROM tags"):
        tags.get(run, {})[key] = value
    trials = [t for t in tags.values() if "dnnsearch.trial" in t]
    published = {t["dnnsearch.trial"]: t["dnnsearch.digest"] for t in trials}
    assert published == digests(folder)


def digests(folder: Path) -> dict[str, str]:
    """Return the digest of each trial in Optuna's rows, by number."""
    sql = (
        "SELECT number, json_extract(value_json, '$.digest') FROM trials "
        "JOIN trial_user_attributes USING (trial_id) WHERE key = 'dnnsearch'"
    )
    return {str(number): digest for number, digest in query(folder / "optuna.db", sql)}
