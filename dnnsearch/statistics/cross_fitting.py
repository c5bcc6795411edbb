"""What a piece gains that is fitted on rows: measured on rows that did not fit it.

The rows are divided into parts. Each part is answered by the piece as it is fitted on the others,
and the answers are compared, row by row, with those without the piece. The interval is that of a
comparison of two networks on the same examples (`difference_to_best`).
"""

from collections.abc import Callable
from typing import TypeVar

import numpy as np

from dnnsearch.statistics.difference_to_best import Comparison
from dnnsearch.statistics.example_scores import contributions
from dnnsearch.statistics.interval import Interval
from dnnsearch.statistics.score_sample import ScoreSample
from dnnsearch.trials.metrics import METRICS

PARTS = 5
Fitted = TypeVar("Fitted")


def random_parts(m: int) -> np.ndarray:
    """Return the part of each of m rows, (m,): random, and the same at every call."""
    return np.random.default_rng((m, PARTS)).permutation(np.arange(m) % PARTS)


def cross_fitted(
    part: np.ndarray,
    fit: Callable[[np.ndarray], Fitted],
    answer: Callable[[Fitted], np.ndarray],
) -> np.ndarray:
    """Return logits (n[L], m), each row's by a piece that was fitted on the other parts.

    `fit` gets a mask of rows (m,), `answer` returns the logits of all rows.
    """
    found = {p: answer(fit(part != p)) for p in np.unique(part)}
    Z = np.empty_like(next(iter(found.values())))
    for p, logits in found.items():
        Z[:, part == p] = logits[:, part == p]
    return Z


def gain(
    metric: str, output: str, new: np.ndarray, old: np.ndarray, y: np.ndarray, scale: float
) -> Interval:
    """Return the 95 % interval of how much better logits `new` are than `old`, both (n[L], m).

    A gain is positive for either direction of the metric; NaN if the metric is not defined.
    """
    row = METRICS[metric]
    found = (contributions(metric, output, Z[np.newaxis], y, scale) for Z in (new, old))
    both = [ScoreSample(values, row.is_share) for values in found]
    return Comparison(both, row.direction.maximize).difference(0, 1)
