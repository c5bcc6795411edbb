"""The best objective for each value of one hyperparameter, over all values of the others."""

from dataclasses import dataclass

from dnnsearch.config.dimensions import Choices
from dnnsearch.reporting.analysis.axis import Axis, rank
from dnnsearch.reporting.analysis.report_data import ReportData
from dnnsearch.study.leaderboard.ranking import Row
from dnnsearch.trials.hyperparameter_row import Value

BINS_PER_RANGE = 8


@dataclass(frozen=True)
class Group:
    """The finished trials with one value of a choice, or in one bin of a range."""

    low: Value
    high: Value
    best: Row
    count: int

    @property
    def label(self) -> str:
        short = [v if isinstance(v, str) else f"{v:.3g}" for v in (self.low, self.high)]
        return short[0] if short[0] == short[1] else f"{short[0]} to {short[1]}"


def isolation(data: ReportData, axis: Axis) -> list[Group]:
    """Return the groups in the order of the axis, without the empty ones."""
    groups: dict[int, list[Row]] = {}
    for row in data.finished:
        place = axis.place(row.params)
        if place is not None:
            groups.setdefault(_bin(axis, place), []).append(row)
    found = []
    for _, rows in sorted(groups.items()):  # each group has its best row first
        values = sorted((axis.value(row.params) for row in rows), key=rank)
        found.append(Group(values[0], values[-1], rows[0], len(rows)))
    return found


def _bin(axis: Axis, place: float) -> int:
    if isinstance(axis.dimension, Choices):
        return round(place * (len(axis.values) - 1))
    return min(int(place * BINS_PER_RANGE), BINS_PER_RANGE - 1)
