"""Configurations that were measured on the same examples: how far apart, and who may be the best?

Seeds are independent between two configurations and examples are shared, so that a difference has
the variance (see `measured`)

    var(difference of the examples' means) / m + var(seed of one) / R + var(seed of the other) / R

Of two shares, one example more on either side is counted, because two that differ nowhere are not
known to be equal (Agresti and Min 2005).

They are compared two by two, each pair by itself. Each one stands beside the leader, who has the
best figure: where the leader is ahead by more than would be luck in 1 of 20 cases (Student's t,
one-sided), it is called worse; else the two are tied. That the leader was not chosen beforehand is
not accounted for: experiments/honest_intervals.md shows what holds then, how often a gap is found,
and how often one of five equal ones is called worse.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dnnsearch.statistics.interval import LEVEL, Interval
from dnnsearch.statistics.score_sample import ScoreSample, degrees_of_freedom


@dataclass(frozen=True)
class Comparison:
    """K candidates."""

    candidates: Sequence[ScoreSample]
    maximize: bool

    @cached_property
    def means(self) -> np.ndarray:
        """(K,), with the sign that makes larger ones better."""
        sign = 1 if self.maximize else -1
        return sign * np.array([one.mean for one in self.candidates])

    @property
    def leader(self) -> int:
        """Who has the best figure."""
        return int(self.means.argmax())

    @cached_property
    def tied(self) -> list[int]:
        """Who may be as good as the leader; the leader is always among them."""
        return [k for k in range(len(self.candidates)) if not self._is_worse(k)]

    def _is_worse(self, k: int) -> bool:
        """Whether the leader is ahead of k by more than chance; what is not known is not worse."""
        best = self.leader
        return k != best and self._ahead(k, best) + self._bound(LEVEL, k, best) < 0

    def difference_to_best(self, k: int) -> Interval:
        """Of k's expectation less the leader's, with about 95 %.

        Zero is never outside of it (Hsu 1984): it ends there where k is called worse.
        """
        ahead, bound = self._ahead(k, self.leader), self._bound(LEVEL, k, self.leader)
        return Interval(min(ahead - bound, 0.0), max(ahead + bound, 0.0))

    def difference(self, a: int, b: int) -> Interval:
        """Of a's expectation less b's, two-sided, with 95 %."""
        ahead, half = self._ahead(a, b), self._bound(LEVEL / 2, a, b)
        return Interval(ahead - half, ahead + half)

    def _ahead(self, a: int, b: int) -> float:
        return float(self.means[a] - self.means[b])

    def _bound(self, tail: float, a: int, b: int) -> float:
        """What the difference of a and b passes by chance with the probability `tail`."""
        from scipy.stats import t

        one, other = self.candidates[a], self.candidates[b]
        examples = _paired(one, other)
        variance = examples + one.seed_variance + other.seed_variance
        parts = [(examples, one.examples - 1)]
        parts += [(x.among_networks, x.replicates - 1) for x in (one, other)]
        return float(t.isf(tail, degrees_of_freedom(variance, parts))) * float(np.sqrt(variance))


def _paired(one: ScoreSample, other: ScoreSample) -> float:
    """The examples' part of the variance of a difference."""
    differences, m = one.by_example - other.by_example, one.examples
    if not one.is_share:
        return float(differences.var(ddof=1)) / m
    square, mean = ((differences**2).sum() + 1) / (m + 2), differences.sum() / (m + 2)
    return float(square - mean**2) / (m + 2)
