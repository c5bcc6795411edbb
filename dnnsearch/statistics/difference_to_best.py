"""Compare configurations that were measured on the same examples: which of them may be the best?

Two configurations have independent seeds and the same examples, so that the variance of their
difference is (see `score_sample`)

    var(difference of the examples' means) / m + var(seed of one) / R + var(seed of the other) / R

If the candidates are `paired`, network r of each has the same seed; the last two parts are then the
variance of the networks' differences, which is smaller if luck is common to both.

For two shares, one more example is counted on either side, because two that never differ on m
examples are not known to be equal (Agresti and Min 2005).

Each candidate is compared with the leader, the one that has the best value. It is called worse if
the leader is ahead by more than chance would cause in 1 of 20 cases (Student's t, one-sided); else
the two are tied. The comparison does not account for the fact that the leader was chosen by the
same values: experiments/honest_intervals.md shows how often a real gap is found then, and how often
one of five equal candidates is called worse.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dnnsearch.statistics.interval import LEVEL, Interval, t_quantile
from dnnsearch.statistics.score_sample import (
    ScoreSample,
    degrees_of_freedom,
    variance_of_mean,
)
from dnnsearch.trials.metrics import Direction


@dataclass(frozen=True)
class Comparison:
    """K candidates, each measured on the same examples."""

    candidates: Sequence[ScoreSample]
    maximize: bool
    paired: bool = False  # network r of each candidate has the same seed

    @cached_property
    def means(self) -> np.ndarray:
        """The means (K,), with the sign that makes larger ones better."""
        return Direction(self.maximize).sign * np.array([one.mean for one in self.candidates])

    @property
    def leader(self) -> int:
        """Index of the candidate with the best mean."""
        return int(self.means.argmax())

    @cached_property
    def tied(self) -> list[int]:
        """Indices of the candidates that may be as good as the leader, and of the leader."""
        return [k for k in range(len(self.candidates)) if not self._is_worse(k)]

    def _is_worse(self, k: int) -> bool:
        """Return whether the leader is ahead of k by more than chance; NaN is not worse."""
        best = self.leader
        return k != best and self._gap(k, best) + self._margin(LEVEL, k, best) < 0

    def difference_to_best(self, k: int) -> Interval:
        """Return the interval, of about 95 %, of k's expectation minus the leader's.

        It always includes zero (Hsu 1984), and ends there if k is called worse.
        """
        gap, margin = self._gap(k, self.leader), self._margin(LEVEL, k, self.leader)
        return Interval(min(gap - margin, 0.0), max(gap + margin, 0.0))

    def difference(self, a: int, b: int) -> Interval:
        """Return the two-sided 95 % interval of a's expectation minus b's."""
        gap, margin = self._gap(a, b), self._margin(LEVEL / 2, a, b)
        return Interval(gap - margin, gap + margin)

    def _gap(self, a: int, b: int) -> float:
        return float(self.means[a] - self.means[b])

    def _margin(self, tail: float, a: int, b: int) -> float:
        """Return what the difference of a and b exceeds by chance with the probability `tail`."""
        one, other = self.candidates[a], self.candidates[b]
        examples = _example_variance(one, other)
        seeds = [ScoreSample(one.values - other.values)] if self.paired else [one, other]
        variance = sum((x.seed_variance for x in seeds), start=examples)
        parts = [(examples, one.examples - 1)]
        parts += [(x.network_variance, x.replicates - 1) for x in seeds]
        return t_quantile(tail, degrees_of_freedom(variance, parts)) * float(np.sqrt(variance))


def _example_variance(one: ScoreSample, other: ScoreSample) -> float:
    """Return the part of the variance of a difference that is due to the examples."""
    differences, m = one.by_example - other.by_example, one.examples
    if not one.is_share:
        return variance_of_mean(differences)
    square, mean = ((differences**2).sum() + 1) / (m + 2), differences.sum() / (m + 2)
    return float(square - mean**2) / (m + 2)
