"""A file as a table that can be trained on: read, checked, understood, split, prepared.

It knows the `data` of a config and the split, not the config itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from dnnsearch.data import equal_rows, preprocessing
from dnnsearch.data.cells import CellFormat
from dnnsearch.data.column_inputs import ColumnInputs
from dnnsearch.data.column_roles import Column, profile
from dnnsearch.data.date_parts import DateParts
from dnnsearch.data.files.date_formats import dates_of
from dnnsearch.data.files.number_formats import notice, read_numbers
from dnnsearch.data.files.read import read, read_test
from dnnsearch.data.files.reading_version import BEFORE, FIRST, Reading
from dnnsearch.data.files.sheet import GAPS, Marks, Sheet, numeric, plain, with_columns
from dnnsearch.data.files.source import DATE, ISO, is_date_format
from dnnsearch.data.files.spelled_columns import TEST
from dnnsearch.data.fold_alignment import aligned
from dnnsearch.data.moments import moments
from dnnsearch.data.split_config import Split
from dnnsearch.data.splitting import Indices, draw, joined, own_groups
from dnnsearch.data.table import HeldOut, PreparedArrays, Task, as_bytes
from dnnsearch.data.target import (
    Target,
    check_range,
    is_graded,
    read_target,
    read_test_target,
    relabelled,
    without_word_gaps,
)
from dnnsearch.data.transformations import TRANSFORMATIONS
from dnnsearch.nn.arithmetic import FAST, Arithmetic
from dnnsearch.validators import nearest, shortened, show

MIN_ROWS = 10
LABEL = "label"  # the target's name if the labels are a file of their own


@dataclass(frozen=True)
class FileTable:
    """The rows that have a target; `test` is None if the test set is drawn from them."""

    frame: pd.DataFrame
    target: Target
    columns: list[Column]
    by: pd.Series | None  # the column that the split goes by
    test: tuple[pd.DataFrame, np.ndarray] | None
    sheet: Sheet
    reading: Reading = BEFORE
    levels: int | None = None  # of a category, that may have an input each, if the config says so

    @property
    def task(self) -> Task:
        """The task that the target makes it."""
        return self.target.task

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes; empty for a regression."""
        return self.target.classes

    @property
    def target_name(self) -> str:
        """The name of the column to predict."""
        return str(self.sheet.frame.columns.difference(self.frame.columns, sort=False)[0])

    @property
    def roles(self) -> dict[str, str]:
        """The role of each column that is used."""
        return {c.name: c.role for c in self.columns if c.role != "ignored"}

    @cached_property
    def groups(self) -> np.ndarray:
        """A number for each row, (m,): the same for rows that are equal in all used features."""
        return equal_rows.groups(self.frame[list(self.roles)])

    def known_test_rows(self, rows: Indices) -> tuple[int, int]:
        """Return how many test rows train or dev have, in all used features, and all test rows."""
        names, test = list(self.roles), self.held_out(rows).X
        known = self.frame if self.test else self.frame.iloc[joined(rows)["train"]]
        return int(equal_rows.seen(known[names], test[names]).sum()), len(test)

    @property
    def spelled(self) -> dict[str, str]:
        """How the numbers of each column are written that are not written plainly."""
        return dict(self.sheet.found.get("spelled", {}))

    def raw(self) -> dict[str, np.ndarray]:
        """Return everything that the digest of the data covers: what is used, and its names."""
        parts = {"": (self.frame, self.target.y), **({"test": self.test} if self.test else {})}
        arrays = {"names": as_bytes([list(self.roles.items()), self.classes])}
        for part, (frame, y) in parts.items():
            arrays[f"{part}y"] = y
            for i, name in enumerate(self.roles):
                arrays[f"{part}{i}"] = _hashable(frame[name])
        return arrays

    def split(self, split: Split, folds: int | None) -> Indices:
        """Return the rows of train, dev and, unless that is a file, test.

        Raise ValueError if the rows cannot be split so.
        """
        has_test = self.test is not None
        if split.equal_rows:
            return equal_rows.draw_together(
                self.target.y, self.classes, split, folds, self.groups, has_test
            )
        by = self.by
        own = "rows without a group are groups of their own"
        if by is not None and not split.order and self.reading.has(own):
            by = own_groups(by)
        return draw(self.target.y, self.classes, split, folds, by, has_test)

    def to_arrays(self, rows: Indices, dtype: str, arithmetic: Arithmetic = FAST) -> PreparedArrays:
        """Return the arrays of train and dev, and those of test with all that was fitted.

        With folds, X and y of train and dev have a leading axis of folds, and so has X_test; a
        regression's target is standardised with one mean and scale for all folds.
        """
        each = [self.frame.iloc[these] for these in np.atleast_2d(rows["train"])]
        of_dates = [name for name, role in self.roles.items() if role == DATE]
        dates = {name: DateParts.of(self.frame[name]) for name in of_dates}
        fits = [
            preprocessing.fit(train, self.roles, self.reading, dates, arithmetic, self.levels)
            for train in each
        ]
        fitted = aligned(fits)
        parts = ("train", "dev")
        X = {f"X_{p}": preprocessing.inputs(fitted, self.frame, rows[p], dtype) for p in parts}
        y = {f"y_{part}": self.target.y[rows[part]] for part in parts}
        held_out = self.held_out(rows)
        frame = held_out.X
        if self.test and self.reading.has("levels match by their number or truth"):
            frame = fitted[0].respelled(frame, CellFormat(reading=self.reading))
        X_test = [one.apply(frame, dtype) for one in fitted]
        test = {
            "X_test": np.stack(X_test) if rows["train"].ndim > 1 else X_test[0],
            "y_test": held_out.y,
            **ColumnInputs(fitted).arrays(),
        }
        if self.task == "regression":
            mean, deviation = moments(y["y_train"], arithmetic)
            scale = deviation or 1.0
            y = {name: ((values - mean) / scale).astype(dtype) for name, values in y.items()}
            X["target"] = test["target"] = np.array([mean, scale])  # in the target's own unit
        return PreparedArrays({**X, **y}, test, fitted[0].feature_names)

    def held_out(self, rows: Indices) -> HeldOut:
        """Return the rows of test as they were read, or those of the test file."""
        if self.test:
            return HeldOut(*self.test)
        return HeldOut(self.frame.iloc[rows["test"]], self.target.y[rows["test"]])


