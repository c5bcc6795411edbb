"""The columns of the data, and the inputs of a network that each of them becomes.

A number is one input, and perhaps a second one that marks gaps; a category is one input for each
level; a date is one for each of its parts. Here a column is found again among prepared inputs, its
values are read back from them, and other values are prepared as the training's file was.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from dnnsearch.data.column_inputs import ColumnInputs
from dnnsearch.data.date_parts import DAYS, DateParts
from dnnsearch.data.files.source import DATE
from dnnsearch.data.model_inputs import ModelInputs, inputs
from dnnsearch.data.preprocessing import Preparation

CATEGORY, NUMBER = "category", "number"
OTHER = "(other)"  # stands for all levels that share an input
DAY, MINUTE = "%Y-%m-%d", "%Y-%m-%d %H:%M"  # how dates are shown
DIGITS = 6  # of a number that was read back
FLOAT32_DIGITS = 5  # behind the first one of a column's scale


@dataclass(frozen=True)
class InputColumns:
    """The columns of what was fitted on train, with K folds of K preparations."""

    fitted: ModelInputs

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray], names: Sequence[str]) -> "InputColumns":
        """Return the columns of the arrays stored with a test set; `names` are of the inputs."""
        return cls(inputs(arrays, names))

    @property
    def kinds(self) -> dict[str, str]:
        """Each column, in the order of the file: `number`, `category` or `date`."""
        return self.fitted.kinds

    def places(self) -> dict[str, np.ndarray]:
        """Return which inputs each column becomes: their indices among the n_x inputs."""
        if not isinstance(self.fitted, ColumnInputs):
            return {name: np.array([i]) for i, name in enumerate(self.kinds)}
        owners = _owners(self.fitted.fitted[0])
        found = {
            name: [i for i, owner in enumerate(owners) if owner == name] for name in self.kinds
        }
        return {name: np.array(indices, int) for name, indices in found.items()}

    def values(self, name: str, X: np.ndarray) -> np.ndarray:
        """Return the column's values (...) in prepared rows X (..., n_x), with folds (K, m, n_x).

        Numbers are float64, NaN if missing; dates are text, `""` if missing; categories are levels,
        `(other)` for those without an input of their own, `""` if missing.
        """
        if not isinstance(self.fitted, ColumnInputs):
            scaled = self.fitted.arrays()
            at = list(self.kinds).index(name)
            mean, scale = (scaled[key][..., at, np.newaxis] for key in ("mean", "scale"))
            return _rounded(X[..., at].astype(np.float64) * scale + mean, scale)
        if X.ndim == 2:
            return self._of_one(self.fitted.fitted[0], name, X)
        each = zip(self.fitted.fitted, X, strict=True)
        return np.stack([self._of_one(one, name, rows) for one, rows in each])

    def _of_one(self, one: Preparation, name: str, X: np.ndarray) -> np.ndarray:
        at = self.places()[name]
        if name in one.levels:
            return _levels(one, name, X[:, at])
        if name in one.dates:
            since = _numbers(one, f"{name}: {DAYS}", X)
            form = _date_form(one.dates[name])
            return np.array([_date(one.dates[name].first + days, form) for days in since], object)
        is_linear = name not in one.columns.get("quantile", ())
        scale = one.arrays["scale"][one.numeric.index(name)] if is_linear else None
        return _rounded(_numbers(one, name, X), scale)

    def prepared(self, name: str, values: Sequence[Any], dtype: Any) -> np.ndarray:
        """Return prepared rows, (values, n_x) or (K, values, n_x), in which the column has these.

        The values are such as `values` returns; the other columns have typical ones.
        """
        frame = pd.concat([self.fitted.typical()] * len(values), ignore_index=True)
        if not isinstance(self.fitted, ColumnInputs):
            return self.fitted.apply(frame.assign(**{name: np.asarray(values, float)}), dtype)
        for column, kind in self.kinds.items():
            cells = list(values) if column == name else frame[column].tolist()
            frame[column] = _typed(cells, kind, self.fitted.fitted[0].levels.get(column, ()))
        found = [one.apply(frame, dtype) for one in self.fitted.fitted]
        return np.stack(found) if len(found) > 1 else found[0]


def _owners(one: Preparation) -> list[str]:
    """Return of each input the column that it comes from, in the order of `feature_names`."""
    parts = {part: column for column, dates in one.dates.items() for part in dates.names(column)}
    levels = [name for name, own in one.levels.items() for _ in (*own, *_rare(one, name))]
    return [parts.get(name, name) for name in (*one.numeric, *one.gaps)] + levels


def _rare(one: Preparation, name: str) -> tuple[str, ...]:
    return (OTHER,) if name in one.rare else ()


def _levels(one: Preparation, name: str, X: np.ndarray) -> np.ndarray:
    """Return the level of each row of a category's inputs; without any it is an unseen one."""
    names = np.array([*one.levels[name], *_rare(one, name), OTHER], object)
    unseen = (X == 0).all(axis=1)
    return np.asarray(names[np.where(unseen, len(names) - 1, X.argmax(axis=1))])


def _numbers(one: Preparation, name: str, X: np.ndarray) -> np.ndarray:
    """Return the numbers of an input in the column's own unit, NaN where a gap is marked."""
    from scipy.special import ndtr

    at = one.numeric.index(name)
    found = X[:, at].astype(np.float64) * one.arrays["scale"][at] + one.arrays["mean"][at]
    quantiled = one.columns.get("quantile", ())
    if name in quantiled:  # the inverse of transformations.to_normal
        quantiles = one.arrays["quantiles"][:, quantiled.index(name)]
        found = np.interp(ndtr(found), np.linspace(0, 1, len(quantiles)), quantiles)
    if name in one.gaps:
        found[X[:, len(one.numeric) + one.gaps.index(name)] == 1] = np.nan
    return np.asarray(found)


def _rounded(numbers: np.ndarray, scale: np.ndarray | float | None = None) -> np.ndarray:
    """Return the numbers with the digits that a float32 input of this scale can tell."""
    if scale is not None:
        step = 10 ** (np.floor(np.log10(scale)) - FLOAT32_DIGITS)
        numbers = np.round(numbers / step) * step + 0.0
    texts = (f"{number:.{DIGITS}g}" for number in numbers.ravel())
    return np.fromiter(map(float, texts), np.float64).reshape(numbers.shape)


def _date_form(parts: DateParts) -> str:
    """Return the format in which dates with these parts are shown."""
    return MINUTE if "hour" in parts.parts else DAY


def _date(days: float, form: str) -> str:
    if np.isnan(days):
        return ""
    unit = "D" if form == DAY else "min"
    return (pd.Timestamp(0) + pd.Timedelta(days=days)).round(unit).strftime(form)


def _typed(cells: Sequence[Any], kind: str, levels: tuple[str, ...]) -> pd.Series:
    """Return the cells as a training's table has them: text of levels, dates or numbers."""
    if kind == DATE:
        return pd.to_datetime(pd.Series([cell or None for cell in cells]), format="ISO8601")
    if kind == NUMBER:
        return pd.Series(cells, dtype=np.float64)
    unseen = OTHER
    while unseen in levels:
        unseen += "*"
    known = [cell if cell in levels else unseen for cell in cells]
    return pd.Series([cell or None for cell in known], dtype="str")
