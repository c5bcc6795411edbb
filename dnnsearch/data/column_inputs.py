"""The inputs of a network that learnt from a table with columns: one preparation, or one a fold.

It stores what `preprocessing` fits, and takes raw rows in every form that a caller may have.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dnnsearch.data.cells import NO_FORMAT, CellFormat, plain_cells
from dnnsearch.data.date_parts import DAYS, PARTS, DateParts
from dnnsearch.data.files.source import DATE
from dnnsearch.data.preprocessing import Preparation
from dnnsearch.data.raw_columns import as_frame, chosen
from dnnsearch.data.table import as_bytes
from dnnsearch.data.transformations import (
    ALWAYS_STORED,
    TRANSFORMATIONS,
    Roles,
    array_names,
    in_order,
    places,
)
from dnnsearch.data.unusual_rows import RowWatch
from dnnsearch.validators import require, shortened

DOCUMENT = "preparation"  # the name of the JSON document among the arrays
Name = Annotated[str, Field(max_length=100_000)]


class StoredDate(BaseModel):
    """What a column of dates becomes, as `DateParts.as_dict` returns it."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    first: float
    parts: Annotated[list[Name], Field(min_length=1)]


class StoredPreparation(BaseModel):
    """The JSON of a preparation, as `Preparation.document` returns it; nothing is converted."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    names: list[Name]
    columns: dict[Name, list[Name]]
    gaps: list[Name]
    levels: dict[Name, list[Name]]
    rare: list[Name]
    seen: dict[Name, Annotated[list[float], Field(min_length=2, max_length=2)]] = {}
    dates: dict[Name, StoredDate] = {}


@dataclass(frozen=True)
class ColumnInputs:
    """The preparation of a table's columns; with folds, one for each."""

    fitted: list[Preparation]

    def apply(
        self,
        X: Any,
        dtype: Any,
        cell_format: CellFormat = NO_FORMAT,
        watch: RowWatch | None = None,
    ) -> np.ndarray:
        """Return the inputs (m, n_x) or (folds, m, n_x) of raw rows X.

        X is a DataFrame with the columns of the file, a list of records, or an array or a list
        with all the columns that are used, in their order. Raise ValueError if a column is missing
        or wrong. `watch` counts the rows that are unlike train's.
        """
        first = self.fitted[0]
        frame = plain_cells(chosen(self._frame(X), first.names), self.kinds, cell_format)
        frame = first.respelled(frame, cell_format)
        if watch is not None and len(frame):
            watch.add(len(frame), first.shares(frame), first.seen)
        inputs = [one.apply(frame, dtype) for one in self.fitted]
        return np.stack(inputs) if len(inputs) > 1 else inputs[0]

    def _frame(self, X: Any) -> pd.DataFrame:
        X = as_frame(X)
        if isinstance(X, pd.DataFrame):
            return X
        names = list(self.fitted[0].names)
        rows = np.asarray(X)
        rows = rows.reshape(len(rows), -1) if rows.ndim > 2 else rows
        if rows.ndim != 2 or rows.shape[1] != len(names):
            columns = shortened(names, 5)
            raise ValueError(f"X must be a DataFrame, or (m, {len(names)}) with {columns}")
        return pd.DataFrame(rows, columns=names).infer_objects()

    @property
    def kinds(self) -> dict[str, str]:
        """The columns that are needed, in the order of the file, each `number`, `category`
        or `date`.
        """
        one = self.fitted[0]
        of_dates = dict.fromkeys(one.dates, DATE)
        return {n: of_dates.get(n, "category" if n in one.levels else "number") for n in one.names}

    @property
    def shape(self) -> tuple[int, int]:
        """n_x, and the number of preparations: one, or one for each fold."""
        return len(self.fitted[0].feature_names), len(self.fitted)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return what `from_arrays` takes; each array but the document has a leading axis."""
        one = self.fitted[0]
        names = array_names(one.columns)
        arrays = {name: np.stack([each.arrays[name] for each in self.fitted]) for name in names}
        return {**arrays, DOCUMENT: as_bytes(one.document())}

    @classmethod
    def from_arrays(
        cls, arrays: Mapping[str, np.ndarray], names: Sequence[str] = ()
    ) -> "ColumnInputs":
        """Return the inverse of `arrays`; the names are in the document."""
        document = json.loads(np.asarray(arrays[DOCUMENT]).tobytes())
        own = array_names(document["columns"])
        each = [{n: arrays[n][i] for n in own} for i in range(len(arrays["median"]))]
        return cls([Preparation.from_document(document, one) for one in each])

    @staticmethod
    def check(arrays: Mapping[str, np.ndarray], names: Sequence[str]) -> None:
        """Raise ValueError if the arrays, from a model file, do not fit together."""
        found = _stored(arrays[DOCUMENT])
        columns = {role: tuple(names) for role, names in found.columns.items()}
        roles = set(columns)
        numeric = in_order(columns)
        levels = found.levels.values()
        dates = {n: DateParts.from_dict(one.model_dump()) for n, one in found.dates.items()}
        parts = [part for name, one in dates.items() for part in _parts(name, one)]
        require(
            {
                "columns: must have known roles": set(ALWAYS_STORED) <= roles <= {*TRANSFORMATIONS},
                "preprocessing: must have all its arrays and no other": set(arrays)
                == {DOCUMENT, *array_names(columns)},
                "names: must be distinct": _are_distinct(found.names),
                "names: must be those of the columns and levels": sorted(found.names)
                == sorted([*dates, *found.levels, *(n for n in numeric if n not in parts)]),
                "dates: must have known parts, which are numbers": set(parts)
                <= set(columns.get("number", ())),
                "gaps: must be distinct numeric columns": _are_distinct(found.gaps)
                and set(found.gaps) <= set(numeric),
                "levels: must be distinct in each column": all(
                    _are_distinct(kept) for kept in levels
                ),
                "seen: must be columns of `names`": set(found.seen) <= set(found.names),
                "rare: must be distinct columns of `levels`": _are_distinct(found.rare)
                and set(found.rare) <= set(found.levels),
            }
        )
        _check_moments(arrays, columns, len(numeric))

    def filled(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the frame with missing values for every column that is missing."""
        return frame.assign(**{n: np.nan for n in self.kinds if n not in frame.columns})

    def changed(self, now: Any) -> list[str]:
        """Return the columns of which `now` makes other inputs, or that only one of both uses."""
        old, new = self.fitted[0], now.fitted[0]
        names = dict.fromkeys((*old.names, *new.names))
        return [name for name in names if old.of_column(name) != new.of_column(name)]

    def single(self, replicate: int) -> "ColumnInputs":
        """Return the preparation of one replicate."""
        return ColumnInputs(self.fitted[replicate:][:1]) if len(self.fitted) > 1 else self

    def typical(self) -> pd.DataFrame:
        """Return one made-up row: means, medians, and a level of each category."""
        return pd.DataFrame([self.fitted[0].typical()])


