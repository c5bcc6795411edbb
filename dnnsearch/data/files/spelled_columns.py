"""The columns of a table that are formatted numbers, read as numbers, with a notice for each.

A column that the config's `spelled` names is read so; the others are told from their cells. The
target stays text here, because labels may look like numbers; only its spelling is found.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from dnnsearch.data.files.number_formats import notice, respelled
from dnnsearch.data.files.number_spelling import Spelled, Spelling, detect, may_be_thousands, note
from dnnsearch.data.files.sheet import Marks, text_of, with_columns
from dnnsearch.data.files.source import EVERY_OTHER, WAYS

NOT_NUMBERS = ("category", "ignored", "date")
TEST = "is_test"  # in the keys of a test file: nothing is detected, it is read as training was
MAX_LABELS = 20  # a target with so few distinct texts is labels


@dataclass(frozen=True)
class SpelledColumns:
    """A table with formatted numbers read, their `spelled` for a config, and notices."""

    frame: pd.DataFrame
    spelled: dict[str, str]
    notices: list[str]


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
    clear = decimal if _is_clear(frame) else ""
    numbers: dict[str, pd.Series] = {}
    spelled: dict[str, str] = {}
    notices = []
    for name, cells in _candidates(frame, given):
        way = given.get("spelled", {}).get(name)
        if way is None:
            found = None if TEST in given else detect(cells, decimal, separator, clear)
            if found is None or (name == target and not _is_regression(cells, given, found)):
                continue
            notices.append(note(name, cells, found))
            spelling = str(found.spelling)
            values = found.numbers
        else:
            values, spelling = _as_given(cells, way, decimal), way
            if values.notna().any():
                notices.append(notice(name, cells, values))
        spelled[name] = spelling
        if name != target:
            numbers[name] = values
    return SpelledColumns(with_columns(frame, numbers), spelled, notices)


def _is_clear(frame: pd.DataFrame) -> bool:
    """Return whether a column shows that the file's decimal mark is one."""
    floats = [frame.iloc[:, i] for i in range(frame.shape[1]) if frame.dtypes.iloc[i].kind == "f"]
    return any(
        bool((column.dropna() % 1 != 0).any()) and not may_be_thousands(column) for column in floats
    )


def _candidates(frame: pd.DataFrame, given: Mapping[str, Any]) -> Iterator[tuple[str, pd.Series]]:
    """Yield the columns of text that may be numbers, with gaps."""
    roles, gaps = given.get("columns", {}), list(Marks.of(given).among_numbers)
    everywhere = list(Marks.of(given).everywhere)
    for name, cells in frame.items():
        kind = getattr(cells.dtype, "kind", "O")
        if roles.get(name, roles.get(EVERY_OTHER)) in NOT_NUMBERS or kind in "iufbmM":
            continue
        text = text_of(cells)
        yield str(name), text.mask(text.isin(everywhere) | text.str.casefold().isin(gaps))


def _is_regression(cells: pd.Series, given: Mapping[str, Any], found: Spelled) -> bool:
    """Return whether a target of formatted numbers is one to be predicted as numbers."""
    if given.get("task", "regression") != "regression":
        return False
    return "task" in given or (cells.nunique() > MAX_LABELS and not found.spelling.is_plain)


def _as_given(cells: pd.Series, way: str, decimal: str) -> pd.Series:
    """Return the numbers of a column whose spelling is given; raise ValueError for other cells."""
    if way in WAYS:
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
