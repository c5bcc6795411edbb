"""Whether a study found anything: its best against what many guesses would reach by luck.

The best of N trials is the luckiest of N. What counts is therefore not whether it beats one guess,
but whether N guesses would have come as far.

- An accuracy: a network that has learnt nothing of the labels is right on a dev example with at
  most the share of the most frequent class. N of them are compared with N binomial draws. Networks
  of one study err alike, which makes their best smaller than that of independent draws, so that the
  bound holds.
- A cost: for the same network, exp(m (entropy - cost)) has an expectation of at most 1 (it is a
  likelihood ratio against the frequencies of the classes), so by Markov's inequality and over N
  trials it passes N / LUCK with a probability of at most LUCK. Nothing is assumed.

Of other objectives, such as balanced accuracy where classes are rare, neither says anything.
"""

import math
from dataclasses import dataclass

import numpy as np

from dnnsearch.reporting.material import Material
from dnnsearch.spec import ALWAYS

LUCK = 0.01  # how rarely luck may be taken for a find


@dataclass(frozen=True)
class Chance:
    """What can be had without learning anything."""

    measure: str  # dev_cost where that is the objective, else dev_accuracy
    best: float  # of all finished trials
    level: float  # by a constant answer
    reach: float  # which the best of all finished trials passes by luck once in a hundred studies
    guesses: int

    @property
    def is_beaten(self) -> bool:
        ahead = self.reach - self.best if self.measure == "dev_cost" else self.best - self.reach
        return ahead > 1e-12


def chance(material: Material) -> Chance | None:
    """None where it cannot be said: no finished trial, no labels, another objective."""
    measure = material.objective
    if measure not in ALWAYS:
        return None
    finals = [row.final.get(measure) for row in material.finished]
    values = [value for value in finals if value is not None]
    if material.dev is None or not values:
        return None
    by, best = (by_cost, min) if measure == "dev_cost" else (by_accuracy, max)
    level, reach = by(material.dev.shares, material.dev.labels.size, len(values))
    return Chance(measure, best(values), level, reach, len(values))


def by_accuracy(shares: np.ndarray, examples: int, guesses: int) -> tuple[float, float]:
    """The level, and the reach of the best of so many binomial draws."""
    from scipy.stats import binom

    level = float(shares.max())
    each = -math.expm1(math.log1p(-LUCK) / guesses)  # 1 - (1 - LUCK)^(1 / guesses)
    return level, float(binom.isf(each, examples, level)) / examples


def by_cost(shares: np.ndarray, examples: int, guesses: int) -> tuple[float, float]:
    """The entropy of the classes in nats, and the cost that luck goes below once in a hundred."""
    frequent = shares[shares > 0]
    entropy = float(-(frequent * np.log(frequent)).sum())
    return entropy, entropy - math.log(guesses / LUCK) / examples
