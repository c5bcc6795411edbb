"""A study on a person's file, promoted; and later data, of the same kind or drifted."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.linalg  # noqa: F401  its BLAS must be there to be told of one thread
from threadpoolctl import threadpool_limits

from dnnsearch.cli.display import Quiet
from dnnsearch.config.config import parse_config
from dnnsearch.promotion.promotion import promote
from dnnsearch.study.search import search
from dnnsearch.study.stored_study import OpenStudy, open_study

STORAGE = "sqlite:///optuna.db"
CONFIG = {
    "study": "churn",
    "data": {"file": "old.csv", "target": "left"},
    "trials": 4,
    "numerics": "native",
    "tracking": "none",
    "parallelism": 2,
    "workers": 2,
    "learning_rate": {"low": 0.1, "high": 1.0, "log": True},
    "iterations": 120,
    "hidden_layers": [1, 2],
    "units": {"low": 4, "high": 16},
    "activation": ["relu", "tanh"],
    "momentum": 0.9,
    "batch_size": [32, 64],
}


def customers(seed: int, angle: float = 0.0, rows: int = 600) -> pd.DataFrame:
    """Who leaves lies on one side of a line, which drifts by an angle."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, 2))
    side = X @ [np.cos(angle), np.sin(angle)] + 0.3 * rng.normal(size=rows)
    columns = {"calls": X[:, 0].round(4), "months": X[:, 1].round(4)}
    return pd.DataFrame({**columns, "left": np.where(side > 0, "yes", "no")})


@pytest.fixture(scope="session")
def promoted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("promoted")
    with pytest.MonkeyPatch.context() as patch, threadpool_limits(1):
        patch.chdir(folder)
        patch.setenv("DNNSEARCH_CACHE", str(folder / "cache"))
        customers(0).to_csv("old.csv", index=False)
        customers(1).to_csv("same.csv", index=False)
        customers(2, angle=1.2).to_csv("drifted.csv", index=False)
        search(parse_config(CONFIG, "churn.yaml", "churn"), seconds=None, observer=Quiet())
        promote(open_study("churn", STORAGE), 2, 4, 2, lambda text: None)
    return folder


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """As `native` numerics want it; the commands start a process for that."""
    with threadpool_limits(1):
        yield


@pytest.fixture
def study(promoted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OpenStudy:
    """The promoted study in a folder of its own, which is the working folder."""
    folder = tmp_path / "copy"
    shutil.copytree(promoted, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DNNSEARCH_CACHE", str(folder / "cache"))
    return open_study("churn", STORAGE)
