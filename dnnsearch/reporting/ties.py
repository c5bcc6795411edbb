"""Which trials cannot be told from the best one on this dev set."""

import math

import numpy as np

from dnnsearch.evidence.interval import Z
from dnnsearch.leaderboard import Row
from dnnsearch.reporting.material import Material

LEVEL = 0.05  # of each comparison


def ties(material: Material) -> list[int]:
    """The numbers of the finished trials that are tied with the best, which is not among them."""
    rows = material.finished
    return [row.number for row in rows[1:] if tied(material, rows[0], row)]


def tied(material: Material, a: Row, b: Row) -> bool:
    """Whether two trials' values may be equal but for chance.

    Two single networks are compared example by example (McNemar's exact test), others by their
    standard errors; costs without replicates are tied only where they are equal.
    """
    p = paired(material, a.number, b.number)
    if p is not None:
        return p > LEVEL
    error = math.hypot(a.error or 0.0, b.error or 0.0)
    return abs((a.value or 0.0) - (b.value or 0.0)) <= Z * error


def paired(material: Material, a: int, b: int) -> float | None:
    """The p-value that both are right equally often; None where they cannot be paired."""
    if material.dev is None or material.objective != "dev_accuracy":
        return None
    right = [_right(material, number) for number in (a, b)]
    if any(len(one) != 1 for one in right):
        return None
    return mcnemar(right[0][0], right[1][0])


def _right(material: Material, number: int) -> np.ndarray:
    """(R, m): whether each network is right on each example."""
    assert material.dev is not None
    return np.asarray(material.courses[number].predictions == material.dev.labels)


def mcnemar(a: np.ndarray, b: np.ndarray) -> float:
    """Two-sided and exact: of the examples that only one gets right, each has half."""
    from scipy.stats import binom

    only = int((a & ~b).sum()), int((~a & b).sum())
    return float(min(1.0, 2 * binom.cdf(min(only), sum(only), 0.5)))
