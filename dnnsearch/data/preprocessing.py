"""From columns to the network's inputs: fitted on train only, then applied to whatever comes.

Numbers: missing ones become the median, with an input of their own that says so; then standardised,
or by quantiles made normal. Pixels share one mean and one scale. Categories become one input for
each level; rare levels share the input `other`, unseen ones too. What was fitted is arrays and a
JSON document, so that it can be kept without pickle.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from dnnsearch.data.files.sheet import column as plain_column
from dnnsearch.data.files.sheet import numeric, with_columns
from dnnsearch.data.files.source import NUMERIC
from dnnsearch.data.target import check_range, texts
from dnnsearch.validators import show

ROWS = 4096  # that are prepared at a time, so that memory stays near that of the result
MOST_QUANTILES = 200
MOST_LEVELS = 50
FEWEST, RARE = 2, 500  # a level of its own has so many examples, and one in so many


@dataclass(frozen=True)
class Preparation:
    """What was fitted. Inputs stand in this order: numbers, quantiles, pixels, gaps, levels."""

    names: tuple[str, ...]  # of the columns that are used, as they stand in the file
    columns: dict[str, tuple[str, ...]]  # role -> names
    gaps: tuple[str, ...]  # numeric columns with missing values in train
    levels: dict[str, tuple[str, ...]]  # category -> levels; "" is missing
    rare: tuple[str, ...]  # categories that have an input for other levels
    arrays: dict[str, np.ndarray]  # median, mean, scale (numeric columns,); quantiles (q, columns)

    @cached_property
    def numeric(self) -> list[str]:
        return [name for role in NUMERIC for name in self.columns[role]]

    @cached_property
    def feature_names(self) -> tuple[str, ...]:
        """Of the inputs, (n_x,)."""
        gaps = [f"{name} is missing" for name in self.gaps]
        levels = [f"{n}={level or 'missing'}" for n in self.levels for level in self._inputs(n)]
        return (*self.numeric, *gaps, *levels)

    def _inputs(self, name: str) -> tuple[str, ...]:
        return self.levels[name] + (("other",) if name in self.rare else ())

    def apply(self, frame: pd.DataFrame, dtype: Any) -> np.ndarray:
        """The inputs (m, n_x) of the rows; raises ValueError where a column is missing or wrong."""
        frame = self._checked(frame)
        out = np.zeros((len(frame), len(self.feature_names)), dtype)
        for start in range(0, len(frame), ROWS):
            rows = slice(start, start + ROWS)
            self._numbers(frame.iloc[rows], out[rows])
        self._categories(frame, out)
        return out

    def _checked(self, frame: pd.DataFrame) -> pd.DataFrame:
        return as_numbers(chosen(frame, [*self.numeric, *self.levels]), self.numeric)

    def _numbers(self, frame: pd.DataFrame, out: np.ndarray) -> None:
        """Into the first columns of `out`: imputed, transformed, standardised; then the gaps."""
        names = self.numeric
        if not names:
            return
        values = frame[names].to_numpy(np.float64)
        for j, name in enumerate(self.gaps, start=len(names)):
            out[:, j] = np.isnan(values[:, names.index(name)])
        values = np.where(np.isnan(values), self.arrays["median"], values)
        first = len(self.columns["number"])
        here = slice(first, first + len(self.columns["quantile"]))
        if here.stop > here.start:
            values[:, here] = self._quantiles.transform(values[:, here])
        out[:, : len(names)] = (values - self.arrays["mean"]) / self.arrays["scale"]

    @cached_property
    def _quantiles(self) -> Any:
        """scikit-learn's transformer, put together again from its arrays."""
        from sklearn.preprocessing import QuantileTransformer

        quantiles = self.arrays["quantiles"]
        transformer = QuantileTransformer(output_distribution="normal", n_quantiles=len(quantiles))
        transformer.quantiles_, transformer.n_quantiles_ = quantiles, len(quantiles)
        transformer.references_ = np.linspace(0, 1, len(quantiles))
        transformer.n_features_in_ = quantiles.shape[1]
        return transformer

    def _categories(self, frame: pd.DataFrame, out: np.ndarray) -> None:
        start = len(self.numeric) + len(self.gaps)
        for name, levels in self.levels.items():
            codes, found = _levels(frame[name])
            places = {level: place for place, level in enumerate(levels)}
            columns = np.array([places.get(level, len(levels)) for level in found])[codes]
            seen = columns < len(self._inputs(name))  # behind the levels stands `other`
            out[np.flatnonzero(seen), start + columns[seen]] = 1
            start += len(self._inputs(name))

    def respelled(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Numbers among the texts of categories spelled as the levels are: `7.0`, `007` are `7`."""
        for name, levels in self.levels.items():
            if name in frame.columns and not _is_numeric(frame[name]):
                cells = plain_column(frame[name], numbers=False)
                kinds = numeric(pd.Series(cells.dropna().unique(), dtype="str")).dropna()
                spelled = zip(cells.dropna().unique()[kinds.index], texts(kinds))
                new = {k: v for k, v in spelled if k not in levels and v in levels}
                frame = with_columns(frame, {name: cells.replace(new)}) if new else frame
        return frame

    def document(self) -> dict[str, Any]:
        """JSON-able: all but the arrays."""
        return {
            "names": list(self.names),
            "columns": {role: list(names) for role, names in self.columns.items()},
            "gaps": list(self.gaps),
            "levels": {name: list(levels) for name, levels in self.levels.items()},
            "rare": list(self.rare),
        }

    @classmethod
    def from_document(
        cls, document: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
    ) -> "Preparation":
        """The inverse of `document`, with the arrays beside it.

        Inputs stand in the order of `names`: JSON with sorted keys has lost that of the levels.
        """
        return cls(
            tuple(document["names"]),
            {role: tuple(names) for role, names in document["columns"].items()},
            tuple(document["gaps"]),
            {n: tuple(document["levels"][n]) for n in document["names"] if n in document["levels"]},
            tuple(document["rare"]),
            {name: np.asarray(arrays[name]) for name in ARRAYS},
        )


ARRAYS = ("median", "mean", "scale", "quantiles")


def chosen(frame: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """These columns of the frame; raises ValueError where one is missing or there twice."""
    there = Counter(frame.columns)
    for name in names:
        if there[name] != 1:
            what = f"have {there[name]} of that name" if there[name] else "do not"
            raise ValueError(f"the rows must have the column {name!r}, and {what}")
    return frame if list(frame.columns) == list(names) else frame[list(names)]  # that would copy


def as_numbers(frame: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """The frame with numbers in these columns; ValueError where one has anything else."""
    for name in names:
        series = frame[name]
        if not _is_numeric(series):
            series = plain_column(series, codes=False)
            if not _is_numeric(series):
                text = series[series.notna() & numeric(series).isna()].iloc[0]
                raise ValueError(f"column {name!r} must be numbers, but has {show(text)}")
            frame = with_columns(frame, {name: series})
        if series.dtype.kind == "f":
            check_range(name, series.to_numpy())
    return frame


def _is_numeric(series: pd.Series) -> bool:
    return isinstance(series.dtype, np.dtype) and series.dtype.kind in "iuf"


def _levels(series: pd.Series) -> tuple[np.ndarray, list[str]]:
    """A code for each row, and the levels as text that the codes stand for; "" is missing."""
    series = series if _is_numeric(series) else plain_column(series, numbers=False)
    codes, kinds = pd.factorize(series)
    levels = [str(level) for level in texts(pd.Series(kinds))]
    return np.where(codes < 0, len(levels), codes), [*levels, ""]


def fit(frame: pd.DataFrame, roles: Mapping[str, str]) -> Preparation:
    """Fit on the rows of train alone; `roles` has the role of each column."""
    columns = {role: tuple(n for n in roles if roles[n] == role) for role in NUMERIC}
    names = [name for role in NUMERIC for name in columns[role]]
    gaps = tuple(name for name in names if frame[name].isna().any())
    categories = {n: _frequent(*_levels(frame[n])) for n in roles if roles[n] == "category"}
    levels = {name: kept for name, (kept, _) in categories.items()}
    rare = tuple(name for name, (_, has_rare) in categories.items() if has_rare)
    arrays = _fit_numbers(frame[names], columns)
    return Preparation(tuple(roles), columns, gaps, levels, rare, arrays)


def aligned(fitted: Sequence[Preparation]) -> list[Preparation]:
    """Preparations with the same inputs, so that folds stack.

    A level has an input of its own where it has one in every fold, a column one for its gaps where
    it has gaps in any.
    """
    first = fitted[0]
    levels = {
        name: tuple(v for v in kept if all(v in one.levels[name] for one in fitted))
        for name, kept in first.levels.items()
    }
    rare = {
        n for one in fitted for n in first.levels if n in one.rare or one.levels[n] != levels[n]
    }
    gaps = {name for one in fitted for name in one.gaps}
    return [
        replace(
            one,
            levels=levels,
            rare=tuple(name for name in levels if name in rare),
            gaps=tuple(name for name in first.numeric if name in gaps),
        )
        for one in fitted
    ]


def _frequent(codes: np.ndarray, levels: Sequence[str]) -> tuple[tuple[str, ...], bool]:
    """The levels with an input of their own, and whether there are others."""
    counts = np.bincount(codes, minlength=len(levels))
    least = max(FEWEST, len(codes) // RARE)
    there = [i for i in np.argsort(-counts, kind="stable").tolist() if counts[i]]
    kept = [levels[i] for i in there[:MOST_LEVELS] if counts[i] >= least] or [levels[there[0]]]
    return tuple(sorted(kept)), len(kept) < len(there)


def _fit_numbers(frame: pd.DataFrame, columns: dict[str, tuple[str, ...]]) -> dict[str, Any]:
    """Median, mean and scale of every numeric column, quantiles of some."""
    median = np.array([_median(frame[name]) for name in frame])
    quantiles = _fit_quantiles(frame[list(columns["quantile"])].fillna(dict(zip(frame, median))))
    partial = Preparation(
        (),
        columns,
        (),
        {},
        (),
        {"median": median, "mean": np.array(0.0), "scale": np.array(1.0), "quantiles": quantiles},
    )
    mean, scale = _moments(partial, frame)
    pixels = slice(len(frame.columns) - len(columns["pixel"]), None)
    if columns["pixel"]:  # one for all: a corner that is nearly always black stays quiet
        mean[pixels], scale[pixels] = _together(mean[pixels], scale[pixels])
    return {"median": median, "mean": mean, "scale": scale, "quantiles": quantiles}


def _median(series: pd.Series) -> float:
    if series.dtype.kind in "iu":
        return 0.0  # nothing is missing, so nobody asks
    value = series.median()
    return 0.0 if np.isnan(value) else float(value)


def _fit_quantiles(frame: pd.DataFrame) -> np.ndarray:
    """(q, columns) by scikit-learn."""
    from sklearn.preprocessing import QuantileTransformer

    if frame.shape[1] == 0:
        return np.empty((0, 0))
    count = min(MOST_QUANTILES, len(frame))
    transformer = QuantileTransformer(
        output_distribution="normal", n_quantiles=count, subsample=None
    )
    return np.asarray(transformer.fit(frame.to_numpy(np.float64)).quantiles_)


def _moments(partial: Preparation, frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of the transformed columns, by scikit-learn, block by block."""
    from sklearn.preprocessing import StandardScaler

    if frame.shape[1] == 0:
        return np.empty(0), np.empty(0)
    scaler = StandardScaler()
    for block in _blocks(partial, frame):
        scaler.partial_fit(block)
    return np.asarray(scaler.mean_), np.asarray(scaler.scale_)


def _blocks(partial: Preparation, frame: pd.DataFrame) -> Iterator[np.ndarray]:
    for start in range(0, len(frame), ROWS):
        rows = frame.iloc[start : start + ROWS]
        out = np.empty(rows.shape)
        partial._numbers(rows, out)
        yield out


def _together(mean: np.ndarray, scale: np.ndarray) -> tuple[float, float]:
    """The mean and the standard deviation of all columns taken as one."""
    middle = mean.mean()
    variance = np.mean(np.where(scale == 1, 0, scale**2) + (mean - middle) ** 2)
    return float(middle), float(np.sqrt(variance)) or 1.0
