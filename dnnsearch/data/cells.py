"""Cells of raw rows as numbers and text, in every form that a caller may have them.

Each cell is read by itself, so that a row has the same inputs alone and among others, from a file,
a DataFrame, JSON or CSV. A file to train on is read column by column instead: see `files`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from dnnsearch.data.files.date_formats import dates_of, example, seconds
from dnnsearch.data.files.number_formats import written_numbers
from dnnsearch.data.files.number_spelling import (
    Spelling,
    check_typed,
    known_spelling,
    plain_minus,
)
from dnnsearch.data.files.number_spelling import written as written_as
from dnnsearch.data.files.reading_version import BEFORE, Reading
from dnnsearch.data.files.sheet import (
    GAPS,
    MISSING,
    Marks,
    are_plain,
    numeric,
    text_of,
    with_columns,
)
from dnnsearch.data.files.source import DATE, DURATION, ISO
from dnnsearch.data.target import texts
from dnnsearch.validators import show

TRUTHS = (("True", "TRUE", "true"), ("False", "FALSE", "false"))  # what pandas reads as booleans

YES, NO = ("true", "t", "yes", "y", "on", "1"), ("false", "f", "no", "n", "off", "0")


@dataclass(frozen=True)
class CellFormat:
    """How text in a table is to be read, as in the training's file."""

    missing: tuple[str, ...] = MISSING
    decimal: str = "."
    spelled: Mapping[str, str] = field(default_factory=dict)  # column -> one of `source.WAYS`
    reading: Reading = BEFORE
    other_decimal: str = ""  # the training's, if the rows' own file has another

    @classmethod
    def of(cls, form: Mapping[str, Any], decimal: str | None = None) -> "CellFormat":
        """Return what the keys of a config's `data` say; `decimal`, of other rows, goes before."""
        missing, spelled = Marks.of(form).everywhere, form.get("spelled", {})
        known = form.get("decimal") or "."
        other = known if decimal and decimal != known else ""
        return cls(missing, decimal or known, spelled, Reading.of(form), other)


NO_FORMAT = CellFormat()  # numbers are written plainly


def plain_cells(
    frame: pd.DataFrame, kinds: Mapping[str, str], cell_format: CellFormat
) -> pd.DataFrame:
    """Return the frame with plain numbers, or stripped text, in each column of `kinds`.

    Raise ValueError if a column of numbers has a cell that is none.
    """
    columns = {}
    for name, kind in kinds.items():
        if kind == DATE:
            columns[name] = _dates(frame[name], cell_format)
        elif pd.api.types.is_numeric_dtype(frame[name].dtype):
            spelling = known_spelling(cell_format.spelled, name)
            if spelling is not None and frame[name].dtype.kind == "f":
                check_typed(name, frame[name].to_numpy(np.float64), spelling)
        else:  # text or objects
            read = _numbers if kind == "number" else _levels
            columns[name] = read(frame[name], cell_format)
    return with_columns(frame, columns) if columns else frame


def _levels(series: pd.Series, cell_format: CellFormat) -> pd.Series:
    text = text_of(series)
    return text.mask(text.isin(list(cell_format.missing)))


def _dates(series: pd.Series, cell_format: CellFormat) -> pd.Series:
    """Return datetime64, NaT for a missing cell; raise ValueError for a cell that is no date."""
    form = cell_format.spelled.get(str(series.name), ISO)
    if series.dtype.kind not in "iufM":
        text = text_of(series)
        series = text.mask(text.isin(cell_format.missing) | text.str.casefold().isin(list(GAPS)))
    found = dates_of(series, form)
    wrong = series[series.notna() & found.isna()]
    if len(wrong):
        rule = f"column {series.name!r} must be dates such as {example(form)}"
        raise ValueError(f"{rule}, but has {show(wrong.iloc[0])}")
    return found


def _numbers(series: pd.Series, cell_format: CellFormat) -> pd.Series:
    """Return float64, NaN for a missing cell; raise ValueError for a cell that is not a number."""
    text = text_of(series)
    marks = [*cell_format.missing, *MISSING]
    is_text = isinstance(series.dtype, pd.StringDtype)
    if is_text and _are_read_as_they_are(text, marks, cell_format):
        return numeric(text)
    text = text.mask(text.isin(marks) | text.str.casefold().isin(list(GAPS)))
    is_typed = np.zeros(len(series), bool)
    if not is_text:
        number = int | float | np.number
        typed = (isinstance(cell, number) and not isinstance(cell, bool) for cell in series)
        is_typed = np.fromiter(typed, bool, len(series))
    written = text[~is_typed].dropna()
    way = cell_format.spelled.get(str(series.name))
    spelling = known_spelling(cell_format.spelled, str(series.name))
    numbers = _read(written, way, spelling, cell_format.decimal)
    if cell_format.other_decimal and numbers.isna().any():
        numbers = _read_otherwise(written, way, spelling, cell_format.other_decimal, numbers)
    wrong = written[numbers.isna()]
    if len(wrong):
        shown = show(wrong.iloc[0])
        raise ValueError(f"column {series.name!r} must be numbers, but has {shown}")
    out = np.full(len(series), np.nan)
    out[np.flatnonzero(~is_typed & text.notna().to_numpy())] = numbers
    out[is_typed] = [_float(cell) for cell in series[is_typed]]
    if spelling is not None:
        check_typed(str(series.name), out[is_typed], spelling)
    return pd.Series(out, index=series.index, name=series.name)


