"""Labels are shifted to where a metric of labels is best."""

import numpy as np
import pytest
from scipy.special import logit

from dnnsearch.statistics.example_scores import score
from dnnsearch.statistics.threshold import fit_shift

RNG = np.random.default_rng(0)
M = 5000


def test_the_threshold_of_honest_probabilities_is_where_theory_has_it() -> None:
    """For balanced accuracy the share of class 1, for F1 half of the best F1 (Lipton 2014)."""
    p = RNG.beta(1, 6, M)
    y = (RNG.random(M) < p).astype(np.int64)
    Z = logit(p)[np.newaxis]
    (shift,) = fit_shift("dev_balanced_accuracy", Z, y)
    assert -shift == pytest.approx(logit(y.mean()), abs=0.3)
    (shift,) = fit_shift("dev_f1", Z, y)
    assert -shift == pytest.approx(logit(score("dev_f1", Z + shift, y) / 2), abs=0.4)
    assert score("dev_f1", Z + shift, y) > score("dev_f1", Z, y) + 0.1


def test_rare_classes_are_preferred_by_how_rare_they_are() -> None:
    """Balanced accuracy is best if each logit is reduced by the log of its class's share."""
    shares = np.array([0.8, 0.15, 0.05])
    y = RNG.choice(3, M, p=shares)
    X = np.eye(3)[:, y] + RNG.normal(0, 0.7, (3, M))
    Z = X / 0.49 + np.log(shares)[:, np.newaxis]  # Bayes' rule for these rows
    shift = np.array(fit_shift("dev_balanced_accuracy", Z, y))
    expected = -np.log(shares) + np.log(shares).mean()
    assert shift == pytest.approx(expected, abs=0.5)


@pytest.mark.parametrize("outputs", [1, 3])
def test_where_nothing_is_better_nothing_is_shifted(outputs: int) -> None:
    Z = RNG.normal(0, 1, (outputs, 60))
    y = (Z[0] > 0).astype(np.int64) if outputs == 1 else Z.argmax(axis=0)
    assert fit_shift("dev_balanced_accuracy", Z, y) == (0.0,) * outputs
