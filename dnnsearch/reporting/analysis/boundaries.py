"""Whether the best of a study lies at the edge of its space, so that a better one may lie beyond.

A best trial at an edge says little by itself: where a hyperparameter does not matter, the best lies
at one of its edges now and then. So three things are asked: the best trial lies at the edge, the
best few do, and in the half of the axis next to the edge the trials become better towards it, by
more than chance, all other hyperparameters taken into account. Diverged trials count as the worst:
where the edge is a cliff there is nothing to be had beyond.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dnnsearch.config.dimensions import Choices
from dnnsearch.reporting.analysis.axis import Axis
from dnnsearch.reporting.analysis.report_data import ReportData
from dnnsearch.study.leaderboard.ranking import Row
from dnnsearch.trials.spec import Value

OUTER = 0.2  # of an axis counts as its edge: noise moves the best about
FEW = 0.25  # where half of the best few must lie
LUCK = 0.01  # of a warning without a reason, over all edges together
FEWEST = 8  # trials in the half next to an edge


@dataclass(frozen=True)
class BoundaryHit:
    """One end of an axis."""

    axis: Axis
    is_upper: bool

    @property
    def value(self) -> Value:
        return self.axis.values[-1 if self.is_upper else 0]

    def distance(self, row: Row) -> float | None:
        """How far the trial lies from it: 0 at the edge, 1 at the other end."""
        place = self.axis.place(row.params)
        return place if place is None or not self.is_upper else 1 - place


def boundary_hits(material: ReportData) -> list[BoundaryHit]:
    """Those at which the best lies and that deserve a warning."""
    ends = [
        BoundaryHit(axis, upper)
        for axis in material.axes
        if _has_ends(axis)
        for upper in (False, True)
    ]
    passable = [edge for edge in ends if not edge.axis.ends_here(edge.is_upper)]
    return [edge for edge in passable if _is_best_at(material, edge, LUCK / len(passable))]


def _has_ends(axis: Axis) -> bool:
    """Two choices are nothing but ends."""
    return axis.is_ordered and not (isinstance(axis.dimension, Choices) and len(axis.values) < 3)


def _is_best_at(material: ReportData, edge: BoundaryHit, luck: float) -> bool:
    few = material.finished[: max(3, math.ceil(len(material.finished) / 10))]
    distances = [edge.distance(row) for row in few]
    known = [distance for distance in distances if distance is not None]
    if not known or distances[0] is None or distances[0] > OUTER:
        return False
    return statistics.median(known) <= FEW and _improvement(material, edge) < luck


def _improvement(material: ReportData, edge: BoundaryHit) -> float:
    """The p-value that trials in the half next to the edge do not become better towards it."""
    from scipy.stats import norm, rankdata, t

    near = [r for r in material.ended if _is_known(r) and (edge.distance(r) or 0.0) <= 0.5]
    near = [row for row in near if edge.distance(row) is not None]
    if len(near) < FEWEST:
        return 1.0
    ranks = rankdata([_worth(material, row) for row in near])
    scores = norm.ppf((ranks - 0.5) / len(near))
    towards = [1 - (edge.distance(row) or 0.0) for row in near]
    X = _design(material.axes, edge.axis, towards, near)
    slope, error, freedom = _slope(X, scores)
    return float(t.sf(slope / error, freedom)) if error > 0 else 1.0


def _is_known(row: Row) -> bool:
    return row.value is not None or row.state == "diverged"


def _worth(material: ReportData, row: Row) -> float:
    return -math.inf if row.value is None else material.sign * row.value


def _design(
    axes: Sequence[Axis], this: Axis, towards: Sequence[float], rows: Sequence[Row]
) -> np.ndarray:
    """(n, k): what is tested, a constant, and the other hyperparameters while there are trials."""
    columns = [np.array(towards), np.ones(len(rows))]
    for axis in axes:
        if axis != this:
            columns += _columns(axis, rows)
    most = max(2, len(rows) // 3)  # three trials for each coefficient
    return np.stack(columns[:most], axis=1)


def _columns(axis: Axis, rows: Sequence[Row]) -> list[np.ndarray]:
    """An ordered axis as its place and its square, another as one column for each value."""
    if not axis.is_ordered:
        values = [row.params[axis.name] for row in rows]
        return [np.array([v == value for v in values], float) for value in axis.values[1:]]
    places = [axis.place(row.params) for row in rows]
    line = np.array([0.5 if place is None else place for place in places])
    return [line, line**2]


def _slope(X: np.ndarray, y: np.ndarray) -> tuple[float, float, int]:
    """Of the first column, by least squares: the slope, its standard error, degrees of freedom."""
    coefficients, *_ = np.linalg.lstsq(X, y, rcond=None)
    freedom = len(y) - int(np.linalg.matrix_rank(X))
    residual = float(((y - X @ coefficients) ** 2).sum()) / max(freedom, 1)
    variance = residual * float(np.linalg.pinv(X.T @ X)[0, 0])
    return float(coefficients[0]), math.sqrt(max(variance, 0.0)), max(freedom, 1)
