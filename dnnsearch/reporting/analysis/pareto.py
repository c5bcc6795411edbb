"""Which trials nobody beats both in value and in the arithmetic that they took."""

from dataclasses import dataclass

from dnnsearch.reporting.analysis.report_data import ReportData
from dnnsearch.study.leaderboard.ranking import Row


@dataclass(frozen=True)
class Priced:
    """A finished trial with its price."""

    row: Row
    multiply_adds: int

    @property
    def value(self) -> float:
        assert self.row.value is not None
        return self.row.value


def priced(material: ReportData) -> list[Priced]:
    """The finished trials, the best first."""
    return [Priced(r, material.courses[r.number].multiply_adds) for r in material.finished]


def front(trials: list[Priced], sign: int) -> list[Priced]:
    """Those that are better than every cheaper one, the cheapest first.

    `sign` is 1 where a larger value is better, else -1.
    """
    kept: list[Priced] = []
    for trial in sorted(trials, key=lambda t: (t.multiply_adds, -sign * t.value)):
        if not kept or sign * trial.value > sign * kept[-1].value:
            kept.append(trial)
    return kept
