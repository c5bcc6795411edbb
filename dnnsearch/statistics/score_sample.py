"""A figure, and how sure it is: networks that differ in their seeds, measured on the same examples.

The contribution of example i to network r of a configuration is taken apart as

    value[r, i] = expectation + seed[r] + example[i] + rest[r, i]

with random effects (Cornfield and Tukey 1956), as readers and cases are in studies of diagnosis
(Gallas 2006). The figure is the mean over R networks and m examples; its variance is

    var(seed) / R + var(example) / m + var(rest) / (R m)

The spread of the examples' means holds the last two parts, that of the networks' means the first
and the last; the rest is estimated by itself and counted once. Degrees of freedom by Satterthwaite
(1946). It is the uncertainty about new seeds and new examples with the same training set.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dnnsearch.statistics.interval import Interval, t_interval, wilson

MOST_WORTH = 2  # examples that one example is worth, answered by many networks


@dataclass(frozen=True)
class ScoreSample:
    """What some networks of one configuration, or one ensemble, came to on a set."""

    values: np.ndarray  # (R, m): the contributions
    is_share: bool = False  # of hits, each 0 or 1

    @property
    def mean(self) -> float:
        return float(self.values.mean())

    @cached_property
    def by_example(self) -> np.ndarray:
        """(m,): the mean over the networks."""
        return np.asarray(self.values.mean(axis=0))

    @property
    def replicates(self) -> int:
        return int(self.values.shape[0])

    @property
    def examples(self) -> int:
        return int(self.values.shape[1])

    @cached_property
    def among_networks(self) -> float:
        """The variance of the mean by the networks' spread; of one network it is not known."""
        if self.replicates == 1:
            return 0.0
        return float(self.values.mean(axis=1).var(ddof=1)) / self.replicates

    @cached_property
    def seed_variance(self) -> float:
        """The part of the variance that is the seeds'."""
        if self.replicates == 1:
            return 0.0
        rows = self.values.mean(axis=1, keepdims=True)
        rest = self.values - rows - self.by_example + self.mean
        degrees = (self.replicates - 1) * (self.examples - 1)
        of_rest = float(np.square(rest).sum()) / degrees / self.values.size
        return float(max(self.among_networks - of_rest, 0.0))

    @cached_property
    def example_variance(self) -> float:
        """The part that is the examples' and, with it, the rest."""
        return float(self.by_example.var(ddof=1)) / self.examples

    @property
    def error(self) -> float:
        """The standard error of the mean."""
        return float(np.sqrt(self.seed_variance + self.example_variance))

    @property
    def interval(self) -> Interval:
        """Of 95 %: of a share Wilson's, with as many examples as its variance is worth.

        That is p (1 - p) / variance (Korn and Graubard 1998; with Wilson's interval: Dean and
        Pagano 2015). Networks that agree only in part are worth more than m; twice as many at most,
        for where hardly any example is missed the variance comes out too small. What holds then is
        in experiments/honest_intervals.md. Of anything else Student's t.
        """
        if self.is_share:
            binomial, variance = self.mean * (1 - self.mean), self.error**2
            worth = binomial / variance if variance > 0 else self.examples
            most = self.examples * min(self.replicates, MOST_WORTH)
            return wilson(self.mean, min(max(worth, 1.0), most))
        parts = [
            (self.example_variance, self.examples - 1),
            (self.among_networks, self.replicates - 1),
        ]
        return t_interval(self.mean, self.error, degrees_of_freedom(self.error**2, parts))


def degrees_of_freedom(variance: float, parts: list[tuple[float, int]]) -> float:
    """Satterthwaite's degrees of freedom of a sum, of (part, its degrees of freedom).

    Of a sum of parts they are at least those of the least known part. The seeds' part of a variance
    is smaller than the networks' spread that stands for it here, and 0 where it is cut: without
    this bound the formula comes to 0 degrees then, with which nothing can be computed.
    """
    known = [(part, degrees) for part, degrees in parts if part > 0 and degrees > 0]
    spread = sum(part**2 / degrees for part, degrees in known)
    if not spread > 0:
        return np.inf
    return max(variance**2 / spread, min(degrees for _, degrees in known))
