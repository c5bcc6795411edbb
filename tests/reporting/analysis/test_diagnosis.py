"""What is advised about bias and variance: nothing as new that the trial has already."""

import pytest

from dnnsearch.reporting.analysis.diagnosis import Diagnosis


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
