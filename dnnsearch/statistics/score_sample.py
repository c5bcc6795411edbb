"""A metric and its variance: networks that differ in their seeds, measured on the same examples.

The contribution of example i to the metric of network r is modelled as

    value[r, i] = expectation + seed[r] + example[i] + rest[r, i]

with random effects (Cornfield and Tukey 1956), like readers and cases in diagnostic studies
(Gallas 2006). The metric is the mean over R networks and m examples; its variance is

    var(seed) / R + var(example) / m + var(rest) / (R m)

The variance of the examples' means contains the last two parts, that of the networks' means the
first and the last. The rest is estimated separately and counted once. Degrees of freedom are those
of Satterthwaite (1946). The result is the uncertainty about new seeds and new examples with the
same training set.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dnnsearch.statistics.interval import Interval, t_interval, wilson
from dnnsearch.validators import counted

NO_ERROR = 1e-12  # a standard error below it is one of zero
MAX_WORTH_IN_EXAMPLES = 2  # of one example that many networks answer, see `interval`


@dataclass(frozen=True)
class ScoreSample:
    """Contributions of the examples of a set, for networks of one configuration or an ensemble."""

    values: np.ndarray  # (R, m)
    is_share: bool = False  # of hits, each 0 or 1
    rarest: int | None = None  # examples of the rarest class, for a metric from 0 to 1 of classes
    rows: int | None = None  # of the set, if a value may be that of a group of them

    @property
    def mean(self) -> float:
        """The mean over networks and examples."""
        return float(self.values.mean())

    @cached_property
    def by_example(self) -> np.ndarray:
        """The mean over the networks, (m,)."""
        return np.asarray(self.values.mean(axis=0))

    @property
    def replicates(self) -> int:
        """The number of networks."""
        return int(self.values.shape[0])

    @property
    def examples(self) -> int:
        """The number of examples, or of groups of them that each count as one."""
        return int(self.values.shape[1])

    @property
    def counted(self) -> str:
        """Text such as `360 examples`, or `2000 examples in 1000 groups`."""
        if self.rows in (None, self.examples):
            return counted(self.examples, "example")
        return f"{self.rows} examples in {self.examples} groups"

    @cached_property
    def network_variance(self) -> float:
        """Variance of the mean, from the spread of the networks; 0 for one network: unknown."""
        if self.replicates == 1:
            return 0.0
        return float(self.values.mean(axis=1).var(ddof=1)) / self.replicates

    @cached_property
    def seed_variance(self) -> float:
        """The part of the variance of the mean that is due to the seeds.

        With a single example it cannot be told from the rest: it is the networks' whole spread.
        """
        if self.replicates == 1 or self.examples == 1:
            return self.network_variance
        rows = self.values.mean(axis=1, keepdims=True)
        rest = self.values - rows - self.by_example + self.mean
        degrees = (self.replicates - 1) * (self.examples - 1)
        of_rest = float(np.square(rest).sum()) / degrees / self.values.size
        return float(max(self.network_variance - of_rest, 0.0))

    @cached_property
    def example_variance(self) -> float:
        """The part of the variance of the mean that is due to the examples, with the rest."""
        return variance_of_mean(self.by_example)

    @property
    def error(self) -> float:
        """The standard error of the mean."""
        return float(np.sqrt(self.seed_variance + self.example_variance))

    @property
    def interval(self) -> Interval:
        """The 95 % interval of the mean: for a share Wilson's, for anything else Student's t.

        If no example makes a difference, as for a ROC AUC of 1, the error is zero and says nothing.
        Then a metric of classes has Wilson's interval of as many examples as the rarest class has.

        Wilson's interval is that of the effective number of examples, p (1 - p) / variance (Korn
        and Graubard 1998; with Wilson's interval: Dean and Pagano 2015). If the networks agree only
        in part, this number is larger than m. It is limited to 2 m, because the variance is
        underestimated if hardly any example is missed. experiments/honest_intervals.md shows how
        often the interval is right.
        """
        if self.is_share:
            binomial, variance = self.mean * (1 - self.mean), self.error**2
            effective = binomial / variance if variance > 0 else self.examples
            limit = self.examples * min(self.replicates, MAX_WORTH_IN_EXAMPLES)
            return wilson(self.mean, min(max(effective, 1.0), limit))
        if self.rarest and self.error < NO_ERROR and 0 <= self.mean <= 1:
            return wilson(self.mean, self.rarest)
        parts = [
            (self.example_variance, self.examples - 1),
            (self.network_variance, self.replicates - 1),
        ]
        return t_interval(self.mean, self.error, degrees_of_freedom(self.error**2, parts))


def variance_of_mean(values: np.ndarray) -> float:
    """Return the variance of the mean of values (m,); of a single one infinity: it is unknown."""
    return float(values.var(ddof=1)) / len(values) if len(values) > 1 else np.inf


def degrees_of_freedom(variance: float, parts: list[tuple[float, int]]) -> float:
    """Return Satterthwaite's degrees of freedom (1946) of a variance that is a sum of parts.

    `parts` are pairs of a part and its degrees of freedom. The result is at least the smallest of
    these. The seeds' part of a variance is smaller than the spread of the networks that is given
    for it here, and 0 if it would be negative: without this bound the formula may give 0.
    """
    if np.isinf(variance):
        return np.inf
    known = [(part, degrees) for part, degrees in parts if part > 0 and degrees > 0]
    spread = sum(part**2 / degrees for part, degrees in known)
    if not spread > 0:
        return np.inf
    return max(variance**2 / spread, min(degrees for _, degrees in known))
