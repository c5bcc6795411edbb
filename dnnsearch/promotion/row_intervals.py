"""Intervals and sets of labels of the promoted model: fitted on dev, measured on the test set.

The refitted networks have learnt dev. So the scores are those of the networks that confirmed the
winner, which were trained on train alone, or with folds each without the rows that it answers. They
have seen fewer rows than the refitted ones, which makes intervals a little wide; dev has chosen the
winner, which makes them a little narrow. The test set says what they hold.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any

import numpy as np

from dnnsearch.data.restored_arrays import open_restored
from dnnsearch.data.table import HeldOut
from dnnsearch.models.conformal import Conformal, of_labels, of_residuals
from dnnsearch.models.ensemble import Model
from dnnsearch.models.interval_answers import check_level, half_widths, label_sets
from dnnsearch.models.mixture import weighted_mean
from dnnsearch.models.targets import target_of
from dnnsearch.nn import OUTPUTS
from dnnsearch.promotion.candidates import CONFIRM, Candidate, Trainer, fresh, rounds
from dnnsearch.promotion.evaluation_scores import logits
from dnnsearch.statistics.interval import Interval, wilson
from dnnsearch.trials.record import Record
from dnnsearch.trials.record_store import RecordMemo

LEVEL = 0.9  # at which the test set measures the intervals


def with_intervals(
    model: Model, trainer: Trainer, members: Sequence[Candidate], replicates: int
) -> Model:
    """Return the model of these configurations with the scores of dev; nothing is trained."""
    definition = trainer.definition
    memo = RecordMemo(trainer.records, trainer.report)
    found = [
        [
            memo.find(fresh(definition, m.trial, m.hyperparameters, replicates, CONFIRM, i))
            for i in range(rounds(definition, replicates))
        ]
        for m in members
    ]
    records = [[record for record in of_one if record is not None] for of_one in found]
    if [len(of_one) for of_one in records] != [len(of_one) for of_one in found]:
        return model
    arrays = open_restored(definition.config, trainer.store, definition.prepared.key)
    return replace(model, conformal=conformal(model, records, arrays), _lock=Lock())


def conformal(
    model: Model, of_members: Sequence[Sequence[Record]], arrays: Mapping[str, np.ndarray]
) -> Conformal:
    """Return the scores of dev's rows, by the ensemble of the networks that did not learn them.

    `of_members` are the records of each configuration of the model.
    """
    spec, y = of_members[0][0].spec, np.asarray(arrays["y_dev"])
    means, spreads = zip(*(_mean_and_spread(records, arrays) for records in of_members))
    mean, spread = (weighted_mean(each, model.weights) for each in (means, spreads))
    if spec.output != "identity":
        return of_labels(model.chances(mean), y.ravel().astype(np.int64))
    scale = float(target_of(arrays)[1])
    return of_residuals((y.ravel() - mean[:, 0]) * scale, spread * scale)


def _mean_and_spread(
    records: Sequence[Record], arrays: Mapping[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean outputs (m, n[L]) for dev, and the networks' deviation of the first (m,)."""
    y, function = np.asarray(arrays["y_dev"]), OUTPUTS[records[0].spec.output].activation.function
    of_records = [function(logits(one, arrays, "dev").astype(float), None) for one in records]
    # (networks, [folds,] n[L], m)
    outputs = np.stack(of_records) if y.ndim == 2 else np.asarray(of_records[0])
    mean = outputs.mean(axis=0).swapaxes(-1, -2).reshape(y.size, -1)
    several = len(outputs) > 1
    spread = outputs.std(axis=0, ddof=1) if several else np.zeros(outputs.shape[1:])
    return mean, spread[..., 0, :].ravel()


@dataclass(frozen=True)
class Coverage:
    """What the intervals of `LEVEL` hold of the test set."""

    held: int  # examples
    examples: int
    size: float  # the mean width, or the mean number of labels
    single: float | None  # the share of sets with one label; None in a regression

    @property
    def share(self) -> float:
        """The share of the examples whose truth is inside."""
        return self.held / self.examples

    @property
    def interval(self) -> Interval:
        """The 95 % interval of the share (Wilson's)."""
        return wilson(self.share, self.examples)

    def document(self) -> dict[str, Any]:
        """Return it, JSON-able."""
        known = {"level": LEVEL, "share": self.share, "examples": self.examples}
        ends = {"low": self.interval.low, "high": self.interval.high, "size": self.size}
        return {**known, **ends, "single": self.single}


def coverage(model: Model, rows: HeldOut) -> Coverage | None:
    """Return what the intervals hold of the test rows; None if the model cannot give them."""
    try:
        check_level(model, LEVEL)
    except ValueError:
        return None
    outputs, spread = model.outputs_and_spread(rows.X)
    if len(model.classes) == 0:
        half = half_widths(model, spread, LEVEL)
        held = np.abs(rows.y - model.values(outputs)) <= half
        return Coverage(int(held.sum()), len(held), float(2 * half.mean()), None)
    inside = label_sets(model, outputs, LEVEL)
    sizes = inside.sum(axis=1)
    held = inside[np.arange(len(inside)), rows.y]
    single = float((sizes == 1).mean())
    return Coverage(int(held.sum()), len(held), float(sizes.mean()), single)


def line(found: Coverage, study: str, program: str) -> str:
    """Return what `promote` prints of the intervals."""
    is_regression = found.single is None
    what, truth = ("intervals", "value") if is_regression else ("sets of labels", "label")
    share = f"{found.share:.4f} (95 %: {found.interval})"
    word = _compared_with_level(found.interval)
    command = f"{program} predict {study} DATA --interval {LEVEL:g}"
    held = f"{LEVEL:.0%} {what} hold the true {truth} in a share of {share}"
    return f"  {held}{word}; {_size(found)}; to get them: {command}"


def _size(found: Coverage) -> str:
    """Return how wide the intervals are, or how many labels the sets have."""
    if found.single is None:
        return f"mean width {found.size:.4g}"
    if found.single == 1:
        return "each has one label"
    shown = f"{found.size:.2f}"
    labels = "one label" if float(shown) == 1 else f"{shown} labels"
    return f"{labels} on average, {found.single:.0%} have one"


def _compared_with_level(share: Interval) -> str:
    """Return a remark on a share that is not what the level says, else nothing."""
    if share.high < LEVEL:
        return " (fewer than they promise)"
    if share.low > LEVEL:
        return f" (they may hold it more often than {LEVEL:.0%})"
    return ""
