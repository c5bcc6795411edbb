"""From columns to the network's inputs: fitted on train alone, then applied to any rows.

Numbers: a missing value becomes the median of train, and a separate input marks that it was
missing; then the column is transformed by its role (`transformations`) and standardised.
Categories become one input for each level; rare and unseen levels share the input `other`. What was
fitted is arrays and a JSON document, so that it can be stored without pickle.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from dnnsearch.data.cells import NO_FORMAT, CellFormat, as_levels
from dnnsearch.data.date_parts import DAYS, DateParts
from dnnsearch.data.files.reading_version import BEFORE, FIRST, Reading
from dnnsearch.data.files.sheet import column as plain_column
from dnnsearch.data.files.sheet import with_columns
from dnnsearch.data.raw_columns import as_numbers, chosen, is_plain_number
from dnnsearch.data.target import texts
from dnnsearch.data.transformations import (
    TRANSFORMATIONS,
    Roles,
    blocks,
    fit_numbers,
    in_order,
    stored_roles,
    transformed,
    typical_numbers,
)
from dnnsearch.nn.arithmetic import FAST, Arithmetic

MAX_LEVELS = 50  # of a category; the others share the input `other`
# A level has a separate input if it has at least this many examples of train, and one in this many
# rows. Whether text is a category at all is decided on the whole table: see column_roles.
MIN_EXAMPLES_PER_LEVEL, MAX_ROWS_PER_EXAMPLE = 2, 500
MIN_EXAMPLES_IF_ASKED = 5  # of a level, if the config says how many levels have inputs


@dataclass(frozen=True)
class Preparation:
    """What was fitted. Inputs are in this order: numbers by role, missing-indicators, levels."""

    names: tuple[str, ...]  # of the columns that are used, in the order of the file
    columns: Roles
    gaps: tuple[str, ...]  # numeric columns with missing values in train
    levels: dict[str, tuple[str, ...]]  # category -> levels; "" is missing
    rare: tuple[str, ...]  # categories that have an input for other levels
    arrays: dict[str, np.ndarray]  # median, mean, scale (numeric columns,); (q, columns) by role
    # Shares of train's rows whose level is another, and that miss the column; of the first reading
    # they are not known.
    seen: dict[str, tuple[float, float]] = field(default_factory=dict)
    dates: dict[str, DateParts] = field(default_factory=dict)
    arithmetic: Arithmetic = FAST  # of the study; what is stored does not have it

    @cached_property
    def numeric(self) -> list[str]:
        """The numeric columns, in the order of their inputs."""
        return in_order(self.columns)

    @cached_property
    def feature_names(self) -> tuple[str, ...]:
        """The names of the inputs, (n_x,)."""
        gaps = [f"{name} is missing" for name in self.gaps]
        levels = [f"{n}={level or 'missing'}" for n in self.levels for level in self._inputs(n)]
        return (*self.numeric, *gaps, *levels)

    def _inputs(self, name: str) -> tuple[str, ...]:
        return self.levels[name] + (("other",) if name in self.rare else ())

    def apply(self, frame: pd.DataFrame, dtype: Any) -> np.ndarray:
        """Return the inputs (m, n_x) of m rows.

        Raise ValueError if a column is missing, or has text instead of numbers.
        """
        frame = with_parts(frame, self.dates, self.arithmetic)
        frame = as_numbers(chosen(frame, [*self.numeric, *self.levels]), self.numeric)
        out = np.zeros((len(frame), len(self.feature_names)), dtype)
        if self.numeric:
            for rows in blocks(len(frame)):
                self._numbers(frame.iloc[rows], out[rows])
        self._categories(frame, out)
        return out

    def _numbers(self, frame: pd.DataFrame, out: np.ndarray) -> None:
        """Write the numbers, then the missing-indicators, into the first columns of `out`."""
        names = self.numeric
        values = frame[names].to_numpy(np.float64)
        for j, name in enumerate(self.gaps, start=len(names)):
            out[:, j] = np.isnan(values[:, names.index(name)])
        values = transformed(values, self.columns, self.arrays, self.arithmetic)
        out[:, : len(names)] = (values - self.arrays["mean"]) / self.arrays["scale"]

    def _categories(self, frame: pd.DataFrame, out: np.ndarray) -> None:
        start = len(self.numeric) + len(self.gaps)
        for name, levels in self.levels.items():
            codes, found = _levels(frame[name])
            places = {level: place for place, level in enumerate(levels)}
            columns = np.array([places.get(level, len(levels)) for level in found])[codes]
            seen = columns < len(self._inputs(name))  # the input after the levels is `other`
            out[np.flatnonzero(seen), start + columns[seen]] = 1
            start += len(self._inputs(name))

    def respelled(self, frame: pd.DataFrame, cell_format: CellFormat = NO_FORMAT) -> pd.DataFrame:
        """Return the frame with categories spelled as their levels are: `007` is `7`."""
        typed = cell_format.reading.has("levels match by their number or truth")
        for name, levels in self.levels.items():
            if name in frame.columns and (typed or not is_plain_number(frame[name])):
                cells = _as_text(frame[name])
                new = as_levels(cells.dropna().unique(), levels, cell_format)
                frame = with_columns(frame, {name: cells.replace(new)}) if new else frame
        return frame

    def typical(self) -> dict[str, Any]:
        """Return one made-up row: a value in the middle of each number, a level of each category.

        No row of train is in it.
        """
        levels = {name: (levels or ("",))[0] for name, levels in self.levels.items()}
        numbers = typical_numbers(self.columns, self.arrays)
        row: dict[str, Any] = {**numbers, **levels}
        row |= {
            name: parts.typical(numbers[f"{name}: {DAYS}"]) for name, parts in self.dates.items()
        }
        return {name: row[name] for name in self.names}

    def shares(self, frame: pd.DataFrame) -> dict[str, tuple[float, float]]:
        """Return of each column the shares of rows with another level, and of rows without one.

        A missing value that is a level of its own counts as neither.
        """
        others = [name for name in self.names if name not in self.levels]
        found = {name: (0.0, float(frame[name].isna().mean())) for name in others}
        for name, levels in self.levels.items():
            codes, names = _levels(frame[name])
            known = np.array([level in levels for level in names])[codes]
            gaps = np.array([level == "" for level in names])[codes]
            found[name] = (float((~known & ~gaps).mean()), float((~known & gaps).mean()))
        return found

    def of_column(self, name: str) -> Any:
        """Return what was fitted of one column; None if it is not used."""
        if name in self.levels:
            return self._inputs(name)
        if name in self.dates:
            return self.dates[name]
        if name not in self.numeric:
            return None
        moments = [
            self.arrays[key][self.numeric.index(name)] for key in ("median", "mean", "scale")
        ]
        return (name in self.gaps, *moments)

    def document(self) -> dict[str, Any]:
        """Return everything but the arrays, JSON-able."""
        return {
            "names": list(self.names),
            "columns": {role: list(self.columns[role]) for role in stored_roles(self.columns)},
            "gaps": list(self.gaps),
            "levels": {name: list(levels) for name, levels in self.levels.items()},
            "rare": list(self.rare),
            **({"seen": {n: list(shares) for n, shares in self.seen.items()}} if self.seen else {}),
            **(
                {"dates": {n: one.as_dict() for n, one in self.dates.items()}} if self.dates else {}
            ),
        }

    @classmethod
    def from_document(
        cls, document: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
    ) -> "Preparation":
        """Return the inverse of `document`, with the arrays.

        The order of the roles is that of TRANSFORMATIONS and the order of the levels that of
        `names`, because JSON with sorted keys has lost both. Raise ValueError for an unknown role.
        """
        columns = document["columns"]
        for role in columns:
            if role not in TRANSFORMATIONS:
                raise ValueError(f"a stored preparation has the unknown role {role!r}")
        return cls(
            tuple(document["names"]),
            {role: tuple(columns.get(role, ())) for role in TRANSFORMATIONS},
            tuple(document["gaps"]),
            {n: tuple(document["levels"][n]) for n in document["names"] if n in document["levels"]},
            tuple(document["rare"]),
            {name: np.asarray(array) for name, array in arrays.items()},
            {n: (other, gap) for n, (other, gap) in document.get("seen", {}).items()},
            {n: DateParts.from_dict(one) for n, one in document.get("dates", {}).items()},
        )


def with_parts(
    frame: pd.DataFrame, dates: Mapping[str, DateParts], arithmetic: Arithmetic = FAST
) -> pd.DataFrame:
    """Return the frame with the parts of its columns of dates, which are datetime64."""
    if not dates:
        return frame
    parts = [
        pd.DataFrame(one.numbers(name, frame[name], arithmetic)) for name, one in dates.items()
    ]
    return pd.concat([frame, *parts], axis=1)


def _as_text(series: pd.Series) -> pd.Series:
    """Return the cells as the text of levels, NA if missing."""
    if not is_plain_number(series):
        return plain_column(series, numbers=False)
    text = pd.Series(texts(series), index=series.index, dtype="str")
    return text.mask(series.isna())


def _levels(series: pd.Series) -> tuple[np.ndarray, list[str]]:
    """Return a code for each row, and the level of each code as text; "" is missing."""
    series = series if is_plain_number(series) else plain_column(series, numbers=False)
    codes, kinds = pd.factorize(series)
    levels = [str(level) for level in texts(pd.Series(kinds))]
    return np.where(codes < 0, len(levels), codes), [*levels, ""]


def fit(
    frame: pd.DataFrame,
    roles: Mapping[str, str],
    reading: Reading = BEFORE,
    dates: Mapping[str, DateParts] | None = None,
    arithmetic: Arithmetic = FAST,
    levels: int | None = None,
) -> Preparation:
    """Return what is fitted on the rows of train; `roles` has the role of each used column.

    `dates` says what each column of dates becomes; `levels` is how many levels of a category may
    have an input each, if the config says so.
    """
    dates = dict(dates or {})
    frame = with_parts(frame, dates, arithmetic)
    columns = {role: tuple(n for n in roles if roles[n] == role) for role in TRANSFORMATIONS}
    parts = {name for column, one in dates.items() for name in one.names(column)}
    columns["number"] += tuple(n for column, one in dates.items() for n in one.names(column))
    names = in_order(columns)
    one_each = {name for name in parts if name.endswith(f": {DAYS}")}
    may_lack = [name for name in names if name not in parts or name in one_each]
    gaps = tuple(name for name in may_lack if frame[name].isna().any())
    categories = {n: frequent(frame[n], levels) for n in roles if roles[n] == "category"}
    kept = {name: one.kept for name, one in categories.items()}
    rare = tuple(name for name, one in categories.items() if len(one.kept) < len(one.counts))
    arrays = fit_numbers(frame[names], columns, arithmetic, reading)
    fitted = Preparation(
        tuple(roles), columns, gaps, kept, rare, arrays, dates=dates, arithmetic=arithmetic
    )
    return replace(fitted, seen=fitted.shares(frame)) if reading.version > FIRST else fitted


class Levels(NamedTuple):
    """The levels of a category in some rows; the empty text is a missing value."""

    kept: tuple[str, ...]  # those that have an input each, sorted
    counts: dict[str, int]  # of all levels, the most frequent ones first


def frequent(series: pd.Series, most: int | None = None) -> Levels:
    """Return which levels of a category, seen in the rows of train, have an input of their own.

    They are the most frequent ones: `most` of them, if the config says so, or MAX_LEVELS.
    """
    codes, levels = _levels(series)
    counts = np.bincount(codes, minlength=len(levels))
    least = max(MIN_EXAMPLES_PER_LEVEL, len(codes) // MAX_ROWS_PER_EXAMPLE)
    if most is not None:
        least = MIN_EXAMPLES_IF_ASKED
    there = [i for i in np.argsort(-counts, kind="stable").tolist() if counts[i]]
    kept = [i for i in there[: most or MAX_LEVELS] if counts[i] >= least] or there[:1]
    by_level = {levels[i]: int(counts[i]) for i in there}
    return Levels(tuple(sorted(levels[i] for i in kept)), by_level)


def inputs(
    fitted: Sequence[Preparation], frame: pd.DataFrame, rows: np.ndarray, dtype: str
) -> np.ndarray:
    """Return the inputs of rows (m,), or of (folds, m) by each fold's own preparation."""
    if rows.ndim == 1:
        return fitted[0].apply(frame.iloc[rows], dtype)
    return np.stack([p.apply(frame.iloc[r], dtype) for p, r in zip(fitted, rows)])
