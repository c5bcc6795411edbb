"""What is said of a study with folds, and of one whose target is a number."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dnnsearch.evidence.interval import wilson
from dnnsearch.leaderboard import binomial_error, leaderboard
from dnnsearch.reporting.material import read
from dnnsearch.reporting.sections import curves
from dnnsearch.study.reading import OpenStudy, open_study
from tests.preloaded import Preloaded

CONFIG = """
trials: 2
parallelism: 2
folds: 3
learning_rate: [0.02, 0.05]
iterations: 8
hidden_layers: 0
units: 1
activation: relu
momentum: 0.9
batch_size: 32
tracking: none
"""


def searched(program: Preloaded, folder: Path, data: str) -> OpenStudy:
    Path("f.yaml").write_text(CONFIG + data)
    program.run(folder, "search", "f.yaml")
    return open_study("f", "sqlite:///optuna.db")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DNNSEARCH_CACHE", str(tmp_path / "cache"))
    return tmp_path


def test_an_accuracy_over_folds_is_as_sure_as_all_their_examples_make_it(
    program: Preloaded, folder: Path
) -> None:
    study = searched(program, folder, "data: wine\n")
    best, predictions = leaderboard(study).best, study.record(0).arrays["dev_predictions"]
    assert predictions.shape[0] == 3
    assert best.value is not None
    assert best.error == binomial_error(best.value, predictions.size)
    assert read(study).interval(best) == wilson(best.value, predictions.size)


def test_where_there_are_no_accuracies_none_are_drawn(program: Preloaded, folder: Path) -> None:
    x = np.random.default_rng(0).standard_normal((90, 2))
    pd.DataFrame({"x": x[:, 0], "y": x.sum(axis=1)}).to_csv("t.csv", index=False)
    study = searched(program, folder, "data: {file: t.csv, target: y}\nobjective: dev_r2\n")
    material = read(study)
    section = str(curves(material))
    assert "cost of the best 2 trials" in section
    assert "accuracy" not in section
    assert "Bias is counted" not in section
    interval = material.interval(leaderboard(study).best)
    assert interval is not None
    assert interval.high <= 1
