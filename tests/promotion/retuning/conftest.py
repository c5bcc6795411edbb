"""Fixtures for retunings: a promoted study, and newer data of the same kind or drifted."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.linalg  # noqa: F401  its BLAS must be loaded before its threads are limited
from threadpoolctl import threadpool_limits

from dnnsearch.cli.display import Quiet
from dnnsearch.config.config import parse_config
from dnnsearch.promotion.promotion import promote
from dnnsearch.study.search import search
from dnnsearch.study.stored_study import OpenStudy, open_study
from tests.support.forked_calls import forked_pinned_subprocess
from tests.support.preloaded import Preloaded

STORAGE = "sqlite:///optuna.db"
CONFIG = {
    "study": "churn",
    "data": {"file": "old.csv", "target": "left"},
    "trials": 4,
    "numerics": "native",
    "tracking": "none",
    "parallelism": 2,
    "workers": 1,
    "learning_rate": {"low": 0.1, "high": 1.0, "log": True},
    "iterations": 120,
    "hidden_layers": [1, 2],
    "units": {"low": 4, "high": 16},
    "activation": ["relu", "tanh"],
    "momentum": 0.9,
    "batch_size": [32, 64],
}


def customers(seed: int, angle: float = 0.0, rows: int = 600) -> pd.DataFrame:
    """Return a table whose label `left` depends on a line, turned by an angle to let it drift."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, 2))
    side = X @ [np.cos(angle), np.sin(angle)] + 0.3 * rng.normal(size=rows)
    columns = {"calls": X[:, 0].round(4), "months": X[:, 1].round(4)}
    return pd.DataFrame({**columns, "left": np.where(side > 0, "yes", "no")})


@pytest.fixture(scope="session")
def promoted(tracked: Preloaded, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("promoted")
    with pytest.MonkeyPatch.context() as patch, threadpool_limits(1):
        patch.setattr("dnnsearch.runtime.pinned_call.subprocess", forked_pinned_subprocess(tracked))
        patch.chdir(folder)
        patch.setenv("DNNSEARCH_CACHE", str(folder / "cache"))
        customers(0).to_csv("old.csv", index=False)
        customers(1).to_csv("same.csv", index=False)
        customers(2, angle=1.2).to_csv("drifted.csv", index=False)
        search(parse_config(CONFIG, "churn.yaml", "churn"), seconds=None, observer=Quiet())
        promote(open_study("churn", STORAGE), 2, 4, 1, lambda text: None)
    return folder


@pytest.fixture(autouse=True)
def _one_thread(forked_pinned_calls: None) -> Iterator[None]:
    """Limit the BLAS to one thread, as `native` numerics need it and the commands do."""
    with threadpool_limits(1):
        yield


@pytest.fixture
def study(promoted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OpenStudy:
    """Return the promoted study in a folder of its own, which is the working folder."""
    folder = tmp_path / "copy"
    shutil.copytree(promoted, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DNNSEARCH_CACHE", str(folder / "cache"))
    return open_study("churn", STORAGE)
