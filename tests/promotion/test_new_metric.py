"""A new metric is one row: it is planted in the table, and every command uses it."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.support.preloaded import Preloaded

ROW = """
import numpy as np
from dnnsearch.trials.metrics import METRICS, MINIMIZE, REGRESSION, Metric


def mae(Z, y, scale=1.0):
    return float(scale * np.abs(Z[0].astype(np.float64) - y).mean())


METRICS["dev_mae"] = Metric(MINIMIZE, REGRESSION, perfect=0.0, compute=mae)
"""
CONFIG = """
data: {file: rents.csv, target: rent}
split: {dev: 0.25, test: 0.25}
trials: 4
parallelism: 2
objective: dev_mae
metrics: [dev_rmse]
learning_rate: {low: 0.05, high: 0.3, log: true}
iterations: 60
curve_every: 30
hidden_layers: [0, 1]
units: 8
activation: tanh
momentum: 0.9
batch_size: 32
tracking: none
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A table of a regression, and a config for it."""
    rng = np.random.default_rng(0)
    size, floor = rng.uniform(20, 120, 300), rng.integers(0, 6, 300)
    rent = 300 + 9 * size + 20 * floor + rng.normal(0, 60, 300)
    table = pd.DataFrame({"size": size.round(1), "floor": floor, "rent": rent.round(2)})
    table.to_csv(tmp_path / "rents.csv", index=False)
    (tmp_path / "rents.yaml").write_text(CONFIG)
    monkeypatch.setenv("DNNSEARCH_CACHE", str(tmp_path / "cache"))
    return tmp_path


def test_a_metric_that_is_one_row_is_searched_shown_promoted_and_reported(
    program: Preloaded, folder: Path
) -> None:
    program.run(folder, "search", "rents.yaml", planted=ROW)
    shown = program.run(folder, "show", "rents", planted=ROW)
    program.run(folder, "show", "rents", "--csv", "shown.csv", planted=ROW)
    trials = pd.read_csv(folder / "shown.csv")
    best = trials.loc[trials["dev_mae"].idxmin()]
    assert shown.splitlines()[2].split()[0] == str(best["trial"])
    assert 40 < best["dev_mae"] < best["final_dev_rmse"]  # in the target's own unit

    said = program.run(
        folder, "promote", "rents", "--top", "2", "--replicates", "3", "--json", planted=ROW
    )
    promoted = json.loads(said.splitlines()[-1])
    ensemble, guess = promoted["test"]["ensemble"], promoted["test"]["guess"]
    assert 0 < ensemble["low"] < ensemble["value"] < ensemble["high"] < guess
    assert promoted["found"]

    program.run(folder, "report", "rents", "--out", "rents.html", planted=ROW)
    assert "dev_mae" in (folder / "rents.html").read_text()


def test_a_new_config_measures_the_metric_and_without_the_row_it_is_refused(
    program: Preloaded, folder: Path
) -> None:
    program.run(folder, "new", "rents.csv", "--target", "rent", "--name", "new", planted=ROW)
    assert "metrics: [dev_rmse, dev_mae]" in (folder / "configs" / "new.yaml").read_text()
    said = program.run(folder, "search", "rents.yaml", code=2)
    assert "objective" in said and "dev_mae" in said
