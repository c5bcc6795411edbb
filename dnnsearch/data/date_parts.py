"""A date as numbers: what of it varies, cyclic parts by sine and cosine.

The parts are chosen on the whole table and are the same in all folds. A date is datetime64, NaT if
it is missing; its parts are float64, NaN if it is missing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from dnnsearch.nn.arithmetic import FAST, Arithmetic

DAYS = "days"  # the part that has the indicator of a missing date
MICROSECONDS_PER_DAY = 86_400_000_000


def days(dates: pd.Series) -> pd.Series:
    """Return the days since 1970-01-01, with fractions."""
    found = dates.to_numpy("datetime64[us]").view(np.int64) / MICROSECONDS_PER_DAY
    since: pd.Series = pd.Series(np.where(dates.isna(), np.nan, found), index=dates.index)
    return since


def _hours(dates: pd.Series) -> pd.Series:
    hours: pd.Series = dates.dt.hour + dates.dt.minute / 60 + dates.dt.second / 3600
    return hours


@dataclass(frozen=True)
class Part:
    """One number that a date has; with a period, it is cyclic."""

    value: Callable[[pd.Series], pd.Series]
    period: float = 0.0


PARTS: dict[str, Part] = {
    DAYS: Part(days),
    "year": Part(lambda dates: dates.dt.year),
    "month": Part(lambda dates: dates.dt.month - 1, 12),
    "day of year": Part(lambda dates: dates.dt.day_of_year - 1, 365.25),
    "weekday": Part(lambda dates: dates.dt.day_of_week, 7),
    "hour": Part(_hours, 24),
}


@dataclass(frozen=True)
class DateParts:
    """What a column of dates becomes: days since `first`, in days since 1970, and other parts."""

    first: float
    parts: tuple[str, ...]

    @classmethod
    def of(cls, dates: pd.Series) -> "DateParts":
        """Return the parts that vary in the column."""
        there = dates.dropna()
        varying = [name for name, part in PARTS.items() if part.value(there).nunique() > 1]
        first = float(days(there).min()) if len(there) else 0.0
        return cls(first, (DAYS, *(name for name in varying if name != DAYS)))

    def as_dict(self) -> dict[str, Any]:
        """Return it JSON-able."""
        return {"first": self.first, "parts": list(self.parts)}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> "DateParts":
        """Return the inverse of `as_dict`."""
        return cls(float(document["first"]), tuple(document["parts"]))

    def typical(self, since_first: float) -> str:
        """Return a date, that many days after the first, as text."""
        date = pd.Timestamp(0) + pd.Timedelta(days=self.first + since_first)
        return date.round("s").isoformat()

    def names(self, column: str) -> list[str]:
        """Return the names of the inputs."""
        return [f"{column}: {name}{end}" for name in self.parts for end in _ends(name)]

    def numbers(
        self, column: str, dates: pd.Series, arithmetic: Arithmetic = FAST
    ) -> dict[str, pd.Series]:
        """Return the inputs by name."""
        values: list[Any] = []
        for name in self.parts:
            part = PARTS[name]
            value = part.value(dates).astype(np.float64)
            if part.period:
                angle = 2 * np.pi * value / part.period
                values += _sine_and_cosine(angle, arithmetic)
            else:
                values.append(value - self.first if name == DAYS else value)
        return dict(zip(self.names(column), values))


def _sine_and_cosine(angle: pd.Series, arithmetic: Arithmetic) -> list[Any]:
    if arithmetic is FAST:
        return [np.sin(angle), np.cos(angle)]
    kinds, places = np.unique(angle.to_numpy(np.float64), return_inverse=True)
    there = np.isfinite(kinds)
    both = []
    for shift in (np.pi / 2, 0.0):
        values = np.full(kinds.shape, np.nan)
        values[there] = [arithmetic.cos(kind - shift) for kind in kinds[there].tolist()]
        both.append(pd.Series(values[places], index=angle.index))
    return both


def _ends(name: str) -> tuple[str, ...]:
    return (" (sine)", " (cosine)") if PARTS[name].period else ("",)
