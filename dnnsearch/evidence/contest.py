"""Configurations that were measured on the same examples: how far apart, and who may be the best?

Seeds are independent between two configurations and examples are shared, so that a difference has
the variance (see `measured`)

    var(difference of the examples' means) / m + var(seed of one) / R + var(seed of the other) / R

Of two shares, one example more on either side is counted, because two that differ nowhere are not
known to be equal (Agresti and Min 2005).

Several are compared with the best of the others (Hsu 1984 and 1996, "multiple comparisons with the
best"). The bound of a candidate is what, were all equal, the best of the others would be ahead of
it by in 1 of 20 cases: the 95 % quantile of the largest of correlated t (Dunnett 1955), from the
correlations that the data have (Hothorn, Bretz and Westfall 2008). Then, all at once with 95 %,

- the best is among those that no other is ahead of by more than their bound: these are tied;
- each one's distance from the best of the others lies in its interval, which ends at 0 where one
  is called better or worse than all the others.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np

from dnnsearch.evidence.interval import LEVEL, Interval
from dnnsearch.evidence.measured import Measured, freedom

DRAWS = 20_000  # for quantiles of the largest of several, from a seed of their own: a constant


@dataclass(frozen=True)
class Contest:
    """K candidates."""

    candidates: Sequence[Measured]
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
        """Who may be the best; the leader is always among them."""
        return [k for k in range(len(self.candidates)) if self._ceiling(k) > 0]

    def from_best(self, k: int) -> Interval:
        """Of k's expectation less that of the best of the others; 0 to 0 where there are none."""
        rivals = [j for j in self.tied if j != k]
        floor = min((self._ahead(k, j) - self._bound(j, k) for j in rivals), default=0.0)
        return Interval(min(floor, 0.0), max(self._ceiling(k), 0.0))

    def difference(self, a: int, b: int) -> Interval:
        """Of a's expectation less b's, two-sided; all pairs of the contest hold at once."""
        ahead, half = self._ahead(a, b), self._quantile(self._tail_of_pairs, a, b)
        return Interval(ahead - half, ahead + half)

    def _ahead(self, a: int, b: int) -> float:
        return float(self.means[a] - self.means[b])

    def _ceiling(self, k: int) -> float:
        """The most that k may be better than the best of the others."""
        others = (j for j in range(len(self.candidates)) if j != k)
        return min((self._ahead(k, j) + self._bound(k, j) for j in others), default=np.inf)

    def _bound(self, k: int, j: int) -> float:
        return self._quantile(self._tails[k], k, j)

    def _quantile(self, tail: float, a: int, b: int) -> float:
        """What the difference of a and b passes by chance with the probability `tail`."""
        from scipy.stats import t

        variance, degrees = self._spread(a, b)
        return float(t.isf(tail, degrees)) * float(np.sqrt(variance))

    def _spread(self, a: int, b: int) -> tuple[float, float]:
        """The variance of the difference of a and b, and its degrees of freedom."""
        one, other = self.candidates[a], self.candidates[b]
        examples = _paired(one, other)
        parts = [(examples, one.examples - 1)]
        parts += [(x.among_networks, x.replicates - 1) for x in (one, other)]
        variance = examples + one.by_seeds + other.by_seeds
        return variance, freedom(variance, parts)

    @cached_property
    def _tails(self) -> list[float]:
        """For each k, one comparison's share of the 5 %: how often one t may pass its bound."""
        everyone = range(len(self.candidates))
        return [self._tail((k, j) for j in everyone if j != k) for k in everyone]

    @cached_property
    def _tail_of_pairs(self) -> float:
        pairs = list(combinations(range(len(self.candidates)), 2))
        return self._tail([*pairs, *((b, a) for a, b in pairs)])

    def _tail(self, pairs: Iterable[tuple[int, int]]) -> float:
        """The probability with which each of these differences passes a bound if one does in 20."""
        from scipy.stats import norm

        largest = np.full(DRAWS, -np.inf)
        for a, b in pairs:
            difference = self._luck[:, b] - self._luck[:, a]
            np.maximum(largest, difference / difference.std(), out=largest)
        return float(norm.sf(np.quantile(largest, 1 - LEVEL)))

    @cached_property
    def _luck(self) -> np.ndarray:
        """(DRAWS, K): how the figures vary together."""
        one = self.candidates[0]
        means = np.stack([each.by_example for each in self.candidates])
        covariance = np.atleast_2d(np.cov(means)) / one.examples
        unseen = 0.5 / (one.examples + 2) ** 2 if one.is_share else 1e-30
        covariance = covariance + np.diag([each.by_seeds + unseen for each in self.candidates])
        values, vectors = np.linalg.eigh(covariance)
        normal = np.random.default_rng(0).standard_normal((DRAWS, len(values)))
        return np.asarray(normal * np.sqrt(np.maximum(values, 0.0)) @ vectors.T)


def _paired(one: Measured, other: Measured) -> float:
    """The examples' part of the variance of a difference."""
    differences, m = one.by_example - other.by_example, one.examples
    if not one.is_share:
        return float(differences.var(ddof=1)) / m
    square, mean = ((differences**2).sum() + 1) / (m + 2), differences.sum() / (m + 2)
    return float(square - mean**2) / (m + 2)
