"""The chance level of each metric, against random and constant answers."""

import numpy as np
import pytest

from dnnsearch.statistics.baseline import HOW_GUESSED, chance_score, guess_text
from dnnsearch.statistics.example_scores import score
from dnnsearch.trials.metrics import CLASSES, METRICS

RNG = np.random.default_rng(0)
Y = RNG.choice(3, 3000, p=[0.5, 0.3, 0.2])
Z = RNG.standard_normal((3, 3000))  # answers that have nothing to do with them


def test_an_accuracy_is_that_of_the_most_frequent_class() -> None:
    assert chance_score("dev_accuracy", "softmax", Y, Z, Y, 1.0) == np.mean(Y == 0)


def test_a_cost_is_the_entropy_of_the_classes() -> None:
    shares = np.bincount(Y) / len(Y)
    entropy = -(shares * np.log(shares)).sum()
    assert chance_score("dev_cost", "softmax", Y, Z, Y, 1.0) == pytest.approx(entropy)


def test_a_regression_is_answered_with_the_mean_of_train() -> None:
    y = RNG.standard_normal(500)
    z = np.zeros((1, 500))
    assert chance_score("dev_r2", "identity", y, z, y, 2.0) == pytest.approx(0.0)
    assert chance_score("dev_rmse", "identity", y, z, y, 2.0) == pytest.approx(2 * y.std())


@pytest.mark.parametrize("name", ["dev_balanced_accuracy", "dev_roc_auc", "dev_f1"])
def test_answers_at_random_are_not_better_than_guessing(name: str) -> None:
    level = chance_score(name, "softmax", Y, Z, Y, 1.0)
    assert score(name, Z, Y) == pytest.approx(level, abs=0.03)


def test_the_rarer_of_two_classes_can_be_guessed_for_f1() -> None:
    y = (np.arange(1000) < 300).astype(int)
    z = np.full((1, 1000), -1.0)
    assert chance_score("dev_f1", "sigmoid", y, z, y, 1.0) == pytest.approx(2 * 0.3 / 1.3)


def test_the_text_says_what_is_guessed_by_each_metric() -> None:
    said = guess_text(["dev_accuracy", "dev_f1", "dev_balanced_accuracy"])
    assert "for accuracy and balanced_accuracy it is the most frequent class of train; f" in said
    assert "for f1 it is the class that scores best if every row gets it" in said
    assert (
        guess_text(["dev_r2", "dev_cost"]) == "Guessing answers every row with the mean of train."
    )
    assert "shares of the classes in train, as probabilities, or" in guess_text(["dev_cost"])
    assert {n for n, one in METRICS.items() if set(one.outputs) & {*CLASSES}} == {*HOW_GUESSED}
