"""Gains are measured on rows that did not fit: what only fits noise gains nothing."""

import numpy as np
import pytest

from dnnsearch.statistics.cross_fitting import PARTS, cross_fitted, gain, random_parts

M = 300
RNG = np.random.default_rng(0)
Y = RNG.integers(0, 2, M)
Z = RNG.normal(0, 1, (1, M))  # nothing to do with the answers


def test_no_row_is_answered_by_a_piece_that_it_fitted() -> None:
    part = random_parts(M)
    assert np.bincount(part).tolist() == [M // PARTS] * PARTS
    asked = []

    def fit(rows: np.ndarray) -> np.ndarray:
        asked.append(rows)
        return rows

    seen = cross_fitted(part, fit, lambda rows: rows[np.newaxis])
    assert len(asked) == PARTS
    assert not seen.any()  # each row's answer is whether its piece had it


def learnt(rows: np.ndarray) -> np.ndarray:
    """Return logits that know the answers of the rows that fitted, and nothing of the others."""
    return np.where(rows, 8.0 * Y - 4.0, Z)


@pytest.mark.parametrize("metric", ["dev_cost", "dev_accuracy", "dev_f1", "dev_roc_auc"])
def test_learning_the_rows_by_heart_gains_nothing(metric: str) -> None:
    new = cross_fitted(random_parts(M), learnt, np.asarray)
    found = gain(metric, "sigmoid", new, Z, Y, 1.0)
    assert not found.low > 0
    by_heart = gain(metric, "sigmoid", learnt(np.ones((1, M), bool)), Z, Y, 1.0)
    assert by_heart.low > 0  # measured on the rows that fitted it, it would seem to gain


def test_a_gain_is_positive_whether_a_metric_is_to_be_large_or_small() -> None:
    better = np.where(Y, 1.0, -1.0)[np.newaxis] + 0.5 * Z
    for metric in ("dev_cost", "dev_accuracy"):
        assert gain(metric, "sigmoid", better, Z, Y, 1.0).low > 0
        assert gain(metric, "sigmoid", Z, better, Y, 1.0).low < 0
