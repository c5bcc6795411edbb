"""The best value over all other hyperparameters, for each value of one."""

from dataclasses import dataclass

from dnnsearch.config.dimensions import Choices
from dnnsearch.reporting.analysis.axis import Axis, rank
from dnnsearch.reporting.analysis.report_data import ReportData
from dnnsearch.study.leaderboard.ranking import Row
from dnnsearch.trials.spec import Value

BINS = 8  # of a range


@dataclass(frozen=True)
class Group:
    """The finished trials with one value, or with values between two."""

    low: Value
    high: Value
    best: Row
    count: int

    @property
    def label(self) -> str:
        short = [v if isinstance(v, str) else f"{v:.3g}" for v in (self.low, self.high)]
        return short[0] if short[0] == short[1] else f"{short[0]} to {short[1]}"


def isolation(material: ReportData, axis: Axis) -> list[Group]:
    """In the order of the axis; a group without a finished trial is left out."""
    groups: dict[int, list[Row]] = {}
    for row in material.finished:
        place = axis.place(row.params)
        if place is not None:
            groups.setdefault(_bin(axis, place), []).append(row)
    return [_group(axis, rows) for _, rows in sorted(groups.items())]


def _bin(axis: Axis, place: float) -> int:
    if isinstance(axis.dimension, Choices):
        return round(place * (len(axis.values) - 1))
    return min(int(place * BINS), BINS - 1)


def _group(axis: Axis, rows: list[Row]) -> Group:
    """The rows come best first."""
    values = sorted((axis.value(row.params) for row in rows), key=rank)
    return Group(values[0], values[-1], rows[0], len(rows))
