"""Tables in text: CSV and similar formats, read by pandas after the widths of all rows are checked.

pandas silently fills short rows and drops cells of long ones.
"""

import io
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pandas as pd

from dnnsearch.data.files.dialect import SEPARATORS, Dialect, Row, detect, rows, without_comments
from dnnsearch.data.files.encoding import decode
from dnnsearch.data.files.line_forms import FORMS, line_forms, rewritten_text
from dnnsearch.data.files.number_formats import notice, respelled
from dnnsearch.data.files.number_spelling import may_be_thousands
from dnnsearch.data.files.reading_version import Reading
from dnnsearch.data.files.sheet import (
    CODE,
    LONG,
    Marks,
    Sheet,
    check_names,
    first_code,
    has_long_digits,
    plain,
    text_of,
    with_columns,
)
from dnnsearch.data.files.source import EVERY_OTHER
from dnnsearch.data.files.spelled_columns import NOT_NUMBERS, SpelledColumns, read_spelled
from dnnsearch.data.transformations import TRANSFORMATIONS
from dnnsearch.validators import first_line

UNNAMED = "column_{}"  # counted from 0
MANGLED = (
    "each row is one quoted cell, as some spreadsheets write a CSV file: "
    "export it again, or remove the outer quotes"
)
BY_COLUMN = "numbers with marks, units and signs by the whole column"
TRAILING, ROW_NAMES = "trailing", "row_names"


def read_delimited(raw: bytes, given: Mapping[str, Any], target: str | None) -> Sheet:
    """Return the table in the bytes; `given` has the keys of the config about its form.

    Raise ValueError if it is not a table: rows of several widths, doubled names, one column.
    """
    text, encoding = decode(raw, given)
    text, comments = without_comments(text)
    forms = line_forms(text, given)
    text = rewritten_text(text, forms)
    dialect = detect(text, given, target)
    notices = [f"{comments} leading comment lines were skipped"] if comments else []
    notices += [FORMS[name].notice for name in forms]
    frame = parse(text, dialect, given, target)
    notices += _missing_notice(text, dialect, frame, Marks.of(given), target)
    if Reading.of(given).has(BY_COLUMN):
        read = read_spelled(frame, given, target, dialect.decimal, dialect.separator)
    else:
        read = _respelled(frame, dialect.decimal, given, target)
    ways = {"spelled": read.spelled} if read.spelled else {}
    found = {"encoding": encoding, **dialect.as_dict(), **ways}
    frame = plain(read.frame, Marks.of(given), target)
    return Sheet(frame, found=found, notices=(*notices, *read.notices))


def _missing_notice(
    text: str, dialect: Dialect, frame: pd.DataFrame, marks: Marks, target: str | None
) -> list[str]:
    """Return which texts are read as missing, if a column of inputs has gaps other than empty ones.

    A word that is a label of the target is not named, because it may be there alone.
    """
    if not frame.drop(columns=[target], errors="ignore").isna().any(axis=None):
        return []
    labels = set(frame[target].dropna()) if target in frame else set()
    ends = "".join(map(re.escape, {dialect.separator, dialect.quote}))
    written = [
        mark
        for mark in dict.fromkeys(marks.everywhere)
        if mark in text  # much faster than the next line
        and mark not in ("", *labels)
        and re.search(rf"(?<![^{ends}\s]){re.escape(mark)}(?![^{ends}\s])", text)
    ]
    return [f"read as missing: {', '.join(written)}"] if written else []


def _respelled(
    frame: pd.DataFrame, decimal: str, given: Mapping[str, Any], target: str | None
) -> SpelledColumns:
    """Return the columns, apart from the target, that are formatted numbers, as numbers."""
    roles, ways, read = given.get("columns", {}), given.get("spelled"), {}
    gaps = list(Marks.of(given).among_numbers)
    for name in frame.columns.difference([target], sort=False):
        if roles.get(name, roles.get(EVERY_OTHER)) not in NOT_NUMBERS:
            cells = frame[name]
            if not pd.api.types.is_numeric_dtype(cells.dtype):
                cells = text_of(cells)  # also truths with gaps, and whole numbers beyond 2^64
                cells = cells.mask(cells.str.strip().str.casefold().isin(gaps))
            found = respelled(cells, decimal, ways)
            if found:
                read[str(name)] = found
    notices = [notice(name, frame[name], numbers) for name, (numbers, _) in read.items()]
    frame = with_columns(frame, {name: numbers for name, (numbers, _) in read.items()})
    return SpelledColumns(frame, {name: way for name, (_, way) in read.items()}, notices)


def parse(
    text: str, dialect: Dialect, given: Mapping[str, Any], target: str | None
) -> pd.DataFrame:
    """Return the table in a text without comments, as pandas reads it; codes stay text."""
    head, count, extra = _widths(text, dialect)
    names = column_names(head, dialect, extra)
    check_names(names)
    _check_columns(names, head, dialect)
    if count <= dialect.header:
        raise ValueError("the table must have rows, but it has a header only")
    marks = Marks.of(given)
    missing = {name: marks.of_target if name == target else marks.everywhere for name in names}
    numbers = {name for name, role in given.get("columns", {}).items() if role in TRANSFORMATIONS}
    frame = _pandas(text, dialect, names, missing, [n for n in names if n == target])
    long = Reading.of(given).has("whole numbers beyond 2^53 keep their digits")
    if EVERY_OTHER not in numbers and _may_have_codes(text, dialect, long):
        cells = _pandas(text, dialect, names, missing, names)
        frame = _with_codes(frame, cells, numbers, long)
    if unclear := _unclear_numbers(frame, given):
        cells = _pandas(text, dialect, names, missing, unclear)
        frame = with_columns(frame, {name: cells[name] for name in unclear})
    if (
        "," in head[0]
        and not any(cell.strip() for cell in head[1:])
        and frame.iloc[:, 1:].isna().all(axis=None)
    ):
        raise ValueError(MANGLED)
    return frame.drop(columns=names[-1]) if extra == TRAILING else frame


