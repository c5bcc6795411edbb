"""An Excel workbook (.xlsx): the cells of one sheet, as text, like the CSV that one can save of it.

openpyxl reads it; the values of formulas are those that the workbook was saved with.
"""

import csv
import datetime
import io
import shlex
import warnings
from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd

from dnnsearch.data.files.delimited import UNNAMED, read_delimited
from dnnsearch.data.files.dialect import Row
from dnnsearch.data.files.sheet import Sheet
from dnnsearch.validators import first_line, shortened

NEEDED = "it is an Excel workbook, which needs openpyxl: pip install openpyxl (or save it as CSV)"
AS_CSV = {"encoding": "utf-8", "separator": ",", "quote": '"', "decimal": "."}
MAX_EXACT = 2**53  # up to which a whole number is written without a decimal point


def read_workbook(raw: bytes, given: Mapping[str, Any], target: str | None) -> Sheet:
    """Return the table; raise ValueError if it is not clear which sheet has it."""
    name, rows, notices = _sheet(raw, given.get("sheet"), [] if target is None else [target])
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    found = read_delimited(text.getvalue().encode(), {**given, **AS_CSV}, target)
    keys = {key: value for key, value in found.found.items() if key not in AS_CSV}
    sheet = {"sheet": name} if given.get("sheet") else {}
    return Sheet(found.frame, found.declared, {**keys, **sheet}, (*notices, *found.notices))


def workbook_rows(raw: bytes, form: Mapping[str, Any], wanted: Collection[str]) -> pd.DataFrame:
    """Return the rows to be predicted, as text; raise ValueError as `read_workbook`."""
    _, rows, _ = _sheet(raw, form.get("sheet"), wanted)
    first = [cell.strip() for cell in rows[0]]
    header = form.get("header", True) or any(cell in wanted for cell in first)
    names = [cell if header and cell else UNNAMED.format(i) for i, cell in enumerate(first)]
    return pd.DataFrame(rows[header:], columns=names, dtype="str")


def _sheet(
    raw: bytes, wanted: str | None, names: Collection[str]
) -> tuple[str, list[Row], list[str]]:
    """Return the name and the rows of a sheet, and notices.

    It is the wanted sheet, the only one, or the only one that has all the `names` in a row.
    """
    sheets = _sheets(raw)
    if not sheets:
        raise ValueError("the workbook must have a sheet with cells, but all are empty")
    fitting = {n: rows for n, rows in sheets.items() if any(set(names) <= {*row} for row in rows)}
    known = fitting if names and len(fitting) == 1 and wanted is None else sheets
    name = next(iter(known)) if len(known) == 1 else wanted
    if name not in sheets:
        largest = max(sheets, key=lambda one: len(sheets[one]))
        rule = f"the sheet must be one of {shortened(sheets, 12)}"
        raise ValueError(f"{rule}: choose it, as in --set {shlex.quote(f'data.sheet={largest}')}")
    notices = [f"the sheet {name!r} is read"] if name != wanted else []
    rows, titles = _without_titles(sheets[name])
    return name, rows, notices + ([f"{titles} leading title rows were skipped"] if titles else [])


def _sheets(raw: bytes) -> dict[str, list[Row]]:
    """Return the rows of each visible sheet that has cells."""
    try:
        import openpyxl
    except ModuleNotFoundError:
        raise ValueError(NEEDED) from None
    try:
        with warnings.catch_warnings():  # about styles and validations, which are not read
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(io.BytesIO(raw), read_only=True, data_only=True)
            visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
            found = {sheet.title: _rows(sheet) for sheet in visible}
    except Exception as error:  # a damaged workbook raises nearly anything
        raise ValueError(
            f"must be a complete workbook, or saved as CSV, but: {first_line(error)}"
        ) from None
    return {name: rows for name, rows in found.items() if rows}


def _rows(sheet: Any) -> list[Row]:
    """Return the cells as text, all rows of one width, without empty rows and outer columns."""
    sheet.reset_dimensions()  # some programs write wrong ones
    rows = [[_text(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
    rows = [row for row in rows if any(row)]
    used = [i for row in rows for i in (_first(row), len(row) - _first(row[::-1]))]
    left, right = min(used, default=0), max(used, default=0)
    return [(row + [""] * (right - len(row)))[left:right] for row in rows]


def _first(row: Row) -> int:
    return next(i for i, cell in enumerate(row) if cell)


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).upper()
        case float() if value.is_integer() and abs(value) < MAX_EXACT:
            return str(int(value))
        case datetime.datetime() if value.time() == datetime.time():
            return value.date().isoformat()
        case datetime.datetime():
            return value.isoformat(sep=" ")
    return str(value).strip()


def _without_titles(rows: list[Row]) -> tuple[list[Row], int]:
    """Return the rows from the header on: rows of one cell above it are titles."""
    titles = 0
    while titles < len(rows) - 1 and sum(map(bool, rows[titles])) < min(2, len(rows[titles])):
        titles += 1
    return rows[titles:], titles
