"""Whether a study found anything: its best against what many guesses would reach by luck.

The best of N trials is the luckiest of N. What counts is therefore not whether it beats one guess,
but whether N guesses would have come as far. What a guess can reach, with a constant answer and
with luck, depends on the objective:

- An accuracy: a network that has learnt nothing of the labels is right on a dev example with at
  most the share of the most frequent class. N of them are compared with N binomial draws. Networks
  of one study err alike, which makes their best smaller than that of independent draws, so that the
  bound holds.
- A cost: for the same network, exp(m (entropy - cost)) has an expectation of at most 1 (it is a
  likelihood ratio against the frequencies of the classes), so by Markov's inequality and over N
  trials it passes N / LUCK with a probability of at most LUCK. Nothing is assumed.
- A balanced accuracy: 1 / K, and the sum of independent hits is bounded as Hoeffding (1963) has it.
- An area under the curve: 1 / 2, with the variance of Mann and Whitney's statistic.
- R2 and RMSE: answers that correlate with the target by r explain at most r * r of its variance; a
  correlation by luck is distributed as Student (1908) has it.

Of F1, and of any metric that is not in the two tables below, nothing is said.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dnnsearch.reporting.analysis.report_data import ReportData
from dnnsearch.trials.metrics import METRICS

LUCK = 0.01  # how rarely luck may be taken for a find


@dataclass(frozen=True)
class Chance:
    """What can be had without learning anything."""

    measure: str  # the objective
    best: float  # of all finished trials
    level: float  # by a constant answer
    reach: float  # which the best of all finished trials passes by luck once in a hundred studies
    guesses: int

    @property
    def is_beaten(self) -> bool:
        return METRICS[self.measure].direction.sign * (self.best - self.reach) > 1e-12


def chance(material: ReportData) -> Chance | None:
    """None where it cannot be said: no finished trial, no answers of dev, another objective."""
    measure = material.objective
    finals = [row.final.get(measure) for row in material.finished]
    values = [value for value in finals if value is not None]
    answers = material.targets if material.dev is None else material.dev.labels
    by = (OF_VALUES if material.dev is None else OF_LABELS).get(measure)
    if by is None or answers is None or not values:
        return None
    level, reach = by(np.atleast_2d(answers), len(values))
    best = METRICS[measure].direction.best(values)
    return Chance(measure, best, level, reach, len(values))


def by_accuracy(labels: np.ndarray, guesses: int) -> tuple[float, float]:
    """The level, and the reach of the best of so many binomial draws; labels (K folds, m)."""
    from scipy.stats import binom

    level = float(_shares(labels).max())
    return level, float(binom.isf(_each(guesses), labels.size, level)) / labels.size


def by_cost(labels: np.ndarray, guesses: int) -> tuple[float, float]:
    """The entropy of the classes in nats, and the cost that luck goes below once in a hundred."""
    shares = _shares(labels)
    frequent = shares[shares > 0]
    entropy = float(-(frequent * np.log(frequent)).sum())
    return entropy, entropy - math.log(guesses / LUCK) / labels.size


def by_balanced_accuracy(labels: np.ndarray, guesses: int) -> tuple[float, float]:
    """A hit on a class with n of the m examples of a fold counts 1 / (K n)."""
    counts = [np.unique(fold, return_counts=True)[1] for fold in labels]
    level = float(np.mean([1 / len(fold) for fold in counts]))
    squares = sum(float((1.0 / (len(fold) ** 2 * fold)).sum()) for fold in counts)
    spread = math.sqrt(math.log(guesses / LUCK) * squares / 2) / len(labels)
    return level, min(level + spread, 1.0)


def by_roc_auc(labels: np.ndarray, guesses: int) -> tuple[float, float]:
    """The mean over classes and folds spreads no more than they do in the mean."""
    from scipy.stats import norm

    counts = np.concatenate([np.unique(fold, return_counts=True)[1] for fold in labels])
    m = labels.shape[1]
    error = float(np.sqrt((m + 1) / (12.0 * counts * (m - counts))).mean())
    return 0.5, min(0.5 + float(norm.isf(_each(guesses))) * error, 1.0)


def by_r2(targets: np.ndarray, guesses: int) -> tuple[float, float]:
    """Targets (K folds, m); the mean over the folds reaches no further than one of them."""
    return 0.0, _correlation(targets.shape[1], guesses) ** 2


def by_rmse(targets: np.ndarray, guesses: int) -> tuple[float, float]:
    """In the target's unit: its deviation is what the best constant answer has."""
    level = float(targets.std(axis=1).mean())
    return level, level * math.sqrt(1 - _correlation(targets.shape[1], guesses) ** 2)


By = Callable[[np.ndarray, int], tuple[float, float]]
OF_LABELS: dict[str, By] = {
    "dev_accuracy": by_accuracy,
    "dev_cost": by_cost,
    "dev_balanced_accuracy": by_balanced_accuracy,
    "dev_roc_auc": by_roc_auc,
}
OF_VALUES: dict[str, By] = {"dev_r2": by_r2, "dev_rmse": by_rmse}


def _each(guesses: int) -> float:
    """How rarely one guess may come so far: 1 - (1 - LUCK)^(1 / guesses)."""
    return -math.expm1(math.log1p(-LUCK) / guesses)


def _shares(labels: np.ndarray) -> np.ndarray:
    """How frequent each class is."""
    return np.bincount(labels.ravel()) / labels.size


def _correlation(examples: int, guesses: int) -> float:
    """Which the best of so many guesses has by luck, on so many examples."""
    from scipy.stats import t

    freedom = max(examples - 2, 1)
    quantile = float(t.isf(_each(guesses), freedom))
    return quantile / math.sqrt(freedom + quantile**2)