def _hashable(series: pd.Series) -> np.ndarray:
    if pd.api.types.is_numeric_dtype(series.dtype):
        return series.to_numpy()
    if series.dtype.kind == "M":
        return series.to_numpy("datetime64[us]").view(np.int64)
    return as_bytes(series.astype(object).where(series.notna(), None).tolist())


def load_table(source: Mapping[str, Any], by: str | None) -> FileTable:
    """Return the table of a file, read and checked.

    `source` is the config's `data`, `by` the column that the split goes by. Raise ValueError, in
    one line, for everything that is wrong with the file or with what the config states about it.
    """
    sheet = read(source)
    name, decimal = source.get("target", LABEL), sheet.found.get("decimal", ".")
    reading = Reading.of(source)
    given, spelled = source.get("columns", {}), sheet.found.get("spelled", {})
    wanted = {f"columns.{column}": column for column in given if column != "*"}
    _check_columns(sheet, {"target": name, **({"split.by": by} if by else {}), **wanted})
    column = relabelled(sheet.frame[name], source.get("relabel", {}))
    column, gaps = without_word_gaps(column, Marks.of(source))
    target = read_target(column, source.get("task"), decimal, reading, spelled.get(name, ""))
    frame = sheet.frame
    if target.missing:  # without these rows, such as one of totals, a column may be numbers
        frame = plain(frame[target.there], Marks.of(source), name)
    groups = sheet.frame[by][target.there] if by else None
    _check_rows(frame, target)
    features = frame.drop(columns=name)
    aside = {by: "the split goes by it"} if by else {}
    levels = source.get("levels")
    columns = profile(features, target, given, sheet.declared, aside, reading, spelled, levels)
    if reading.has("dates and durations are inputs"):
        features = _with_dates(features, columns, spelled)
        if by and groups is not None and is_date_format(spelled.get(by, "")):
            groups = dates_of(groups, spelled[by]).astype("str").where(groups.notna())
    if reading.has("whole numbers beyond 2^53 keep their digits"):
        features = _with_numbers(features, columns)
    notices = [*sheet.notices, *gaps, *_target_notices(column, target, source, sheet)]
    sheet = replace(sheet, notices=tuple(notices))
    table = FileTable(features, target, columns, groups, None, sheet, reading, levels)
    return replace(table, test=_test(source, table, decimal))