def _read(
    written: pd.Series, way: str | None, spelling: Spelling | None, decimal: str
) -> pd.Series:
    """Return text as float64; NaN for a cell that is not a number in this way."""
    if way == DURATION:
        return seconds(written)
    if spelling is None:
        return written_numbers(plain_minus(written), decimal, way)
    return written_as(written, spelling)


def _read_otherwise(
    written: pd.Series, way: str | None, spelling: Spelling | None, decimal: str, known: pd.Series
) -> pd.Series:
    """Return text with comma and point exchanged as float64, if all is read so; else `known`.

    The rows are of a file with another decimal mark than the training's, and which of the two its
    columns have is only seen in their cells.
    """
    try:
        found = _read(written, way, spelling.swapped if spelling else None, decimal)
    except ValueError:  # an unclear number
        return known
    return known if found.isna().any() else found


def _are_read_as_they_are(text: pd.Series, marks: Sequence[str], cell_format: CellFormat) -> bool:
    """Return whether text has neither gaps nor marks of a spelling: most columns, read fast."""
    is_usual = cell_format.decimal == "." and str(text.name) not in cell_format.spelled
    return is_usual and are_plain(text) and not text.isin(marks).any()


def _float(cell: Any) -> float:
    """Return the number; infinity, which is refused later, for an integer beyond float64."""
    try:
        return float(cell)
    except OverflowError:
        return np.inf


def as_levels(
    cells: Iterable[str], levels: tuple[str, ...], cell_format: CellFormat = NO_FORMAT
) -> dict[str, str]:
    """Return cells that are no level -> the level that they spell: `007` is `7`, `TRUE` is `True`.

    Since the second reading also `7` is `007`, and any word for yes and no the one of training, if
    only one level can be meant. Other cells are left out.
    """
    cells = list(cells)
    found = _respelled_levels(cells, levels, cell_format.decimal)
    if cell_format.reading.has("levels match by their number or truth"):
        others = [cell for cell in cells if cell not in found and cell not in levels]
        found |= _by_number(others, levels) | _by_truth(others, levels)
    return found


def _by_number(cells: list[str], levels: tuple[str, ...]) -> dict[str, str]:
    """Return cells with the number of one level only: 1234 is the code `01234`."""
    of_levels = pd.Series(numeric(pd.Series(levels, dtype="str")).to_numpy(), list(levels)).dropna()
    of_levels = of_levels[~of_levels.duplicated(keep=False)]
    by_number = {number: str(level) for level, number in of_levels.items()}
    of_cells = zip(cells, numeric(pd.Series(cells, dtype="str")))
    return {cell: by_number[number] for cell, number in of_cells if number in by_number}


def _by_truth(cells: list[str], levels: tuple[str, ...]) -> dict[str, str]:
    """Return words for yes and no -> the level that means it, if the levels are one of each."""
    meant = {_truth(level): level for level in levels if level}
    if set(meant) != {True, False} or len(meant) != sum(map(bool, levels)):
        return {}
    return {c: meant[truth] for c in cells if (truth := _truth(c)) is not None}


def _truth(word: str) -> bool | None:
    """Return whether the word is one for yes; None if it is neither for yes nor for no."""
    folded = word.strip().casefold()
    return True if folded in YES else False if folded in NO else None


def _respelled_levels(
    cells: Iterable[str], levels: tuple[str, ...], decimal: str
) -> dict[str, str]:
    """Return cells that are no level -> the level, by the rules of the first reading."""
    found = pd.Series(list(cells), dtype="str")
    pointed = found.str.replace(",", ".", regex=False) if decimal == "," else found
    numbers = numeric(pointed).dropna()
    spelled = {str(found[i]): [level] for i, level in zip(numbers.index, texts(numbers))}
    spelled |= {cell: list(truth) for truth in TRUTHS for cell in truth if cell in set(found)}
    meant = {cell: [n for n in names if n in levels] for cell, names in spelled.items()}
    return {cell: str(names[0]) for cell, names in meant.items() if names and cell not in levels}
