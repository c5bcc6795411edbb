"""Intervals and sets of labels for single rows."""

import json
from dataclasses import replace

import numpy as np
import pytest

from dnnsearch.models.conformal import MAX_SCORES, Conformal, checked_level, of_labels, of_residuals
from dnnsearch.models.ensemble import Model
from dnnsearch.models.interval_answers import answers, columns_at
from dnnsearch.models.model_file import decode, encode
from tests.support.models import flowers, people, prices

SCORES = np.linspace(0.0, 0.9, 19)


def with_scores(model: Model, noise: float = 0.0) -> Model:
    return replace(model, conformal=Conformal(SCORES, noise))


def test_the_limit_is_the_order_statistic_of_split_conformal_prediction() -> None:
    scores = Conformal(np.arange(1.0, 20.0))
    assert scores.limit(0.9) == 18.0  # ceil(20 * 0.9)
    assert scores.limit(0.91) == 19.0
    assert scores.limit(0.05) == 1.0
    with pytest.raises(ValueError, match="of 0.99 needs the scores of 99 rows, but the model has"):
        scores.limit(0.99)


def test_intervals_hold_what_they_promise_where_the_noise_differs() -> None:
    rng, held = np.random.default_rng(0), []
    for _ in range(200):
        spread = rng.uniform(0.5, 3.0, 61)
        residuals = spread * rng.standard_normal(61)
        found = of_residuals(residuals[:60], spread[:60])
        held.append(abs(residuals[60]) <= found.half_widths(spread[60:], 0.9)[0])
    assert 0.84 < np.mean(held) < 0.96


def test_sets_of_labels_hold_what_they_promise() -> None:
    rng, held = np.random.default_rng(0), []
    for _ in range(200):
        chances = rng.dirichlet([0.5] * 4, 61)
        y = np.array([rng.choice(4, p=row) for row in chances])
        sets = of_labels(chances[:60], y[:60]).sets(chances[60:], chances[60:].argmax(1), 0.9)
        held.append(sets[0, y[60]])
    assert 0.84 < np.mean(held) < 0.97


def test_the_answer_is_in_its_set_and_many_scores_are_sampled() -> None:
    chances = np.array([[0.4, 0.35, 0.25]])
    assert Conformal(np.zeros(20)).sets(chances, np.array([0]), 0.9).tolist() == [[1, 0, 0]]
    many = of_residuals(np.arange(3.0 * MAX_SCORES), np.zeros(3 * MAX_SCORES))
    assert len(many.scores) == MAX_SCORES
    assert (np.diff(many.scores) >= 0).all()


def test_residuals_without_any_error_are_no_division_by_zero() -> None:
    found = of_residuals(np.zeros(20), np.zeros(20))
    assert found.half_widths(np.zeros(2), 0.9).tolist() == [0.0, 0.0]


def test_a_model_answers_with_intervals_and_its_file_has_them() -> None:
    model = with_scores(prices(), noise=2.0)
    again = decode(encode(model), "a file")
    rows = people(300)
    plain, found = model.answers(rows), answers(again, rows, None, None, 0.9)
    assert [*found] == ["prediction", "prediction_low", "prediction_high"] == columns_at(again, 0.9)
    assert np.array_equal(plain["prediction"], found["prediction"])
    width = found["prediction_high"] - found["prediction_low"]
    assert (width >= 2 * 2.0 * model.conformal.limit(0.9) - 1e-9).all()
    assert len(np.unique(width)) > 100
    one = answers(again, rows.iloc[[7]], None, None, 0.9)
    assert [one[name][0] for name in found] == [found[name][7] for name in found]


def test_a_classifier_answers_with_sets_of_its_labels() -> None:
    model = with_scores(flowers())
    X = np.random.default_rng(0).normal(2.0, 1.0, (50, 3))
    found = answers(decode(encode(model), "a file"), X, None, None, 0.9)
    sets = [json.loads(text) for text in found["prediction_set"]]
    assert all(label in labels for label, labels in zip(found["prediction"], sets))
    assert {len(labels) for labels in sets} == {2, 3}


def test_a_model_of_before_has_no_intervals_and_its_file_is_as_it_was() -> None:
    assert encode(flowers()).startswith(b"dnnsearch model, format 1, ")
    assert encode(with_scores(flowers())).startswith(b"dnnsearch model, format 3, ")
    with pytest.raises(ValueError, match="has no intervals"):
        answers(flowers(), np.zeros((1, 3)), None, None, 0.9)


@pytest.mark.parametrize("value", [0, 1, -1, "many", None, 90])
def test_a_level_is_a_share(value: object) -> None:
    with pytest.raises(ValueError, match="must be above 0 and below 1"):
        checked_level(value)
    assert checked_level("0.9") == 0.9
