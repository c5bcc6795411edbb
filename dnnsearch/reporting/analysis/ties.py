"""Which trials cannot be told from the best one on this dev set."""

import math
from itertools import takewhile

import numpy as np

from dnnsearch.reporting.analysis.report_data import ReportData
from dnnsearch.statistics.interval import LEVEL, NORMAL_QUANTILE_95
from dnnsearch.study.leaderboard.ranking import Row


def ties(material: ReportData) -> list[int]:
    """The numbers of the finished trials that are tied with the best, which is not among them."""
    rows = material.finished
    near = takewhile(lambda row: _is_in_reach(material, rows[0], row), rows[1:])
    return [row.number for row in near if tied(material, rows[0], row)]


def _is_in_reach(material: ReportData, best: Row, row: Row) -> bool:
    """Whether the row, or a worse one, could be tied however the examples fall; for speed alone.

    McNemar's p-value is largest where the row is right on all that the best gets wrong.
    """
    if paired(material, best.number, best.number) is None:
        return True
    right = _right(material, best.number)
    wrong = int((~right).sum())
    behind = round(((best.value or 0.0) - (row.value or 0.0)) * right.size)
    return exact(wrong + behind, wrong) > LEVEL


def tied(material: ReportData, a: Row, b: Row) -> bool:
    """Whether two trials' values may be equal but for chance.

    Two single networks are compared example by example (McNemar's exact test), others by their
    standard errors; costs without replicates are tied only where they are equal.
    """
    p = paired(material, a.number, b.number)
    if p is not None:
        return p > LEVEL
    error = math.hypot(a.error or 0.0, b.error or 0.0)
    return abs((a.value or 0.0) - (b.value or 0.0)) <= NORMAL_QUANTILE_95 * error


def paired(material: ReportData, a: int, b: int) -> float | None:
    """The p-value that both are right equally often; None where they cannot be paired."""
    if material.dev is None or material.objective != "dev_accuracy":
        return None
    right = [_right(material, number) for number in (a, b)]
    if any(len(one) != 1 for one in right):
        return None
    return mcnemar(right[0][0], right[1][0])


def _right(material: ReportData, number: int) -> np.ndarray:
    """(R, m): whether each network is right on each example."""
    assert material.dev is not None
    return np.asarray(material.courses[number].predictions == material.dev.labels)


def mcnemar(a: np.ndarray, b: np.ndarray) -> float:
    """Two-sided and exact: of the examples that only one gets right, each has half."""
    return exact(int((a & ~b).sum()), int((~a & b).sum()))


def exact(only_one: int, only_other: int) -> float:
    """The p-value of so many examples that only one, and only the other, gets right."""
    from scipy.stats import binom

    fewer = min(only_one, only_other)
    return float(min(1.0, 2 * binom.cdf(fewer, only_one + only_other, 0.5)))
