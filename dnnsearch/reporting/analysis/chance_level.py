"""Whether a study found anything: its best value against the best of as many random guesses.

Its objective is looked at, and the area under the ROC curve, which needs no threshold: networks
that rank the examples have found something, even if all of their answers are the same.

The best of N trials is the maximum of N noisy values, so it must beat the best of N guesses.
What a guess reaches, as a constant answer and by chance, depends on the objective:

- Accuracy: a network that has learnt nothing about the labels is right on a dev example with a
  probability of at most the share of the most frequent class. N such networks are bounded by N
  binomial draws. The networks of a study make similar errors, so their best is smaller than the
  best of independent draws, and the bound holds.
- Cost: for such a network, exp(m (entropy - cost)) has an expectation of at most 1 (it is a
  likelihood ratio against the frequencies of the classes). By Markov's inequality and over N trials
  it exceeds N / p with a probability of at most p (FALSE_FIND_RATE), without further assumptions.
- Balanced accuracy: 1 / K; the sum of independent hits is bounded by Hoeffding's inequality (1963).
- Area under the ROC curve: 1 / 2, with the variance of the Mann-Whitney statistic.
- R2 and RMSE: predictions with correlation r to the target explain at most r * r of its variance;
  the distribution of a correlation by chance is Student's (1908).

F1, and every other metric that is not in the two tables below, has no chance level.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from dnnsearch.reporting.analysis.report_data import ReportData
from dnnsearch.trials.metrics import METRICS, RANKING

FALSE_FIND_RATE = 0.025  # probability that luck counts as a result, for each measure


@dataclass(frozen=True)
class ChanceLevel:
    """The value that a study without any learning could reach."""

    measure: str  # the objective
    best: float  # of all finished trials
    level: float  # of a constant answer
    reach: float  # the best of all guesses is better than this by luck at the rate above
    guesses: int

    @property
    def is_beaten(self) -> bool:
        return self.is_beaten_by(self.best)

    def is_beaten_by(self, value: float | None) -> bool:
        """Return whether a value of the measure is better than random guesses can be."""
        sign = METRICS[self.measure].direction.sign
        return value is not None and sign * (value - self.reach) > 1e-12


def chance(data: ReportData) -> ChanceLevel | None:
    """Return the chance level of a study.

    None without finished trials or dev labels, or if the objective has no bound here.
    """
    return _level(data, data.objective, _finals(data, data.objective))


def ranking(data: ReportData) -> ChanceLevel | None:
    """Return the chance level of ROC AUC, by the trials that were measured, else by the best one.

    None if there are no classes, or if the record of the best trial has no networks.
    """
    values = _finals(data, RANKING)
    if not values and data.best_roc_auc is not None:
        values = [data.best_roc_auc]
    return _level(data, RANKING, values)


def _finals(data: ReportData, measure: str) -> list[float]:
    finals = [row.final.get(measure) for row in data.finished]
    return [value for value in finals if value is not None]


def _level(data: ReportData, measure: str, values: Sequence[float]) -> ChanceLevel | None:
    """Return the chance level of a measure; the best of `values` is that of all finished trials."""
    answers = data.targets if data.dev is None else data.dev.labels
    by = (REGRESSION_BOUNDS if data.dev is None else CLASSIFICATION_BOUNDS).get(measure)
    if by is None or answers is None or not values:
        return None
    guesses = len(data.finished)
    level, reach = by(np.atleast_2d(answers), guesses)
    best = METRICS[measure].direction.best(values)
    return ChanceLevel(measure, best, level, reach, guesses)


def by_accuracy(labels: np.ndarray, guesses: int) -> tuple[float, float]:
    """Return level (share of the largest class) and reach (binomial); labels: (K folds, m)."""
    from scipy.stats import binom

    level = float(_shares(labels).max())
    return level, float(
        binom.isf(_probability_per_guess(guesses), labels.size, level)
    ) / labels.size


def by_cost(labels: np.ndarray, guesses: int) -> tuple[float, float]:
    """Return level and reach: entropy of the classes in nats, lower bound of the cost by chance."""
    shares = _shares(labels)
    frequent = shares[shares > 0]
    entropy = float(-(frequent * np.log(frequent)).sum())
    return entropy, entropy - math.log(guesses / FALSE_FIND_RATE) / labels.size


def by_balanced_accuracy(labels: np.ndarray, guesses: int) -> tuple[float, float]:
    """Return level and reach; a hit on a class with n examples in a fold counts 1 / (K n)."""
    counts = [np.unique(fold, return_counts=True)[1] for fold in labels]
    level = float(np.mean([1 / len(fold) for fold in counts]))
    squares = sum(float((1.0 / (len(fold) ** 2 * fold)).sum()) for fold in counts)
    spread = math.sqrt(math.log(guesses / FALSE_FIND_RATE) * squares / 2) / len(labels)
    return level, min(level + spread, 1.0)


def by_roc_auc(labels: np.ndarray, guesses: int) -> tuple[float, float]:
    """Return level and reach.

    The standard error of a mean over classes and folds is at most the mean of their errors.
    """
    from scipy.stats import norm

    counts = np.concatenate([np.unique(fold, return_counts=True)[1] for fold in labels])
    m = labels.shape[1]
    error = float(np.sqrt((m + 1) / (12.0 * counts * (m - counts))).mean())
    return 0.5, min(0.5 + float(norm.isf(_probability_per_guess(guesses))) * error, 1.0)


def by_r2(targets: np.ndarray, guesses: int) -> tuple[float, float]:
    """Return level and reach; targets (K folds, m). The bound for one fold holds for their mean."""
    return 0.0, _correlation(targets.shape[1], guesses) ** 2


def by_rmse(targets: np.ndarray, guesses: int) -> tuple[float, float]:
    """Return level (the target's standard deviation) and reach, in the target's unit."""
    level = float(targets.std(axis=1).mean())
    return level, level * math.sqrt(1 - _correlation(targets.shape[1], guesses) ** 2)


Bound = Callable[[np.ndarray, int], tuple[float, float]]
CLASSIFICATION_BOUNDS: dict[str, Bound] = {
    "dev_accuracy": by_accuracy,
    "dev_cost": by_cost,
    "dev_balanced_accuracy": by_balanced_accuracy,
    "dev_roc_auc": by_roc_auc,
}
REGRESSION_BOUNDS: dict[str, Bound] = {"dev_r2": by_r2, "dev_rmse": by_rmse}


def _probability_per_guess(guesses: int) -> float:
    """Probability per guess that makes the best exceed at the rate p: 1 - (1 - p)^(1 / N)."""
    return -math.expm1(math.log1p(-FALSE_FIND_RATE) / guesses)


def _shares(labels: np.ndarray) -> np.ndarray:
    """(classes,): the share of each class."""
    return np.bincount(labels.ravel()) / labels.size


def _correlation(examples: int, guesses: int) -> float:
    """Correlation that the luckiest of `guesses` random predictors reaches on `examples` rows."""
    from scipy.stats import t

    freedom = max(examples - 2, 1)
    quantile = float(t.isf(_probability_per_guess(guesses), freedom))
    return quantile / math.sqrt(freedom + quantile**2)