def _with_dates(
    frame: pd.DataFrame, columns: list[Column], spelled: Mapping[str, str]
) -> pd.DataFrame:
    """Return the frame with datetime64 in the columns that are used as dates."""
    names = [column.name for column in columns if column.role == DATE]
    return with_columns(
        frame, {name: _all_dates(frame[name], spelled.get(name, ISO)) for name in names}
    )


def _all_dates(cells: pd.Series, form: str) -> pd.Series:
    if cells.dtype.kind not in "iufM":
        cells = cells.mask(cells.str.casefold().isin(GAPS))
    found = dates_of(cells, form)
    wrong = cells[cells.notna() & found.isna()]
    if len(wrong):
        example = show(str(wrong.iloc[0]))
        raise ValueError(f"column {cells.name!r} must be dates, but has {example}")
    return found


def _with_numbers(frame: pd.DataFrame, columns: list[Column]) -> pd.DataFrame:
    """Return the frame with float64 in columns of digits that are used as numbers."""
    names = [column.name for column in columns if column.role in TRANSFORMATIONS]
    text = [name for name in names if frame[name].dtype.kind not in "iuf"]
    return with_columns(frame, {name: numeric(frame[name]) for name in text})


def _target_notices(
    column: pd.Series, target: Target, source: Mapping[str, Any], sheet: Sheet
) -> list[str]:
    """Return how the numbers of a regression are written, and why they are no classes."""
    if target.task != "regression":
        return []
    notices, values = [], pd.Series(target.y)
    is_text = not pd.api.types.is_numeric_dtype(column.dtype)
    decimal, spelled = sheet.found.get("decimal", "."), sheet.found.get("spelled", {})
    if column.name not in spelled and is_text and (found := read_numbers(column, decimal)):
        notices.append(notice(column.name, column, found[0]))
    if "task" not in source and is_graded(values, Reading.of(source)):
        what = f"{column.name}: a regression, for {values.nunique()} whole numbers, some of them"
        notices.append(f"{what} rare; for classes: --set data.task=multiclass")
    return notices


def _check_columns(sheet: Sheet, wanted: Mapping[str, str]) -> None:
    """Raise ValueError for a key of the config that names no column; `wanted` is key -> name."""
    names = [str(column) for column in sheet.frame.columns]
    for key, name in wanted.items():
        if name not in names:
            rule = f"{key} must be a column, but {name!r} is not{nearest(name, names)}"
            raise ValueError(f"{rule}; they are: {shortened(names, 12)}")


def _check_rows(frame: pd.DataFrame, target: Target) -> None:
    least = max(MIN_ROWS, len(target.classes))
    if len(frame) < least:
        raise ValueError(f"a table needs {least} rows with a target, but has {len(frame)}")


def _test(
    source: Mapping[str, Any], table: FileTable, decimal: str
) -> tuple[pd.DataFrame, np.ndarray] | None:
    """Return the rows of the test file that have a target, and their targets; None without one."""
    form = {k: v for k, v in table.sheet.found.items() if k != "encoding"}
    spelled = {**form.get("spelled", {}), **source.get("spelled", {})}
    if Reading.of(source).version > FIRST:  # as training was read, whatever the cells look like
        form |= {TEST: True, "spelled": spelled}
        source = {key: value for key, value in source.items() if key != "spelled"}
    sheet = read_test({**form, **source})
    if sheet is None:
        return None
    if sheet.frame.equals(table.sheet.frame):
        raise ValueError("the test file is identical to the training file")
    name = source.get("target", LABEL)
    _check_columns(sheet, {"target of the test file": name})
    labels = relabelled(sheet.frame[name], source.get("relabel", {}), is_whole=False)
    if table.target.task == "regression":
        labels, _ = without_word_gaps(labels, Marks.of(source))
    target = read_test_target(labels, table.target, decimal, spelled.get(name, ""))
    lacking = [repr(name) for name in table.roles if name not in sheet.frame.columns]
    if lacking:
        raise ValueError(f"columns missing from the test file: {shortened(lacking, 5)}")
    frame = _with_dates(sheet.frame[target.there], table.columns, table.spelled)
    for name, role in table.roles.items():
        if role not in ("category", DATE) and not pd.api.types.is_numeric_dtype(frame[name].dtype):
            raise ValueError(f"column {name!r} must also be numbers in the test file")
        if role not in ("category", DATE):
            check_range(name, frame[name].to_numpy(np.float64))
    return frame, target.y
