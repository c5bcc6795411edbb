"""Formatted numbers in text: `1,234.50`, `1.234,50`, `1 234`, `12 %`, `$5`.

A format is detected for a whole column, never for a cell: all cells must have one unit and one
format, or the column stays text.
"""

import re
from collections.abc import Mapping

import pandas as pd

from dnnsearch.data.files.sheet import numeric
from dnnsearch.data.files.source import THOUSANDS, UNITS, WAYS
from dnnsearch.validators import show

SAMPLE_CELLS = 50
MARKS = (",", ".", "'", "’", " ", "\u00a0", "\u202f")  # between thousands
UNCLEAR = r"[-+]?[1-9]\d{0,2}(\.\d{3})+"  # with decimal commas
LIKELY = rf"[-+\d\s{re.escape(''.join((*UNITS, *MARKS)))}]+"


def read_numbers(
    cells: pd.Series, decimal: str, way: str | None = None
) -> tuple[pd.Series, str] | None:
    """Return the cells (NA is missing) as float64, and which of `source.WAYS` is their format.

    Return None for other cells, plain numbers included. If `way` is given, only that format is
    tried, and then thousands separators may be absent.
    """
    there = cells.dropna().astype("str").str.strip()
    if not there[:SAMPLE_CELLS].str.fullmatch(LIKELY).all():
        return None  # most columns of text end here
    for one in [way] if way else WAYS:
        bare = _without(one, there)
        must = one == THOUSANDS and not way
        numbers = None if bare is None else _numbers(bare, decimal, must)
        if numbers is not None:
            return numbers.reindex(cells.index), one
    return None


def _without(way: str, there: pd.Series) -> pd.Series | None:
    """Return the cells without their unit; None if a cell lacks it."""
    if way == THOUSANDS:
        return there if len(there) else None
    bare = _without_unit(way, there)
    return bare if len(bare) and (bare != "").all() else None


def _without_unit(unit: str, there: pd.Series) -> pd.Series:
    """Return the cells without the unit; the empty text for a cell that lacks it."""
    mark = re.escape(unit)
    before = "" if unit == "%" else rf"|([-+]?)\s*{mark}\s*([-+]?)([^{mark}]+)"
    parts = there.str.extract(rf"^(?:([^{mark}]+?)\s*{mark}{before})$").fillna("")
    return parts.sum(axis=1).str.strip()


def _numbers(cells: pd.Series, decimal: str, must: bool) -> pd.Series | None:
    """Return float64; None if a cell is not a number or, with `must`, no cell has thousands."""
    point = re.escape(decimal)
    is_plain = cells.str.fullmatch(rf"[-+]?\d+(?:{point}\d+)?")
    if is_plain.all():
        return None if must else _value(cells, "", decimal)
    for mark in MARKS:
        has_groups = cells.str.fullmatch(_groups(mark, decimal))
        if mark != decimal and (has_groups | is_plain).all() and _are_sure(cells, mark, decimal):
            return _value(cells, mark, decimal)
    return None


def _groups(mark: str, decimal: str) -> str:
    """Return the pattern of a number with this mark between its thousands."""
    fraction = rf"(?:{re.escape(decimal)}\d+)?"
    return rf"[-+]?[1-9]\d{{0,2}}(?:{re.escape(mark)}\d{{3}})+{fraction}"


def _are_sure(cells: pd.Series, mark: str, decimal: str) -> bool:
    """Return whether groups are thousands, not parts of telephone numbers, postcodes or addresses.

    They are if the mark is a comma, or a point that some cell has only once, or if some cells have
    no group or a decimal mark.
    """
    counts = cells.str.count(re.escape(mark))
    is_usual = mark == "," or (mark == "." and counts.min() == 1)
    has_other = counts.min() == 0 or cells.str.contains(decimal, regex=False).any()
    return bool(is_usual or has_other)


def _value(cells: pd.Series, mark: str, decimal: str) -> pd.Series:
    bare = cells.str.replace(mark, "", regex=False) if mark else cells
    return numeric(bare.str.replace(decimal, ".", regex=False))


def respelled(
    column: pd.Series, decimal: str, given: Mapping[str, str] | None
) -> tuple[pd.Series, str] | None:
    """Return a column of formatted numbers as float64, and its format; None for other columns.

    `given` has the formats of columns by name; with it, nothing is detected. Raise ValueError if a
    column lacks the unit that it should have: 12 % is not 12.
    """
    way = None if given is None else given.get(str(column.name))
    if given is not None and way is None:
        return None
    is_text = not pd.api.types.is_numeric_dtype(column.dtype)
    found = read_numbers(column, decimal, way) if is_text else None
    there = column.dropna()
    if found is None and way in UNITS and len(there):
        example = show(str(there.iloc[0]))
        raise ValueError(
            f"column {column.name!r} must be numbers with {way}, but has cells such as {example}"
        )
    return found


def written_numbers(cells: pd.Series, decimal: str, way: str | None) -> pd.Series:
    """Return text in the known format `way`, plain if None, as float64, each cell by itself.

    NaN is a cell that is not a number. Raise ValueError for a cell without the unit of `way`, and,
    if commas are the decimal marks of plain numbers, for 1.234: it may be a thousand.
    """
    if way in UNITS:
        bare = _without_unit(way, cells) if len(cells) else cells
        _refuse(cells[bare == ""], f"must be numbers with {way}, but has cells such as {{}}")
        cells = bare
    if way is not None:
        cells = _ungrouped(cells, decimal)
    elif decimal == ",":
        unclear = cells[cells.str.fullmatch(UNCLEAR).astype(bool)]
        _refuse(unclear, "must have clear numbers, but has {} and decimal commas")
    return numeric(cells.str.replace(decimal, ".", regex=False))


def _refuse(cells: pd.Series, rule: str) -> None:
    """Raise ValueError with the first of these cells, if there is one."""
    if len(cells):
        raise ValueError(f"column {cells.name!r} {rule.format(show(str(cells.iloc[0])))}")


def _ungrouped(cells: pd.Series, decimal: str) -> pd.Series:
    """Return the cells without marks between thousands."""
    for mark in MARKS:
        if mark != decimal:
            has_groups = cells.str.fullmatch(_groups(mark, decimal)).astype(bool)
            cells = cells.mask(has_groups, cells.str.replace(mark, "", regex=False))
    return cells


def notice(name: object, cells: pd.Series, numbers: pd.Series) -> str:
    """Return a line for the user that shows how the longest cell is read."""
    there = cells[numbers.notna()].astype("str").str.strip()
    longest = int(there.str.len().to_numpy().argmax())
    value = numbers[numbers.notna()].iloc[longest]
    return f"{name}: {there.iloc[longest]!r} is read as {value:.15g}"
