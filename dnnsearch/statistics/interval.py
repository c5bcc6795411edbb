"""95 % intervals of one value."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

NORMAL_QUANTILE_95 = 1.959963984540054  # the normal distribution's 97.5 % quantile
UNDEFINED = "not defined for these examples"
LEVEL = 0.05  # significance level: this share of intervals and comparisons is wrong


@dataclass(frozen=True)
class Interval:
    """An interval from low to high; both ends belong to it."""

    low: float
    high: float

    @property
    def middle(self) -> float:
        """The middle of both ends."""
        return (self.low + self.high) / 2

    def __str__(self) -> str:
        return f"{self.low:.4f} to {self.high:.4f}"

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


def with_error(value: float, error: float, interval: Interval | None) -> str:
    """Return a value with its standard error, such as `0.9833 ± 0.0068`.

    An error of zero says nothing: then the interval follows, if there is one.
    """
    if error == 0:
        return f"{value:.4f}" if interval is None else f"{value:.4f} ({interval})"
    shown = f"{error:.4f}"
    return f"{value:.4f} ± {shown if float(shown) else format(error, '.0e')}"


def better_or_worse(gain: float) -> str:
    """Return a gain in words, such as `0.0148 worse`; more is better."""
    if math.isnan(gain):
        return "not defined"
    return f"{abs(gain):.4f} {'worse' if gain < 0 else 'better'}"


def gain_range(gain: Interval) -> str:
    """Return the interval of a gain in words, such as `0.0204 worse to 0.0011 better`."""
    return f"{better_or_worse(gain.low)} to {better_or_worse(gain.high)}"


def signed_range(difference: Interval) -> str:
    """Return the interval of a difference, such as `-0.0597 to 0`.

    An end is called 0 only if it is zero, not if it is rounded to that.
    """
    return f"{_signed(difference.low)} to {_signed(difference.high)}"


def _signed(end: float) -> str:
    shown = f"{end:+.4f}"
    return shown if float(shown) else f"{end:+.0e}" if end else "0"


def wilson(share: float, examples: float) -> Interval:
    """Return the 95 % interval of a share of examples (Wilson 1927); not empty even at 0 and 1."""
    z = NORMAL_QUANTILE_95
    centre = (share + z * z / (2 * examples)) / (1 + z * z / examples)
    spread = share * (1 - share) / examples + (z / (2 * examples)) ** 2
    half = z * math.sqrt(spread) / (1 + z * z / examples)
    return Interval(max(centre - half, 0.0), min(centre + half, 1.0))


def student(values: Sequence[float]) -> Interval:
    """Return the 95 % interval of the mean of two or more values (Student's t)."""
    mean = statistics.fmean(values)
    error = statistics.stdev(values) / math.sqrt(len(values))
    return t_interval(mean, error, len(values) - 1)


def t_interval(mean: float, error: float, freedom: float) -> Interval:
    """Return the 95 % interval of a mean (Student's t).

    `error` is its standard error, `freedom` the degrees of freedom with which that is known.
    """
    half = t_quantile(LEVEL / 2, freedom) * error
    return Interval(mean - half, mean + half)


def t_quantile(tail: float, freedom: float) -> float:
    """Return what a variable with Student's t distribution exceeds with the probability `tail`."""
    from scipy.special import stdtrit  # scipy.stats would take half a second to import

    return -float(stdtrit(freedom, tail))


def score_text(score: Mapping[str, float]) -> str:
    """Return a score with its 95 % interval, which a single example does not have."""
    value, low, high = (score[name] for name in ("value", "low", "high"))
    if math.isinf(low) or math.isinf(high):
        return f"{number_text(value)} (too few examples for an interval)"
    return f"{value:.4f} (95 %: {low:.4f} to {high:.4f})" if math.isfinite(value) else UNDEFINED


def number_text(value: float) -> str:
    """Return a score with four digits."""
    shown = round(value, 4) + 0.0  # -0.0 becomes 0.0
    return f"{shown:.4f}" if math.isfinite(value) else UNDEFINED
