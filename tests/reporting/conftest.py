"""Fixtures of the reporting tests: a cache, and a small study that a search has left."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dnnsearch.study.stored_study import OpenStudy, open_study
from tests.support.preloaded import Preloaded

Searched = Callable[[str], OpenStudy]
SMALL = """
trials: 2
parallelism: 2
learning_rate: [0.02, 0.05]
iterations: 8
hidden_layers: 0
units: 1
activation: relu
momentum: 0.9
batch_size: 32
tracking: none
"""


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache of prepared arrays for all tests here."""
    return tmp_path_factory.mktemp("store")


@pytest.fixture(autouse=True)
def _own_cache(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DNNSEARCH_CACHE", str(store))


@pytest.fixture
def searched(program: Preloaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Searched:
    """Run the study `small`, two short trials in an empty folder, with further config keys."""
    monkeypatch.chdir(tmp_path)

    def search(keys: str) -> OpenStudy:
        Path("small.yaml").write_text(SMALL + keys)
        program.run(tmp_path, "search", "small.yaml")
        return open_study("small", "sqlite:///optuna.db")

    return search
