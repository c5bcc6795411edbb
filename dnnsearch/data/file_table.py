"""A file as a table that can be trained on: read, checked, understood, split, prepared.

It knows what a config says of data and split, not the config itself.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from dnnsearch.data import grouped_split, preprocessing
from dnnsearch.data.column_roles import Column, profile
from dnnsearch.data.datasets import Task
from dnnsearch.data.files.number_formats import notice, read_numbers
from dnnsearch.data.files.read import read, read_test
from dnnsearch.data.files.sheet import MISSING, Sheet, plain
from dnnsearch.data.preprocessing import Preparation
from dnnsearch.data.stratified_split import Indices, drawn_folds, stratified, stratified_folds
from dnnsearch.data.target import Target, check_range, read_target, read_test_target
from dnnsearch.storage.array_store import canonical
from dnnsearch.validators import nearest

FEWEST_ROWS = 10
LABEL = "label"  # the target's name where labels are a file of their own


@dataclass(frozen=True)
class FileTable:
    """The rows that have a target; `test` is None where it is drawn from them."""

    frame: pd.DataFrame
    target: Target
    columns: list[Column]
    by: pd.Series | None  # what the split goes by
    test: tuple[pd.DataFrame, np.ndarray] | None
    sheet: Sheet

    @property
    def task(self) -> Task:
        return self.target.task

    @property
    def roles(self) -> dict[str, str]:
        """Of the columns that are used."""
        return {c.name: c.role for c in self.columns if c.role != "ignored"}

    def raw(self) -> dict[str, np.ndarray]:
        """What the digest of the data covers: all that is used, and its names."""
        parts = {"": (self.frame, self.target.y), **({"test": self.test} if self.test else {})}
        arrays = {"names": _bytes([list(self.roles.items()), self.target.classes])}
        for part, (frame, y) in parts.items():
            arrays[f"{part}y"] = y
            for i, name in enumerate(self.roles):
                arrays[f"{part}{i}"] = _hashable(frame[name])
        return arrays


def _bytes(document: Any) -> np.ndarray:
    return np.frombuffer(canonical(document).encode(), np.uint8)


def _hashable(series: pd.Series) -> np.ndarray:
    if pd.api.types.is_numeric_dtype(series.dtype):
        return series.to_numpy()
    return _bytes(series.astype(object).where(series.notna(), None).tolist())


def load_table(source: Mapping[str, Any], by: str | None) -> FileTable:
    """Read and check everything; raises ValueError, in one line, for whatever is wrong."""
    sheet = read(source)
    name, decimal = source.get("target", LABEL), sheet.found.get("decimal", ".")
    column = _named(sheet, name, "target")
    target = read_target(column, source.get("task"), decimal)
    frame = sheet.frame
    if target.missing:  # without these rows, such as one of totals, a column may be numbers
        frame = plain(frame[target.there], source.get("missing", MISSING), name)
    groups = _named(sheet, by, "split.by")[target.there] if by else None
    _check_rows(frame, target)
    features = frame.drop(columns=name)
    given = source.get("columns", {})
    for unknown in given.keys() - {*sheet.frame.columns, "*"}:
        meant = nearest(unknown, list(sheet.frame.columns))
        raise ValueError(f"columns.{unknown} is no column of the file{meant}")
    aside = {by: "the split goes by it"} if by else {}
    columns = profile(features, target, given, sheet.declared, aside)
    sheet = replace(sheet, notices=(*sheet.notices, *_told(column, target, decimal)))
    table = FileTable(features, target, columns, groups, None, sheet)
    return replace(table, test=_test(source, table, decimal))


def _told(column: pd.Series, target: Target, decimal: str) -> list[str]:
    """How the numbers of a regression are written, where they are not plain."""
    if target.task != "regression" or pd.api.types.is_numeric_dtype(column.dtype):
        return []
    found = read_numbers(column, decimal)
    return [notice(column.name, column, found[0])] if found else []


def _named(sheet: Sheet, name: str, key: str) -> pd.Series:
    if name not in sheet.frame.columns:
        names = [str(column) for column in sheet.frame.columns]
        shown = ", ".join(names[:12]) + (f", ... ({len(names)} in all)" if len(names) > 12 else "")
        meant = nearest(name, names)
        raise ValueError(f"{key} must be a column, but {name!r} is not{meant}; they are: {shown}")
    return sheet.frame[name]


def _check_rows(frame: pd.DataFrame, target: Target) -> None:
    least = max(FEWEST_ROWS, len(target.classes))
    if len(frame) < least:
        raise ValueError(f"a table needs {least} rows with a target, but has {len(frame)}")


def _test(
    source: Mapping[str, Any], table: FileTable, decimal: str
) -> tuple[pd.DataFrame, np.ndarray] | None:
    """The rows of the test file that have a target, and their targets."""
    form = {k: v for k, v in table.sheet.found.items() if k != "encoding"}
    sheet = read_test({**form, **source})
    if sheet is None:
        return None
    if sheet.frame.equals(table.sheet.frame):
        raise ValueError("the test file must have rows of its own, but is the training file again")
    name = source.get("target", LABEL)
    target = read_test_target(_named(sheet, name, "target of the test file"), table.target, decimal)
    lacking = [name for name in table.roles if name not in sheet.frame.columns]
    if lacking:
        raise ValueError(f"the test file must have the column {lacking[0]!r}, and does not")
    frame = sheet.frame[target.there]
    for name, role in table.roles.items():
        if role != "category" and not pd.api.types.is_numeric_dtype(frame[name].dtype):
            raise ValueError(f"column {name!r} must be numbers in the test file, too")
        if role != "category":
            check_range(name, frame[name].to_numpy(np.float64))
    return frame, target.y


def split_rows(table: FileTable, given: Mapping[str, Any], folds: int | None) -> Indices:
    """The rows of train, dev and, unless that is a file, test; ValueError where it cannot be."""
    shares = {part: given[part] for part in ("dev", "test") if part == "dev" or not table.test}
    seed, target = given["seed"], table.target
    if table.by is not None and given.get("order") == "time":
        rows = grouped_split.by_time(grouped_split.times_of(table.by), shares)
    elif table.by is not None:
        rows = grouped_split.by_group(pd.factorize(table.by)[0], shares, seed)
    elif target.task == "regression":
        rows = grouped_split.drawn(len(target.y), shares, seed)
    elif table.test:
        rows = grouped_split.stratified_without_test(target.y, target.classes, given["dev"], seed)
    else:
        rows = stratified(target.y, target.classes, **shares, seed=seed)
    if target.task != "regression":
        grouped_split.check_classes(target.y, target.classes, rows)
    return rows if folds is None else _in_folds(table, rows, folds, seed)


def _in_folds(table: FileTable, rows: Indices, folds: int, seed: int) -> Indices:
    if table.by is not None:
        raise ValueError("folds are drawn row by row: they cannot go together with split.by")
    if table.task == "regression":
        drawn = drawn_folds(rows, folds, seed)
        for fold, dev in enumerate(table.target.y[drawn["dev"]]):
            if dev.min() == dev.max():
                rule = "each fold must have two values of the target"
                raise ValueError(f"{rule}, but fold {fold} of {folds} has {dev[0]:g} alone")
        return drawn
    return stratified_folds(table.target.y, table.target.classes, rows, folds, seed)


def to_arrays(
    table: FileTable, rows: Indices, dtype: str
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """The arrays of train and dev, and those of test with all that the preparation needs.

    With folds, X and y of train and dev have a leading axis of folds, and so has X_test; the unit
    of a regression's target is one for all folds.
    """
    trains = np.atleast_2d(rows["train"])
    fitted = preprocessing.aligned(
        [preprocessing.fit(table.frame.iloc[these], table.roles) for these in trains]
    )
    y = {part: table.target.y[rows[part]] for part in ("train", "dev")}
    frame, y_test = table.test or (table.frame.iloc[rows["test"]], table.target.y[rows["test"]])
    arrays = {f"X_{p}": _inputs(fitted, table.frame, rows[p], dtype) for p in ("train", "dev")}
    test = {"X_test": _each(fitted, frame, dtype, rows["train"].ndim), "y_test": y_test}
    if table.task == "regression":
        moments = np.array([y["train"].mean(), y["train"].std() or 1.0])
        arrays["target"] = test["target"] = moments  # in the target's own unit
        y = {part: ((values - moments[0]) / moments[1]).astype(dtype) for part, values in y.items()}
    arrays |= {f"y_{part}": values for part, values in y.items()}
    return arrays, {**test, **stored(fitted)}


def _inputs(
    fitted: list[Preparation], frame: pd.DataFrame, rows: np.ndarray, dtype: str
) -> np.ndarray:
    if rows.ndim == 1:
        return fitted[0].apply(frame.iloc[rows], dtype)
    return np.stack([p.apply(frame.iloc[r], dtype) for p, r in zip(fitted, rows)])


def _each(fitted: list[Preparation], frame: pd.DataFrame, dtype: str, folds: int) -> np.ndarray:
    inputs = [one.apply(frame, dtype) for one in fitted]
    return np.stack(inputs) if folds > 1 else inputs[0]


DOCUMENT = "preparation"  # the name of the JSON document among the arrays


def stored(fitted: list[Preparation]) -> dict[str, np.ndarray]:
    """The preparations, one or one for each fold, as arrays; each has a leading axis."""
    names = preprocessing.ARRAYS
    arrays = {name: np.stack([one.arrays[name] for one in fitted]) for name in names}
    return {**arrays, DOCUMENT: _bytes(fitted[0].document())}


def restored(arrays: Mapping[str, np.ndarray]) -> list[Preparation]:
    """The inverse of `stored`."""
    document = json.loads(np.asarray(arrays[DOCUMENT]).tobytes())
    count = len(arrays["median"])
    return [
        Preparation.from_document(document, {n: arrays[n][i] for n in preprocessing.ARRAYS})
        for i in range(count)
    ]
