"""How many trials diverged, and which hyperparameter best separates them from the others."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from dnnsearch.reporting.analysis.axis import Axis
from dnnsearch.reporting.analysis.report_data import ReportData
from dnnsearch.study.leaderboard.ranking import Row
from dnnsearch.trials.hyperparameter_row import Value

MAX_DIVERGED_SHARE = 0.2  # of the trials that have ended; more get a warning
MIN_GAIN = 0.5  # reduction of the impurity from which on a cut is called the cause


@dataclass(frozen=True)
class Cut:
    """A condition on one hyperparameter under which trials diverge."""

    axis: Axis
    relation: str  # "at least", "at most" or "equal to"
    value: Value
    diverged: int  # trials that fulfil the condition
    all: int  # trials that fulfil the condition
    gain: float  # relative reduction of the Gini impurity


@dataclass(frozen=True)
class Divergence:
    """Diverged trials among those that ended."""

    diverged: int
    ended: int
    cut: Cut | None  # None if no single hyperparameter separates them

    @property
    def is_much(self) -> bool:
        return self.diverged > MAX_DIVERGED_SHARE * self.ended


def divergence(data: ReportData) -> Divergence:
    """Return how many of the finished, pruned and diverged trials diverged, and the best cut."""
    rows, diverged = data.ended, len(data.diverged)
    cuts = [cut for axis in data.axes for cut in _cuts(axis, rows)] if diverged else []
    best = max(cuts, key=lambda cut: cut.gain, default=None)
    return Divergence(diverged, len(rows), best if best and best.gain >= MIN_GAIN else None)


def _cuts(axis: Axis, rows: Sequence[Row]) -> Iterator[Cut]:
    if axis.name == "units":  # one value per layer
        return
    values = [axis.value(row.params) for row in rows]
    bad = np.array([row.state == "diverged" for row in rows])
    places = np.array([axis.place(row.params) for row in rows], float)
    for value in dict.fromkeys(values):
        at = places[values.index(value)]
        sides = {"equal to": places == at}
        if axis.is_ordered:
            sides = {"at least": places >= at, "at most": places <= at}
        for relation, side in sides.items():
            if 0 < side.sum() < len(rows) and bad[side].mean() > bad[~side].mean():
                counts = int(bad[side].sum()), int(side.sum())
                yield Cut(axis, relation, value, *counts, _gain(bad, side))


def _gain(bad: np.ndarray, side: np.ndarray) -> float:
    """Relative reduction of the Gini impurity by the cut."""
    before = bad.mean() * (1 - bad.mean())
    after = sum(part.mean() * bad[part].mean() * (1 - bad[part].mean()) for part in (side, ~side))
    return float(1 - after / before) if before > 0 else 0.0
