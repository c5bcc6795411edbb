"""The columns of a table that are formatted numbers, read as numbers, with a notice for each.

A column that the config's `spelled` names is read so; the others are told from their cells. The
target stays text here, because labels may look like numbers; only its spelling is found.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from dnnsearch.data.files.date_formats import (
    BASIC,
    are_basic_dates,
    dates_of,
    detect_dates,
    detect_durations,
    example,
    seconds,
)
from dnnsearch.data.files.number_formats import notice, respelled
from dnnsearch.data.files.number_spelling import Spelled, Spelling, detect, may_be_thousands, note
from dnnsearch.data.files.sheet import Marks, text_of, with_columns
from dnnsearch.data.files.source import DATE, DURATION, EVERY_OTHER, WAYS, is_date_format

NOT_NUMBERS = ("category", "ignored")
TEST = "is_test"  # in the keys of a test file: nothing is detected, it is read as training was
MAX_LABELS = 20  # a target with so few distinct texts is labels


@dataclass(frozen=True)
class SpelledColumns:
    """A table with formatted numbers read, their `spelled` for a config, and notices."""

    frame: pd.DataFrame
    spelled: dict[str, str]
    notices: list[str]


class FileMarks(NamedTuple):
    """The decimal mark of the file, its separator, and the mark again if columns show it is one."""

    decimal: str
    separator: str
    clear: str


class SpelledColumn(NamedTuple):
    """How a column is written, its numbers (None: it is dates), and a line for the user."""

    way: str
    numbers: pd.Series | None = None
    notice: str = ""


def read_spelled(
    frame: pd.DataFrame,
    given: Mapping[str, Any],
    target: str | None,
    decimal: str = ".",
    separator: str = ",",
) -> SpelledColumns:
    """Return the table with formatted numbers as float64.

    `decimal` and `separator` are the file's. Raise ValueError if a column does not have the
    spelling that the config gives it.
    """
    file = FileMarks(decimal, separator, decimal if _is_clear(frame) else "")
    found = {
        name: column
        for name, cells in _candidates(frame, given)
        if (column := _column(name, cells, given, target, file))
    }
    numbers = {
        n: one.numbers for n, one in found.items() if one.numbers is not None and n != target
    }
    spelled = {name: one.way for name, one in found.items()}
    notices = [one.notice for one in found.values() if one.notice]
    return SpelledColumns(with_columns(frame, numbers), spelled, notices)


def _column(
    name: str, cells: pd.Series, given: Mapping[str, Any], target: str | None, file: FileMarks
) -> SpelledColumn | None:
    """Return how the column is written; None if it is written plainly, or is no number."""
    way = given.get("spelled", {}).get(name, "")
    if not way and TEST in given:
        return None
    if not way and name != target:
        way = _way_of_time(cells, name, given)
    if is_date_format(way):
        _check_dates(cells, way)
        return SpelledColumn(way)
    if way:
        values = _as_given(cells, way, file.decimal)
        shown = notice(name, cells, values) if values.notna().any() else ""
        return SpelledColumn(way, values, f"{shown} seconds" if way == DURATION else shown)
    found = detect(cells, file.decimal, file.separator, file.clear)
    if found is None or (name == target and not _is_regression(cells, given, found)):
        return None
    return SpelledColumn(str(found.spelling), found.numbers, note(name, cells, found))


def _is_clear(frame: pd.DataFrame) -> bool:
    """Return whether a column shows that the file's decimal mark is one."""
    floats = [frame.iloc[:, i] for i in range(frame.shape[1]) if frame.dtypes.iloc[i].kind == "f"]
    return any(
        bool((column[np.isfinite(column)] % 1 != 0).any()) and not may_be_thousands(column)
        for column in floats
    )


def _candidates(frame: pd.DataFrame, given: Mapping[str, Any]) -> Iterator[tuple[str, pd.Series]]:
    """Yield the columns of text that may be numbers, with gaps."""
    roles, gaps = given.get("columns", {}), list(Marks.of(given).among_numbers)
    everywhere = list(Marks.of(given).everywhere)
    for name, cells in frame.items():
        kind = getattr(cells.dtype, "kind", "O")
        if roles.get(name, roles.get(EVERY_OTHER)) in NOT_NUMBERS or kind in "bmM":
            continue
        if kind in "iuf":
            if given.get("spelled", {}).get(name) == BASIC or are_basic_dates(cells):
                yield str(name), cells
            continue
        text = text_of(cells)
        yield str(name), text.mask(text.isin(everywhere) | text.str.casefold().isin(gaps))


def _way_of_time(cells: pd.Series, name: str, given: Mapping[str, Any]) -> str:
    """Return how dates, or durations, are written; empty if the column has none."""
    role = given.get("columns", {}).get(name, DATE)
    if cells.dtype.kind in "iuf":
        return BASIC if role == DATE else ""
    form = detect_dates(cells) if role == DATE else ""
    return form or (DURATION if detect_durations(cells) else "")


def _check_dates(cells: pd.Series, form: str) -> None:
    """Raise ValueError if a cell is no date in this format."""
    found = dates_of(cells, form)
    wrong = cells[cells.notna() & found.isna()]
    if len(wrong):
        right = cells[found.notna()]
        shown = f"{right.iloc[0]} ({form})" if len(right) else example(form)
        raise ValueError(
            f"column {cells.name!r} must be dates such as {shown}, but has {len(wrong)} other "
            f"cells, such as {str(wrong.iloc[0])!r}"
        )


def _is_regression(cells: pd.Series, given: Mapping[str, Any], found: Spelled) -> bool:
    """Return whether a target of formatted numbers is one to be predicted as numbers."""
    if given.get("task", "regression") != "regression":
        return False
    return "task" in given or (cells.nunique() > MAX_LABELS and not found.spelling.is_plain)


def _as_given(cells: pd.Series, way: str, decimal: str) -> pd.Series:
    """Return the numbers of a column whose spelling is given; raise ValueError for other cells."""
    if way == DURATION:
        values = seconds(cells.dropna()).reindex(cells.index)
    elif way in WAYS:
        found = respelled(cells, decimal, {str(cells.name): way})
        values = found[0] if found else pd.Series(float("nan"), index=cells.index)
    else:
        values = Spelling.parse(way).values(cells.dropna()).reindex(cells.index)  # type: ignore[union-attr]
    wrong = cells[cells.notna() & values.isna()]
    if len(wrong):
        raise ValueError(
            f"column {cells.name!r} must be numbers such as {way}, as data.spelled says, but has "
            f"{len(wrong)} other cells, such as {str(wrong.iloc[0])!r}"
        )
    return values
