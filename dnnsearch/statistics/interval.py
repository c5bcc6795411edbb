"""Intervals of 95 % for one figure."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

NORMAL_QUANTILE_95 = 1.959963984540054  # the normal distribution's 97.5 % quantile
LEVEL = 0.05  # of every interval and comparison: they are wrong in so many cases


@dataclass(frozen=True)
class Interval:
    """From low to high."""

    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.low:.4f} to {self.high:.4f}"

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


def wilson(share: float, examples: float) -> Interval:
    """Of a share of so many examples (Wilson 1927); never empty, also at 0 and 1."""
    centre = (share + NORMAL_QUANTILE_95 * NORMAL_QUANTILE_95 / (2 * examples)) / (
        1 + NORMAL_QUANTILE_95 * NORMAL_QUANTILE_95 / examples
    )
    spread = share * (1 - share) / examples + (NORMAL_QUANTILE_95 / (2 * examples)) ** 2
    half = (
        NORMAL_QUANTILE_95
        * math.sqrt(spread)
        / (1 + NORMAL_QUANTILE_95 * NORMAL_QUANTILE_95 / examples)
    )
    return Interval(max(centre - half, 0.0), min(centre + half, 1.0))


def student(values: Sequence[float]) -> Interval:
    """Of the mean of several values, from their spread (Student's t)."""
    mean = statistics.fmean(values)
    error = statistics.stdev(values) / math.sqrt(len(values))
    return t_interval(mean, error, len(values) - 1)


def t_interval(mean: float, error: float, freedom: float) -> Interval:
    """Of a mean with this standard error, known with so many degrees of freedom (Student's t)."""
    from scipy.stats import t

    half = float(t.ppf(1 - LEVEL / 2, freedom)) * error
    return Interval(mean - half, mean + half)