def _widths(text: str, dialect: Dialect) -> tuple[Row, int, str]:
    """Return the first row, the number of rows, and what an extra cell in all other rows means.

    Either the rows end in a separator or, as R writes it, they start with a name for the row.
    """
    stream = rows(text, dialect.separator, dialect.quote)
    head = next(stream, [])
    width, count, trailing = len(head), 1, True
    for count, row in enumerate(stream, start=2):
        if count == 2 and dialect.header and len(row) == width + 1:
            width += 1
        if len(row) != width:
            cells = f"row {count} has {len(row)} cells and row {count - 1} has {width}"
            text = ",".join(row)
            shown = repr(text if len(text) <= 60 else text[:60] + "...")
            raise ValueError(f"all rows must have one width, but {cells}: {shown}")
        trailing = trailing and not row[-1].strip()
    extra = width > len(head)
    return head, count, (TRAILING if trailing else ROW_NAMES) if extra else ""


def column_names(head: Row, dialect: Dialect, extra: str) -> list[str]:
    """Return the names in the first row; `extra` names what the other rows have in addition."""
    if not dialect.header:
        return [UNNAMED.format(i) for i in range(len(head))]
    names = [name.strip() or UNNAMED.format(i) for i, name in enumerate(head)]
    if extra == ROW_NAMES:
        return [ROW_NAMES, *names]
    return [*names, UNNAMED.format(len(head))] if extra else names


def _check_columns(names: Sequence[str], head: Row, dialect: Dialect) -> None:
    """Raise ValueError if there is one column only."""
    if len(names) > 1:
        return
    cell = head[0] if head else ""
    inside = max(SEPARATORS[:-1], key=cell.count)
    if not cell.count(inside):
        raise ValueError("the table must have at least 2 columns, but it has 1")
    if dialect.separator == inside:
        raise ValueError(MANGLED)
    raise ValueError(
        f"the table has one column under the separator {dialect.separator!r}; "
        f"did you mean separator: {inside!r}?"
    )


def _may_have_codes(text: str, dialect: Dialect, long: bool) -> bool:
    """Return whether a cell starts as `01234` does; files without one are read only once.

    `long` is whether a cell with more digits than a float64 holds is one too.
    """
    before = "".join(map(re.escape, {dialect.separator, dialect.quote}))
    code = f"{CODE}|-?{LONG}" if long else CODE
    return re.search(f"(?:^|[{before}]) *(?:{code})", text, re.MULTILINE) is not None


def _with_codes(
    frame: pd.DataFrame, cells: pd.DataFrame, numbers: Collection[str], long: bool
) -> pd.DataFrame:
    """Return the frame with columns of codes as text, from `cells`."""
    read = [n for n in frame if n not in numbers and pd.api.types.is_numeric_dtype(frame[n])]
    texts = {name: cells[name].str.strip() for name in read}
    codes = {str(n): c for n, c in texts.items() if first_code(c) or (long and has_long_digits(c))}
    return with_columns(frame, codes)


def _unclear_numbers(frame: pd.DataFrame, given: Mapping[str, Any]) -> list[str]:
    """Return the columns whose `15.531` pandas has read as a fraction, and which may be 15531."""
    if not Reading.of(given).has(BY_COLUMN):
        return []
    roles = given.get("columns", {})
    return [
        str(name)
        for name in frame
        if frame[name].dtype.kind == "f"
        and roles.get(EVERY_OTHER) != "number"  # as ARFF declares all numbers
        and roles.get(name) not in NOT_NUMBERS
        and (may_be_thousands(frame[name]) or name in given.get("spelled", {}))
    ]


def _pandas(
    text: str,
    dialect: Dialect,
    names: list[str],
    missing: Mapping[str, Sequence[str]],
    texts: Collection[str],
) -> pd.DataFrame:
    """Return numbers as numbers, but the columns of `texts`, such as the target, as text.

    In text, `0` and `1.0` stay as they are.
    """
    if dialect.separator == " ":
        text = "\n".join(line.strip() for line in text.split("\n"))
    options: dict[str, Any] = {
        "sep": r"\s+" if dialect.separator == " " else dialect.separator,
        "quotechar": dialect.quote,
        "decimal": dialect.decimal,
        "header": 0 if dialect.header else None,
        "names": names,
        "index_col": False,
        "na_values": {name: list(marks) for name, marks in missing.items()},
        "keep_default_na": False,
        "skipinitialspace": True,
        "low_memory": False,
        "dtype": dict.fromkeys(texts, "str"),
    }
    try:
        frame: pd.DataFrame = pd.read_csv(io.StringIO(text), **options)
    except Exception as error:  # pandas' parser raises many types
        raise ValueError(f"the table cannot be read: {first_line(error)}") from None
    return frame.dropna(how="all") if len(frame) else frame
