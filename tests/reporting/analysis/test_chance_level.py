"""What luck reaches, against networks that answer at random, in every objective that is judged."""

import numpy as np
import pytest

from dnnsearch.reporting.analysis.chance_level import LUCK, OF_LABELS, OF_VALUES
from dnnsearch.trials.metrics import METRICS, measure, on_request

STUDIES, GUESSES, M = 60, 20, 150


def answers(rng: np.random.Generator, classes: int) -> np.ndarray:
    """(m,): targets, or with some classes labels of which one is rare."""
    if not classes:
        return rng.normal(size=M)
    shares = np.array([1.0, *[4.0] * (classes - 1)])
    return rng.choice(classes, M, p=shares / shares.sum())


def luckiest(name: str, y: np.ndarray, rng: np.random.Generator, outputs: int) -> float:
    """The best of so many answers that have nothing to do with y, bold ones and timid ones."""
    bold = rng.choice([0.02, 0.1, 1.0], (GUESSES, 1, 1))
    found = measure(name, bold * rng.normal(size=(GUESSES, outputs, M)), y)
    return METRICS[name].direction.best(found)


CASES = [
    ("dev_balanced_accuracy", 2, 1),
    ("dev_balanced_accuracy", 4, 4),
    ("dev_roc_auc", 2, 1),
    ("dev_roc_auc", 4, 4),
    ("dev_r2", 0, 1),
    ("dev_rmse", 0, 1),
]


@pytest.mark.parametrize(("name", "classes", "outputs"), CASES)
def test_guesses_reach_so_far_hardly_ever(name: str, classes: int, outputs: int) -> None:
    rng, sign = np.random.default_rng(3), METRICS[name].direction.sign
    beyond = 0
    for _ in range(STUDIES):
        y = answers(rng, classes)
        level, reach = {**OF_LABELS, **OF_VALUES}[name](np.atleast_2d(y), GUESSES)
        assert sign * reach > sign * level
        beyond += sign * luckiest(name, y, rng, outputs) > sign * reach
    assert beyond <= 4 * LUCK * STUDIES


@pytest.mark.parametrize(("name", "classes", "outputs"), CASES)
def test_who_has_learnt_a_little_is_beyond_luck(name: str, classes: int, outputs: int) -> None:
    rng, sign = np.random.default_rng(4), METRICS[name].direction.sign
    y = answers(rng, classes)
    Z = np.stack([y == c for c in range(outputs)]) * 2.0 if outputs > 1 else 2.0 * y[np.newaxis]
    Z = Z - 1 if classes == 2 else Z * 0.5 if not classes else Z
    found = measure(name, Z[np.newaxis] + 0.6 * rng.normal(size=(1, outputs, M)), y)[0]
    _, reach = {**OF_LABELS, **OF_VALUES}[name](np.atleast_2d(y), GUESSES)
    assert sign * found > sign * reach


def test_a_chance_level_is_that_of_a_metric_of_its_task() -> None:
    assert {*OF_LABELS} <= {"dev_accuracy", "dev_cost", *on_request("softmax")}
    assert {*OF_VALUES} <= {*on_request("identity")}


def test_a_constant_answer_has_the_level() -> None:
    rng = np.random.default_rng(5)
    y = rng.normal(3.0, 2.0, (1, 80))
    mean = np.full((1, 1, 80), y.mean())
    assert OF_VALUES["dev_rmse"](y, 9)[0] == pytest.approx(measure("dev_rmse", mean, y)[0])
    assert OF_VALUES["dev_r2"](y, 9)[0] == pytest.approx(measure("dev_r2", mean, y)[0])
    labels, never = rng.integers(0, 2, (1, 80)), np.full((1, 1, 80), -1.0)
    level, _ = OF_LABELS["dev_balanced_accuracy"](labels, 9)
    assert level == measure("dev_balanced_accuracy", never, labels)[0] == 0.5
