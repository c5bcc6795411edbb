"""Which of the confirmed configurations answer together: a greedy choice on their dev outputs.

The chosen configuration is always one of them. Others are taken only if their mean is clearly
better on rows that did not choose them.
"""

from collections.abc import Sequence

import numpy as np

from dnnsearch.models.mixture import weighted_mean
from dnnsearch.promotion.dev_outputs import DevOutputs
from dnnsearch.promotion.fitted_pieces import Tried
from dnnsearch.statistics.cross_fitting import cross_fitted, gain
from dnnsearch.statistics.example_scores import metric_value
from dnnsearch.statistics.greedy_ensemble import greedy_ensemble
from dnnsearch.trials.metrics import METRICS


def choose_ensemble(dev: DevOutputs, first: int, trials: Sequence[int]) -> tuple[list[int], Tried]:
    """Return the weight of each candidate, 0 for those left out, and what the ensemble gains.

    `first` is the place of the chosen one, `trials` are the numbers of all.
    """

    def fit(rows: np.ndarray) -> list[int]:
        outputs = [A[:, rows] for A in dev.of_candidates]
        return greedy_ensemble(outputs, first, lambda A: _value(dev, A, dev.y[rows]))

    def answer(weights: list[int]) -> np.ndarray:
        return dev.logits(weighted_mean(dev.of_candidates, weights))

    whole = fit(np.ones(len(dev.y), bool))
    new, old = cross_fitted(dev.part, fit, answer), dev.logits(dev.of_candidates[first])
    found = gain(dev.objective, dev.output, new, old, dev.y, dev.scale)
    members = [f"{trial} (weight {n})" for trial, n in zip(trials, whole, strict=True) if n]
    is_alone = len(members) == 1
    note = f"on all of dev, trial {trials[first]} alone is best" if is_alone else ""
    piece = "mixture of configurations" if is_alone else f"mixture of trials {', '.join(members)}"
    return whole, Tried(piece, dev.objective, found, note)


def _value(dev: DevOutputs, A: np.ndarray, y: np.ndarray) -> float:
    """Return how good mean outputs A (n[L], m) are, larger is better."""
    sign = METRICS[dev.objective].direction.sign
    return sign * metric_value(dev.objective, dev.output, dev.logits(A), y, dev.scale)
