"""What is fitted on dev after the training: each piece is taken only if it clearly gains there.

A gain is measured on rows that did not fit the piece (`statistics.cross_fitting`), and a piece is
taken if the 95 % interval of its gain is above zero; then it is fitted on all rows. The test set is
not known here, so its figure stays unbiased. The networks of a refit have seen more rows than those
that are asked here, so what is gained on dev is an estimate of what the promoted model gains.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from dnnsearch.models.calibration import Calibration
from dnnsearch.nn import OUTPUTS
from dnnsearch.promotion.dev_outputs import DevOutputs
from dnnsearch.statistics.cross_fitting import cross_fitted, gain
from dnnsearch.statistics.interval import Interval, better_or_worse, gain_range
from dnnsearch.statistics.temperature import fit_temperature
from dnnsearch.statistics.threshold import fit_shift
from dnnsearch.trials.metrics import METRICS

MIN_ROWS = 20  # fewer rows cannot say what a piece gains
LOG_LOSS = "dev_cost"


@dataclass(frozen=True)
class Tried:
    """A piece, and how much better it makes a metric on rows that did not fit it."""

    piece: str  # what it is, for a person
    metric: str
    gain: Interval
    note: str = ""  # why it cannot be taken, whatever it gains

    @property
    def taken(self) -> bool:
        """Whether the gain is clear; one that is not defined is not."""
        return self.gain.low > 0 and not self.note

    @property
    def line(self) -> str:
        """The gain, and whether the piece was taken."""
        metric = self.metric.removeprefix("dev_")
        gain = f"{better_or_worse(self.gain.middle)} (95 %: {gain_range(self.gain)})"
        why_not = self.note or "it is not clearly better"
        verdict = "taken" if self.taken else f"not taken, because {why_not}"
        return f"{self.piece}: {metric} {gain} on dev rows that did not fit it; {verdict}"

    def document(self) -> dict[str, Any]:
        """Return it for `promote --json`."""
        found = [self.gain.low, self.gain.high] if np.isfinite(self.gain.low) else None
        return {"piece": self.piece, "metric": self.metric, "gain": found, "taken": self.taken}


class Member(NamedTuple):
    """A configuration of an ensemble."""

    trial: int
    weight: int
    refit: str  # the digest of the spec of its refit


@dataclass(frozen=True)
class Fitted:
    """The pieces that were taken, and all that were tried."""

    calibration: Calibration | None = None
    members: tuple[Member, ...] = ()  # the chosen configuration first; empty if it is alone
    tried: list[Tried] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """Return what was taken, for the log of evaluations; empty if nothing was."""
        found = {"calibration": asdict(self.calibration)} if self.calibration else {}
        return {**found, "members": [list(m) for m in self.members]} if self.members else found

    @staticmethod
    def of(document: Mapping[str, Any]) -> "Fitted":
        """Return the pieces of a log's entry."""
        members = tuple(Member(*each) for each in document.get("members", []))
        given = document.get("calibration")
        if not given:
            return Fitted(members=members)
        bias, shift = (tuple(given[name]) for name in ("bias", "shift"))
        return Fitted(Calibration(given["temperature"], bias, shift), members)

    @property
    def names(self) -> list[str]:
        """The names of the pieces that were taken, without their numbers."""
        given = self.calibration or Calibration()
        is_taken = {
            "ensemble": bool(self.members),
            "temperature": given.temperature != 1,
            "bias": bool(given.bias),
            "shift": bool(given.shift),
        }
        return [name for name, is_there in is_taken.items() if is_there]


def fit_pieces(dev: DevOutputs, A: np.ndarray, weighted: bool) -> Fitted:
    """Return what is fitted on the mean outputs A (n[L], m) of the model's networks on dev.

    `weighted` says whether they were trained with class weights.
    """
    if dev.output == "identity":
        return Fitted()
    probabilities, calibrated = _calibration(dev, A, weighted)
    taken = probabilities if calibrated.taken else Calibration()
    tried = [calibrated]
    if has_threshold(dev.objective):
        labels, shifted = _threshold(dev, A, taken)
        taken = labels if shifted.taken else taken
        tried.append(shifted)
    return Fitted(None if taken == Calibration() else taken, tried=tried)


def _calibration(dev: DevOutputs, A: np.ndarray, weighted: bool) -> tuple[Calibration, Tried]:
    """Return temperature (and bias) of least log loss, and what they gain."""
    Z = dev.logits(A)

    def fit(rows: np.ndarray) -> Calibration:
        return Calibration(*fit_temperature(Z[:, rows], dev.y[rows], dev.output, weighted))

    new = cross_fitted(dev.part, fit, lambda fitted: fitted.logits(A))
    whole = fit(np.ones(len(dev.y), bool))
    what = " with a bias for each class" if weighted else ""
    found = gain(LOG_LOSS, dev.output, new, Z, dev.y, dev.scale)
    return whole, Tried(f"temperature {whole.temperature:.3g}{what}", LOG_LOSS, found)


def has_threshold(objective: str) -> bool:
    """Return whether a threshold is fitted for an objective: F1 and balanced accuracy have one.

    A share of hits needs none: for it the most probable class is best.
    """
    return METRICS[objective].of_labels and not METRICS[objective].is_share


def _threshold(dev: DevOutputs, A: np.ndarray, given: Calibration) -> tuple[Calibration, Tried]:
    """Return a calibration with the labels that are best for the objective, and what they gain."""
    Z = dev.logits(A)

    def fit(rows: np.ndarray) -> Calibration:
        return replace(given, shift=fit_shift(dev.objective, Z[:, rows], dev.y[rows]))

    new = cross_fitted(dev.part, fit, lambda fitted: fitted.label_logits(A))
    whole = fit(np.ones(len(dev.y), bool))
    found = gain(dev.objective, dev.output, new, Z, dev.y, dev.scale)
    return whole, Tried(_threshold_text(whole), dev.objective, found)


def _threshold_text(fitted: Calibration) -> str:
    """Return the threshold as the probability of the second class that the model states."""
    if len(fitted.shift) > 1:
        return f"labels that prefer rarer classes (by up to {np.ptp(fitted.shift):.2g} in log odds)"
    Z = np.array([[-fitted.shift[0]]]) / fitted.temperature + np.array(fitted.bias or (0.0,))
    return f"threshold {float(OUTPUTS['sigmoid'].activation.function(Z, None)[0, 0]):.3g}"
