"""Shift the logits by which labels are given, so that a metric of the labels is best.

With one output, class 1 is the label if Z + shift > 0: the shift is a threshold of its probability,
tried at quantiles of Z. With more classes, rarer ones are preferred (Menon et al. 2021): the shift
of a class is -strength * log(its share of the rows), so that only one number is fitted.
"""

import numpy as np

from dnnsearch.statistics.example_scores import score
from dnnsearch.trials.metrics import METRICS

MAX_THRESHOLDS = 200
STRENGTHS = np.arange(-10, 31) / 20


def fit_shift(objective: str, Z: np.ndarray, y: np.ndarray) -> tuple[float, ...]:
    """Return the shift of each output, by which the metric is best; of equals the smallest.

    Z are logits (n[L], m), y the classes (m,).
    """
    shifts = _thresholds(Z) if len(Z) == 1 else _preferences(Z, y)
    shifts = sorted(shifts, key=lambda shift: float(np.abs(shift).max()))
    sign = METRICS[objective].direction.sign
    values = [sign * score(objective, Z + shift[:, np.newaxis], y) for shift in shifts]
    best = np.argmax(np.nan_to_num(values, nan=-np.inf))
    return tuple(shifts[int(best)].tolist())


def _thresholds(Z: np.ndarray) -> list[np.ndarray]:
    """Return shifts (1,): none, and those that put the threshold between two logits."""
    known = np.unique(Z[0])
    between = (known[:-1] + known[1:]) / 2
    if len(between) > MAX_THRESHOLDS:
        between = np.quantile(between, np.linspace(0, 1, MAX_THRESHOLDS))
    return [np.zeros(1), *(-between[:, np.newaxis])]


def _preferences(Z: np.ndarray, y: np.ndarray) -> list[np.ndarray]:
    """Return shifts (classes,) from a preference of frequent classes to one of rare classes."""
    counts = np.bincount(y, minlength=len(Z))
    rarity = -np.log(np.maximum(counts, 0.5) / len(y))
    return [strength * (rarity - rarity.mean()) for strength in STRENGTHS]
