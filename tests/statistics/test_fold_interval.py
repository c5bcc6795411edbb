"""The interval of a procedure's score from outer folds."""

import numpy as np
import pytest
from scipy.stats import t

from dnnsearch.statistics.fold_interval import fold_interval, pooled
from dnnsearch.statistics.interval import wilson


def test_it_is_the_formula_of_nadeau_and_bengio() -> None:
    scores = [0.70, 0.74, 0.78, 0.71, 0.75]
    found = fold_interval(scores, [100] * 5, is_share=False)
    half = t.isf(0.025, 4) * np.std(scores, ddof=1) * np.sqrt(1 / 5 + 1 / 4)
    assert (found.low, found.high) == pytest.approx((0.736 - half, 0.736 + half))


def test_a_fold_counts_by_its_rows() -> None:
    assert pooled([1.0, 0.0], [3, 1]) == 0.75


def test_equal_folds_of_a_share_do_not_make_an_interval_without_width() -> None:
    found = fold_interval([1.0] * 5, [20] * 5, is_share=True)
    assert (found.low, found.high) == (wilson(1.0, 100).low, 1.0)
