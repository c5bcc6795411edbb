"""What is advised about bias and variance: nothing as new that the trial has already."""

from dataclasses import replace

import numpy as np
import pytest

from dnnsearch.reporting.analysis.diagnosis import Diagnosis
from dnnsearch.reporting.analysis.report_data import read
from dnnsearch.reporting.html.tables import diagnoses
from tests.support import rigs


@pytest.mark.parametrize(
    ("params", "advice"),
    [
        ({}, "more data, weight_decay or dropout, a smaller network, or checkpoint: best"),
        (
            {"dropout": 0.1, "weight_decay": 0.0},
            "more data, weight_decay or more dropout, a smaller network, or checkpoint: best",
        ),
        (
            {"dropout": 0.1, "weight_decay": 0.02, "checkpoint": "best"},
            "more data, more weight_decay or more dropout, a smaller network",
        ),
    ],
)
def test_what_a_trial_has_is_not_advised_as_new(params, advice: str) -> None:
    high_variance = Diagnosis(train=0.0, dev=0.2, attainable=0.0, noise=0.05, params=params)
    assert high_variance.name == "high variance"
    assert high_variance.advice == advice


def test_the_differences_that_count_name_the_diagnosis() -> None:
    both = Diagnosis(train=0.2, dev=0.4, attainable=0.05, noise=0.05, params={"dropout": 0.3})
    assert both.name == "high bias and high variance"
    assert both.advice == "a larger network, then more data, weight_decay or more dropout"
    assert Diagnosis(0.1, 0.12, 0.09, 0.05, {}).name == "neither"
    assert Diagnosis(0.3, 0.31, 0.09, 0.05, {}).name == "high bias"


@pytest.mark.parametrize(
    ("kept", "dev_cost", "train_cost", "is_early"),
    [
        (50, 2.0, 0.01, True),
        (1500, 2.0, 0.01, False),  # the best point is late
        (50, 0.34, 0.01, False),  # dev is hardly worse than it was
        (50, 2.0, 0.5, False),  # train is worse, too: the training became unstable
    ],
)
def test_a_trial_that_overfits_after_an_early_best_point_is_told_so(
    kept: int, dev_cost: float, train_cost: float, is_early: bool
) -> None:
    rng = np.random.default_rng(0)
    data = read(rigs.rigged(rigs.clean(rng), rng, 8))
    row = data.board.best
    steps = np.arange(0, 1801, 50)
    curves = data.trial_curves[row.number]
    assert curves.kept == curves.steps[-1]
    low = steps <= kept
    by_name = {
        "dev_cost": np.where(low, 0.33, dev_cost),
        "train_cost": np.where(low, 0.3, train_cost),
    }
    curves = replace(curves, steps=steps, by_name=by_name, kept=kept)
    data = replace(data, trial_curves={row.number: curves})
    page = str(diagnoses(data, [row]))
    assert ("best after 50 of 1800 updates; it overfits after that" in page) is is_early
    advice = "fewer iterations, a lower learning rate, weight_decay or dropout, or more data"
    assert (advice in page) is is_early