def _parts(name: str, one: DateParts) -> list[str]:
    """Return the inputs that a stored column of dates becomes; raise ValueError if unknown."""
    if one.parts[0] != DAYS or not set(one.parts) <= set(PARTS):
        raise ValueError(f"dates: must begin with {DAYS}, and be of {', '.join(PARTS)}")
    return one.names(name)


def _stored(array: np.ndarray) -> StoredPreparation:
    """Return the document of a model file; raise ValueError if it has another form."""
    if array.dtype != np.uint8:
        raise ValueError("preprocessing: must be text")
    try:
        return StoredPreparation.model_validate(json.loads(array.tobytes()))
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        raise ValueError(f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}") from None


def _check_moments(arrays: Mapping[str, np.ndarray], columns: Roles, numeric: int) -> None:
    """Raise ValueError if shapes or types are wrong; the leading axis counts folds."""
    folds = arrays["median"].shape[:1]
    names = array_names(columns)
    rules = {
        f"{n}: must have a number for each fold and column": arrays[n].shape == (*folds, numeric)
        for n in names[:3]
    }
    rules["median: must be that of at least one fold"] = folds > (0,)
    counts = {role: here.stop - here.start for role, here in places(columns)}
    for role, kind in TRANSFORMATIONS.items():
        if kind.array in names:
            own, count = arrays[kind.array], counts.get(role, 0)
            fits = own.ndim == 3 and own.shape[::2] == (*folds, count)
            rules[f"{kind.array}: must be those of each fold and column"] = fits
            rules[f"{kind.array}: must not be empty"] = count == 0 or own.shape[1:2] > (0,)
    rules["preprocessing: must be of float64"] = all(
        arrays[name].dtype == np.float64 for name in names
    )
    rules["scale: must not be 0"] = bool((arrays["scale"] != 0).all())
    require(rules)


def _are_distinct(names: Sequence[str]) -> bool:
    return len(set(names)) == len(names)
