"""Whether a trial has high bias or high variance, as the course diagnoses it.

Avoidable bias is the difference between the train error and the smallest attainable error. That is
unknown; the smallest dev error of the study stands for it, since a network that generalises so well
can also fit the training set so well. Variance is the difference between dev error and train error.
A difference counts if it is larger than two standard errors of the dev error.

With `checkpoint: best` these are the errors of the kept point. If that lies early and the trial
overfits after it, the errors say nothing of what would help, and the diagnosis is the overfitting.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dnnsearch.reporting.analysis.report_data import ReportData, TrialCurves
from dnnsearch.study.leaderboard.ranking import Row, count_examples
from dnnsearch.trials.hyperparameter_row import Value
from dnnsearch.trials.hyperparameters import NEUTRAL, value_of

OVERFITS = "overfits after its best point"
NEXT = {
    "high bias": "a larger network, more iterations, another learning rate or activation",
    "high variance": "more data, {regularisation}, a smaller network{checkpoint}",
    "high bias and high variance": "a larger network, then more data, {regularisation}",
    "neither": "nothing in particular: no difference is larger than its noise",
    OVERFITS: "fewer iterations, a lower learning rate, {regularisation}, or more data",
}
MAX_EARLY_SHARE = 0.5  # of the updates: a later kept point is not early
MIN_COST_RISE = 0.1  # share of the dev cost at the kept point


@dataclass(frozen=True)
class Diagnosis:
    """The errors of a trial, as shares of wrong answers, and what they mean."""

    train: float
    dev: float
    attainable: float
    noise: float  # smaller differences do not count
    params: Mapping[str, Value]  # the trial's hyperparameters
    early: str = ""  # such as "best after 50 of 1800 updates", if it overfits after that

    @property
    def name(self) -> str:
        if self.early:
            return OVERFITS
        bias = self.train - self.attainable > self.noise
        variance = self.dev - self.train > self.noise
        names = [n for n, is_high in (("high bias", bias), ("high variance", variance)) if is_high]
        return " and ".join(names) or "neither"

    @property
    def text(self) -> str:
        """The name in a table, for an overfitting trial with its kept point."""
        return f"{self.early}; it overfits after that" if self.early else self.name

    @property
    def advice(self) -> str:
        """What may help, in words; what the trial has already is not advised as new."""
        pieces = [
            f"more {name}" if self._has(name) else name for name in ("weight_decay", "dropout")
        ]
        checkpoint = "" if self._has("checkpoint") else ", or checkpoint: best"
        return NEXT[self.name].format(regularisation=" or ".join(pieces), checkpoint=checkpoint)

    def _has(self, piece: str) -> bool:
        return value_of(self.params, piece) not in (NEUTRAL[piece], 0)


def diagnosis(data: ReportData, row: Row) -> Diagnosis | None:
    """Return the diagnosis of a trial; None if it has no accuracies or no curves."""
    train, dev = row.final.get("train_accuracy"), row.final.get("dev_accuracy")
    curves = data.trial_curves.get(row.number)
    if train is None or dev is None or curves is None:
        return None
    every = [r.final.get("dev_accuracy") for r in data.finished]
    attainable = 1 - max((accuracy for accuracy in every if accuracy is not None), default=dev)
    examples = count_examples(curves.predictions, data.config)
    share = min(max(1 - dev, 1 / examples), 1 - 1 / examples)  # also noisy at 0 and 1
    noise = 2 * math.sqrt(share * (1 - share) / examples)
    return Diagnosis(1 - train, 1 - dev, attainable, noise, row.params, _early(curves))


def _early(curves: TrialCurves) -> str:
    """Return when a trial was best, if it was so early and overfits after that; else empty.

    It overfits if its dev cost ends clearly higher, while its train cost ends lower.
    """
    updates = int(curves.steps[-1])
    if curves.kept > MAX_EARLY_SHARE * updates:
        return ""
    point = int(np.searchsorted(curves.steps, curves.kept))
    train, dev = curves.by_name["train_cost"], curves.by_name["dev_cost"]
    if dev[-1] < (1 + MIN_COST_RISE) * dev[point] or train[-1] >= train[point]:
        return ""
    return f"best after {curves.kept} of {updates} updates"
