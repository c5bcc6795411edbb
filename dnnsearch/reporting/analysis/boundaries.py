"""Whether the best trial lies at a bound of the space, so that better ones may lie outside.

A best trial at a bound proves little by itself: if a hyperparameter does not matter, the best trial
lies at one of its bounds now and then. So three conditions must hold. The best trial lies near the
bound. So does the median of the best few trials. And in the half of the axis next to the bound,
trials improve significantly towards it, all other hyperparameters taken into account. Diverged
trials count as the worst: if trials diverge at the bound, nothing better lies outside.
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
from dnnsearch.trials.hyperparameter_row import Value

MAX_DISTANCE_OF_BEST = 0.2  # share of the axis: noise moves the best trial
MAX_MEDIAN_DISTANCE = 0.25  # of the best few trials
FALSE_WARNING_RATE = 0.01  # over all bounds together
MIN_TRIALS_NEAR_BOUND = 8  # in the half of the axis next to it


@dataclass(frozen=True)
class BoundaryHit:
    """One bound of an axis."""

    axis: Axis
    is_upper: bool

    @property
    def value(self) -> Value:
        return self.axis.values[-1 if self.is_upper else 0]

    def distance(self, row: Row) -> float | None:
        """Return how far a trial lies from the bound: 0 at it, 1 at the other one.

        None if the trial does not have the hyperparameter.
        """
        place = self.axis.place(row.params)
        return place if place is None or not self.is_upper else 1 - place


def boundary_hits(data: ReportData) -> list[BoundaryHit]:
    """Return the bounds that deserve a warning because the best trials lie there."""
    ends = [
        BoundaryHit(axis, upper)
        for axis in data.axes
        if axis.is_ordered
        and not (isinstance(axis.dimension, Choices) and len(axis.values) < 3)  # nothing between
        for upper in (False, True)
    ]
    movable = [hit for hit in ends if not hit.axis.is_natural_limit(hit.is_upper)]
    return [hit for hit in movable if _is_best_at(data, hit, FALSE_WARNING_RATE / len(movable))]


def _is_best_at(data: ReportData, hit: BoundaryHit, level: float) -> bool:
    few = data.finished[: max(3, math.ceil(len(data.finished) / 10))]
    distances = [hit.distance(row) for row in few]
    known = [distance for distance in distances if distance is not None]
    if not known or distances[0] is None or distances[0] > MAX_DISTANCE_OF_BEST:
        return False
    return (
        statistics.median(known) <= MAX_MEDIAN_DISTANCE
        and _p_value_of_improvement(data, hit) < level
    )


def _p_value_of_improvement(data: ReportData, hit: BoundaryHit) -> float:
    """One-sided p-value (t test) of the slope of the values' normal scores towards the bound."""
    from scipy.stats import norm, rankdata, t

    near = []
    for row in data.ended:
        distance = hit.distance(row)
        is_known = row.value is not None or row.state == "diverged"
        if is_known and distance is not None and distance <= 0.5:
            near.append(row)
    if len(near) < MIN_TRIALS_NEAR_BOUND:
        return 1.0
    ranks = rankdata([-math.inf if r.value is None else data.sign * r.value for r in near])
    scores = norm.ppf((ranks - 0.5) / len(near))
    towards = [1 - (hit.distance(row) or 0.0) for row in near]
    X = _design(data.axes, hit.axis, towards, near)
    slope, error, freedom = _slope(X, scores)
    return float(t.sf(slope / error, freedom)) if error > 0 else 1.0


def _design(
    axes: Sequence[Axis], this: Axis, towards: Sequence[float], rows: Sequence[Row]
) -> np.ndarray:
    """Return (n, k): the tested column, a constant, and all other columns that n allows."""
    columns = [np.array(towards), np.ones(len(rows))]
    for axis in axes:
        if axis != this:
            columns += _columns(axis, rows)
    most = max(2, len(rows) // 3)  # three trials for each coefficient
    return np.stack(columns[:most], axis=1)


def _columns(axis: Axis, rows: Sequence[Row]) -> list[np.ndarray]:
    """Position and its square on an ordered axis; else an indicator per value but the first."""
    if not axis.is_ordered:
        values = [axis.value(row.params) for row in rows]
        return [np.array([v == value for v in values], float) for value in axis.values[1:]]
    places = [axis.place(row.params) for row in rows]
    line = np.array([0.5 if place is None else place for place in places])
    return [line, line**2]


def _slope(X: np.ndarray, y: np.ndarray) -> tuple[float, float, int]:
    """Least squares: coefficient of the first column, its standard error, degrees of freedom."""
    coefficients, *_ = np.linalg.lstsq(X, y, rcond=None)
    freedom = len(y) - int(np.linalg.matrix_rank(X))
    residual = float(((y - X @ coefficients) ** 2).sum()) / max(freedom, 1)
    variance = residual * float(np.linalg.pinv(X.T @ X)[0, 0])
    return float(coefficients[0]), math.sqrt(max(variance, 0.0)), max(freedom, 1)
