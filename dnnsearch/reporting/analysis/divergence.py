"""How many trials diverged, and which one hyperparameter tells them from the others best."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from dnnsearch.reporting.analysis.axis import Axis
from dnnsearch.reporting.analysis.report_data import ReportData
from dnnsearch.study.leaderboard.ranking import Row
from dnnsearch.trials.spec import Value

MANY = 0.2  # of the trials that have ended
CLEAR = 0.5  # of the impurity that a cut must take away to be called the cause


@dataclass(frozen=True)
class Cut:
    """One side of a hyperparameter, where trials diverge."""

    axis: Axis
    relation: str  # "at least", "at most" or "equal to"
    value: Value
    diverged: int  # on that side
    all: int  # on that side
    gain: float  # share of the impurity that goes away


@dataclass(frozen=True)
class Divergence:
    """Diverged trials among those that ended."""

    diverged: int
    ended: int
    cut: Cut | None  # None where no single hyperparameter tells them apart

    @property
    def is_much(self) -> bool:
        return self.diverged > MANY * self.ended


def divergence(material: ReportData) -> Divergence:
    """Counted among finished, pruned and diverged trials."""
    rows, diverged = material.ended, len(material.diverged)
    cuts = [cut for axis in material.axes for cut in _cuts(axis, rows)] if diverged else []
    best = max(cuts, key=lambda cut: cut.gain, default=None)
    return Divergence(diverged, len(rows), best if best and best.gain >= CLEAR else None)


def _cuts(axis: Axis, rows: Sequence[Row]) -> Iterator[Cut]:
    if axis.name == "units":  # layers have several
        return
    values = [row.params[axis.name] for row in rows]
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
    """The share of Gini's impurity that the cut takes away."""
    before = bad.mean() * (1 - bad.mean())
    after = sum(part.mean() * bad[part].mean() * (1 - bad[part].mean()) for part in (side, ~side))
    return float(1 - after / before) if before > 0 else 0.0
