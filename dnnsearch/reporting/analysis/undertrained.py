"""Whether the best trials were still improving when their iterations were over."""

from dataclasses import dataclass

import numpy as np

from dnnsearch.reporting.analysis.report_data import ReportData, TrialCurves

TAIL_PARTS = 3  # the last third of a curve is examined
MIN_TAIL_POINTS = 4
MIN_STANDARD_ERRORS = 3.0  # of the slope
EXTRA_ITERATIONS = 0.25  # share of the iterations over which the cost is extrapolated
MIN_DECREASE = 0.05  # share of the last cost
MIN_DECREASE_FROM_START = 0.01  # share of the first cost: near zero, every cost still decreases


@dataclass(frozen=True)
class Undertrained:
    """The best trials that were still improving."""

    examined: int  # number of trials
    improving: list[int]  # numbers of those that were
    decrease: float  # median of `expected_decrease`

    @property
    def is_much(self) -> bool:
        return 2 * len(self.improving) > self.examined


def find_undertrained(data: ReportData) -> Undertrained:
    """Return which of the best tenth (3 to 10) of the finished trials were still improving."""
    rows = data.finished[: max(3, min(len(data.finished) // 10, 10))]
    decrease = {r.number: expected_decrease(data.trial_curves[r.number]) for r in rows}
    improving = {number: share for number, share in decrease.items() if share is not None}
    median = float(np.median([*improving.values()])) if improving else 0.0
    return Undertrained(len(rows), [*improving], median)


def expected_decrease(curves: TrialCurves) -> float | None:
    """Return the share by which EXTRA_ITERATIONS would lower the dev cost; None if it is level.

    It is extrapolated linearly from the last third of the curve.
    """
    cost = curves.by_name["dev_cost"]
    last = len(cost) // TAIL_PARTS
    if last < MIN_TAIL_POINTS:
        return None
    slope, error = line(curves.steps[-last:].astype(float), cost[-last:])
    decrease = -slope * EXTRA_ITERATIONS * float(curves.steps[-1])
    counts = decrease > MIN_DECREASE * cost[-1] and decrease > MIN_DECREASE_FROM_START * cost[0]
    return float(decrease / cost[-1]) if counts and -slope > MIN_STANDARD_ERRORS * error else None


def line(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Return the least-squares slope of y on x, both (n,), and its standard error."""
    x, y = x - x.mean(), y - y.mean()
    slope = float(x @ y / (x @ x))
    residual = float(((y - slope * x) ** 2).sum()) / (len(x) - 2)
    return slope, float(np.sqrt(residual / (x @ x)))
