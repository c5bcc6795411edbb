"""What `promote` says of a test set, made of made-up scores."""

from typing import Any

import numpy as np
import pytest

from dnnsearch.promotion.candidates import Candidate
from dnnsearch.promotion.confirmation import Confirmed
from dnnsearch.promotion.promotion import Promotion
from dnnsearch.promotion.promotion_text import _checkpoint
from dnnsearch.promotion.registration import Registered
from dnnsearch.promotion.test_set_text import lines_on_test
from dnnsearch.statistics.score_sample import ScoreSample
from dnnsearch.study.test_set_history import History
from dnnsearch.trials.hyperparameters import Hyperparameters

NAN = float("nan")
CANDIDATE = Candidate(3, 0.5, Hyperparameters(0.1, 1087, (8,), "relu", 0.9, 32), 1, stop=300)


def figure(value: float, guess: float = 0.6) -> dict[str, float]:
    return {"value": value, "low": value - 0.01, "high": value + 0.01, "guess": guess}


def promotion(objective: str, **changes: Any) -> Promotion:
    """A promotion that has 0.5 in the search, and on the test set what `scores` says."""
    confirmed = Confirmed(
        [CANDIDATE], [ScoreSample(np.full((2, 9), 0.5))], [], maximize=objective != "dev_cost"
    )
    known: dict[str, Any] = {
        "study": "s",
        "objective": objective,
        "folds": None,
        "confirmed": confirmed,
        "winner": CANDIDATE,
        "diverged": [],
        "replicates": 4,
        "scores": scores(0.5),
        "metrics": {},
        "single_metrics": {},
        "baselines": {},
        "known": 0,
        "evaluations": [],
        "model": "",
        "history": History("s", "", [], None, []),
        "corrections": [],
        "found_by": [objective],
        "registered": Registered("", "", True, ""),
    }
    return Promotion(**{**known, **changes})


def scores(value: float) -> dict[str, Any]:
    return {"ensemble": figure(value), "single": figure(value), "guess": 0.6, "examples": 9}


@pytest.mark.parametrize(
    ("objective", "on_test", "said"),
    [
        ("dev_cost", 0.5015, "0.0015 worse than in the search; dev scores are optimistic, because"),
        ("dev_cost", 0.4985, "0.0015 better than in the search; dev scores are optimistic all the"),
        ("dev_accuracy", 0.4985, "0.0015 worse than in the search; dev scores are optimistic, bec"),
        ("dev_accuracy", 0.5015, "0.0015 better than in the search; dev scores are optimistic all"),
    ],
)
def test_the_way_from_dev_to_test_is_said_in_words_whatever_the_direction(
    objective: str, on_test: float, said: str
) -> None:
    lines = lines_on_test(promotion(objective, scores=scores(on_test)))
    (line,) = (line for line in lines if line.startswith("one network from dev to test: "))
    assert f"{on_test:.4f} on test, {said}" in line


def test_a_metric_without_a_row_of_each_class_says_which_and_names_no_guess() -> None:
    found = promotion(
        "dev_cost",
        metrics={"dev_cost": figure(0.5), "dev_roc_auc": figure(NAN, 0.5)},
        single_metrics={"dev_cost": figure(0.5), "dev_roc_auc": figure(NAN)},
        absent=["3", "9"],
    )
    (line,) = (line for line in lines_on_test(found) if "test_roc_auc" in line)
    assert line == (
        "  test_roc_auc: not defined for these examples: none of them is of classes 3, 9"
    )


def test_an_objective_that_is_not_defined_on_test_is_compared_with_no_guess() -> None:
    found = promotion(
        "dev_roc_auc",
        scores=scores(NAN),
        metrics={"dev_roc_auc": figure(NAN, 0.5)},
        baselines={"trees": {"dev_roc_auc": figure(NAN)}},
        absent=["yes"],
        found_by=[],
    )
    said = lines_on_test(found)
    assert said[2] == "  not defined for these examples: none of them is of class yes"
    assert not any(
        "0.5000" in line.replace("0.5000 in the search, 0.5000 con", "") for line in said
    )
    assert "0.5000 confirmed, not defined on test; dev scores" in said[3]
    assert "confirms: test_roc_auc (not defined) is not clearly better than guessing" in said[4]


def test_the_metrics_in_which_a_baseline_is_clearly_better_are_one_note() -> None:
    ensemble = {"dev_cost": 0.5, "dev_accuracy": 0.9, "dev_balanced_accuracy": 0.7, "dev_f1": 0.7}
    trees = {"dev_cost": 0.7, "dev_accuracy": 0.8, "dev_balanced_accuracy": 0.8, "dev_f1": 0.71}
    linear = {**trees, "dev_cost": 0.505, "dev_f1": 0.75}
    every = [{n: figure(v) for n, v in one.items()} for one in (ensemble, linear, trees)]
    found = promotion(
        "dev_cost",
        metrics=every[0],
        single_metrics=every[0],
        baselines={"linear": every[1], "trees": every[2]},
    )
    notes = [line for line in lines_on_test(found) if line.startswith("  note: ")]
    assert len(notes) == 1
    assert notes[0] == (
        "  note: a linear model and boosted trees are better than the ensemble by metrics that the "
        "search did not optimise: test_balanced_accuracy (linear model 0.8000, boosted trees "
        "0.8000, the ensemble 0.7000), test_f1 (linear model 0.7500, the ensemble 0.7000); their "
        "95 % intervals do not overlap"
    )


def test_a_refit_that_stops_early_says_of_how_many_updates() -> None:
    (line,) = _checkpoint(CANDIDATE)
    assert line.endswith("stops after the mean of those points, 300 of 1087 updates")
