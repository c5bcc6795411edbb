"""The Pareto front of the finished trials: objective against arithmetic of the training."""

from dataclasses import dataclass

from dnnsearch.reporting.analysis.report_data import ReportData
from dnnsearch.study.leaderboard.ranking import Row


@dataclass(frozen=True)
class TrialCost:
    """A finished trial with the multiply-adds of its training."""

    row: Row
    multiply_adds: int

    @property
    def value(self) -> float:
        assert self.row.value is not None
        return self.row.value


def trial_costs(data: ReportData) -> list[TrialCost]:
    """Return the finished trials with their cost, the best first."""
    return [TrialCost(r, data.trial_curves[r.number].multiply_adds) for r in data.finished]


def pareto_front(trials: list[TrialCost], sign: int) -> list[TrialCost]:
    """Return the trials that are better than every cheaper one, the cheapest first.

    `sign` is 1 if a larger value is better, else -1.
    """
    kept: list[TrialCost] = []
    for trial in sorted(trials, key=lambda t: (t.multiply_adds, -sign * t.value)):
        if not kept or sign * trial.value > sign * kept[-1].value:
            kept.append(trial)
    return kept
