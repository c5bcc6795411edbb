"""Numbers as people write them in text: `1,234.50`, `1.234,50`, `1 234`, `12 %`, `$5`.

It is decided for a whole column, never cell by cell: all cells must be of one unit and fit one way
of writing, else the column stays as it is, and whoever comes after refuses it or says so.
"""

import re
from collections.abc import Mapping

import pandas as pd

from dnnsearch.data.files.sheet import numeric
from dnnsearch.data.files.source import THOUSANDS, UNITS, WAYS
from dnnsearch.validators import show

FIRST = 50  # cells
MARKS = (",", ".", "'", "’", " ", "\u00a0", "\u202f")  # between thousands
LIKELY = rf"[-+\d\s{re.escape(''.join((*UNITS, *MARKS)))}]+"


def read_numbers(
    cells: pd.Series, decimal: str, way: str | None = None
) -> tuple[pd.Series, str] | None:
    """The cells (NA is missing) as float64, and in which of `source.WAYS` they are written.

    None where they are not so written, plain numbers included; `way`, where somebody has said it,
    is the only one that is tried, and then thousands need not be there.
    """
    there = cells.dropna().astype("str").str.strip()
    if not there[:FIRST].str.fullmatch(LIKELY).all():
        return None  # as of most columns of text
    for one in [way] if way else WAYS:
        bare = _without(one, there)
        must = one == THOUSANDS and not way
        numbers = None if bare is None else _numbers(bare, decimal, must)
        if numbers is not None:
            return numbers.reindex(cells.index), one
    return None


def _without(way: str, there: pd.Series) -> pd.Series | None:
    """The cells without their unit; None where one has not got it."""
    if way == THOUSANDS:
        return there if len(there) else None
    unit = re.escape(way)
    before = "" if way == "%" else rf"|([-+]?)\s*{unit}\s*([-+]?)([^{unit}]+)"
    parts = there.str.extract(rf"^(?:([^{unit}]+?)\s*{unit}{before})$").fillna("")
    bare = parts.sum(axis=1).str.strip()
    return bare if len(bare) and (bare != "").all() else None


def _numbers(cells: pd.Series, decimal: str, must: bool) -> pd.Series | None:
    """As float64; None where a cell is none, or, where there `must` be thousands, without them."""
    point = re.escape(decimal)
    is_plain = cells.str.fullmatch(rf"[-+]?\d+(?:{point}\d+)?")
    if is_plain.all():
        return None if must else _value(cells, "", decimal)
    for mark in MARKS:
        group = rf"[-+]?[1-9]\d{{0,2}}(?:{re.escape(mark)}\d{{3}})+(?:{point}\d+)?"
        has_groups = cells.str.fullmatch(group)
        if mark != decimal and (has_groups | is_plain).all() and _are_sure(cells, mark, decimal):
            return _value(cells, mark, decimal)
    return None


def _are_sure(cells: pd.Series, mark: str, decimal: str) -> bool:
    """Whether groups are thousands, and not those of telephone numbers, postcodes or addresses.

    They are if not all cells have them, or one has a decimal mark; commas always, points where a
    cell has one only.
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
    """A column with such numbers as float64, and its way; `given` has what somebody said of ways.

    Raises ValueError where it lacks the unit that it should have: 12 % is not 12.
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


def notice(name: object, cells: pd.Series, numbers: pd.Series) -> str:
    """What a person should know; the longest cell shows most."""
    there = cells[numbers.notna()].astype("str").str.strip()
    longest = int(there.str.len().to_numpy().argmax())
    value = numbers[numbers.notna()].iloc[longest]
    return f"{name}: {there.iloc[longest]!r} is read as {value:.15g}"
