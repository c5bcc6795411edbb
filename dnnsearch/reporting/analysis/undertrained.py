"""Whether the best trials had learnt all that they could when their iterations were over."""

from dataclasses import dataclass

import numpy as np

from dnnsearch.reporting.analysis.report_data import ReportData, TrialCurves

LAST = 3  # the last third of a curve is looked at
FEWEST = 4  # points in it
SURE = 3.0  # standard errors of the slope
AHEAD = 0.25  # of the iterations, for which the fall is foretold
OF_COST = 0.05  # the fall that counts, as a share of the cost now,
OF_START = 0.01  # and of the cost at the beginning: near zero every cost goes on falling


@dataclass(frozen=True)
class Undertrained:
    """How many of the best trials were still improving."""

    looked_at: int
    still: list[int]  # their numbers
    ahead: float  # by how much the cost would go on to fall, as a share, in the median

    @property
    def is_much(self) -> bool:
        return 2 * len(self.still) > self.looked_at


def find_undertrained(material: ReportData) -> Undertrained:
    """Of the best tenth of the finished trials, and at least of the best three."""
    rows = material.finished[: max(3, min(len(material.finished) // 10, 10))]
    ahead = {r.number: still_falling(material.courses[r.number]) for r in rows}
    still = {number: share for number, share in ahead.items() if share is not None}
    median = float(np.median([*still.values()])) if still else 0.0
    return Undertrained(len(rows), [*still], median)


def still_falling(course: TrialCurves) -> float | None:
    """The share of the dev cost that so many more iterations would take; None where it is level."""
    cost = course.curves["dev_cost"]
    last = len(cost) // LAST
    if last < FEWEST:
        return None
    slope, error = line(course.steps[-last:].astype(float), cost[-last:])
    fall = -slope * AHEAD * float(course.steps[-1])
    counts = fall > OF_COST * cost[-1] and fall > OF_START * cost[0]
    return float(fall / cost[-1]) if counts and -slope > SURE * error else None


def line(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """The slope of the line through the points, and its standard error."""
    x, y = x - x.mean(), y - y.mean()
    slope = float(x @ y / (x @ x))
    residual = float(((y - slope * x) ** 2).sum()) / (len(x) - 2)
    return slope, float(np.sqrt(residual / (x @ x)))
