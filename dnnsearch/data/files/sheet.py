"""A table as it was read: columns of numbers or of text, with missing cells.

Every format becomes a `Sheet`, so that no other module needs to know the format.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from dnnsearch.data.files.reading_version import Reading
from dnnsearch.data.files.source import setting

MISSING = (
    "",
    "?",
    "NA",
    "N/A",
    "n/a",
    "<NA>",
    "#N/A",
    "NaN",
    "nan",
    "-nan",
    "null",
    "NULL",
    "None",
)
WORDS = ("NA", "N/A", "n/a", "null", "NULL", "None")  # marks that may be labels of a target
# In a column whose other cells are numbers, one of these is also a missing value.
GAPS = ("-", "--", ".", "na", "n.a.", "#na", "nil", "none", "missing", "unknown", "not available")
ERRORS = (  # of Excel in English and German, of LibreOffice and Google Sheets
    "#DIV/0!",
    "#VALUE!",
    "#REF!",
    "#NAME?",
    "#NUM!",
    "#NULL!",
    "#NV",
    "#SPILL!",
    "#CALC!",
    "#ERROR!",
    "#WERT!",
    "#BEZUG!",
    "#ZAHL!",
)
DATES = ("ISO8601", "%d.%m.%Y", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%Y/%m/%d")
LONG = r"\d{16}"  # how whole numbers start that a float64 may not hold
CODE = r"0\d|\+\d{7}"  # how digits start that are a code, not a number
PLAIN = r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?"  # a number without any other mark
NUMBER = r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|[-+]?inf(inity)?"
MAX_NAME_CHARACTERS = 200


@dataclass(frozen=True)
class Sheet:
    """Columns are float or integer numbers (NaN is missing) or pandas' `str` (NA is missing)."""

    frame: pd.DataFrame
    declared: dict[str, str] = field(default_factory=dict)  # name -> role, if the file declares it
    found: dict[str, Any] = field(default_factory=dict)  # keys of a config's data, as detected
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Marks:
    """The texts that are no values of their own, or no numbers."""

    everywhere: tuple[str, ...] = MISSING
    among_numbers: tuple[str, ...] = GAPS  # folded; in columns whose other cells are numbers
    labels: tuple[str, ...] = ()  # of `everywhere`, those that may be labels of a target
    keeps_digits: bool = False  # whether whole numbers beyond 2^53 stay text

    @classmethod
    def of(cls, form: Mapping[str, Any]) -> "Marks":
        """Return the marks for the keys of a config's `data`."""
        reading, named = Reading.of(form), tuple(form.get("missing", ()))
        errors = ERRORS if reading.has("errors of a spreadsheet are gaps") else ()
        if reading.has("marks that the config names join the usual ones") or "missing" not in form:
            long = reading.has("whole numbers beyond 2^53 keep their digits")
            words = WORDS if reading.has("None, NA and null may be labels") else ()
            labels = tuple(word for word in words if word not in named)
            return cls((*MISSING, *errors, *named), GAPS, labels, long)
        return cls((*named, *errors), GAPS if named == MISSING else ())

    @property
    def of_target(self) -> tuple[str, ...]:
        """The marks in the column of the target."""
        return tuple(mark for mark in self.everywhere if mark not in self.labels)


USUAL_MARKS = Marks()


def check_names(names: Sequence[str]) -> None:
    """Raise ValueError for doubled names, and for names too long for a config."""
    doubled = sorted(name for name, count in Counter(names).items() if count > 1)
    if doubled:
        places = [str(i) for i, name in enumerate(names) if name == doubled[0]]
        which = " and ".join(places[:2])
        raise ValueError(f"column names must differ, but {doubled[0]!r} is column {which}")
    for name in names:
        if len(name) > MAX_NAME_CHARACTERS:
            rule = f"column names must have at most {MAX_NAME_CHARACTERS} characters"
            raise ValueError(f"{rule}, but got {name[:40]!r}...")


def plain(
    frame: pd.DataFrame, marks: Marks = USUAL_MARKS, target: str | None = None
) -> pd.DataFrame:
    """Return the frame with columns of numbers and of text only.

    Text in which all cells are numbers becomes numbers, except codes such as `01234`, which would
    lose their zeros, and except the target, in which `1` and `1.0` may be two spellings. Raise
    ValueError for cells such as lists.
    """
    frame = frame.set_axis([str(name).strip() for name in frame.columns], axis=1)
    check_names(list(frame.columns))
    if all(_is_plain(dtype) for dtype in frame.dtypes):
        return frame
    columns = {
        name: column(series, marks if name != target else Marks(marks.of_target), name != target)
        for name, series in frame.items()
    }
    return pd.DataFrame(columns, index=frame.index)


def with_columns(frame: pd.DataFrame, columns: Mapping[str, pd.Series]) -> pd.DataFrame:
    """Return the frame with these columns replaced, whatever their names.

    `frame.assign` does not take a column named `self`.
    """
    changed = frame.copy(deep=False)
    for name, series in columns.items():
        changed[name] = series
    return changed


def _is_plain(dtype: Any) -> bool:
    return isinstance(dtype, np.dtype) and dtype.kind in "iuf"


def column(
    series: pd.Series,
    marks: Marks = USUAL_MARKS,
    numbers: bool = True,
    codes: bool = True,
) -> pd.Series:
    """Return one column as numbers, or as stripped text.

    With `numbers`, text in which all cells are numbers becomes numbers; with `codes`, text such as
    `01234` stays text.
    """
    if _is_plain(series.dtype):
        return series
    if pd.api.types.is_bool_dtype(series.dtype):
        return series.astype("str")
    if pd.api.types.is_numeric_dtype(series.dtype):
        return pd.Series(series.to_numpy(np.float64, na_value=np.nan), index=series.index)
    text = text_of(series)
    text = text.mask(text.isin(list(marks.everywhere)))
    if not numbers:
        return text
    known = text.mask(text.str.casefold().isin(list(marks.among_numbers)))
    if codes and (first_code(known) or (marks.keeps_digits and has_long_digits(known))):
        return known
    return _numbers_or_text(text, marks.among_numbers)


def first_code(text: pd.Series) -> str:
    """Return the first cell that starts with a zero, or is a telephone number with `+`.

    Return an empty text if there is none, or if a cell is not only digits: `00.5` is a number.
    """
    there = text.dropna()
    codes = there[there.str.match(CODE)]
    return str(codes.iloc[0]) if len(codes) and there.str.fullmatch(r"[-+]?\d+").all() else ""


def has_long_digits(text: pd.Series) -> bool:
    """Return whether all cells are whole numbers, and a float64 does not hold one of them."""
    there = text.dropna()
    long = there[there.str.match(f"[-+]?{LONG}")]
    if not len(long) or not there.str.fullmatch(r"[-+]?\d+").all():
        return False
    return any(int(float(cell)) != int(cell) or abs(int(cell)) > 2**53 for cell in long)


def nested(series: pd.Series) -> list[Any]:
    """Return the cells that are not single values, such as lists."""
    cells = series if series.dtype == object else ()
    return [v for v in cells if isinstance(v, list | dict | tuple | set | np.ndarray)]


def text_of(series: pd.Series) -> pd.Series:
    """Return the cells as stripped text, NA if missing; raise ValueError for lists and the like."""
    if series.dtype == object:
        strange = nested(series)
        if strange:
            what = type(strange[0]).__name__
            rule = f"column {series.name!r} must contain single values, but has a {what}"
            option = setting("data.columns", str(series.name), "ignored")
            raise ValueError(f"{rule}: leave it out, {option}, or split it up")
        there = series.notna()
        series = series.astype("str").where(there)
    return series.astype("str").str.strip()


def _numbers_or_text(text: pd.Series, gaps: Sequence[str]) -> pd.Series:
    there = text.dropna()
    if len(there) == 0:
        return pd.Series(np.nan, index=text.index)
    numbers = numeric(there)
    others = there[numbers.isna()].str.casefold()
    is_numbers = len(others) < len(there) and others.isin(list(gaps)).all()
    return numbers.reindex(text.index) if is_numbers else text


def numeric(text: pd.Series) -> pd.Series:
    """Return text as float64, NaN for text that is not a number, such as `1_0` or `0x10`."""
    if not are_plain(text):  # which takes a tenth of the time of the next line
        spelled = text.str.fullmatch(NUMBER, flags=re.IGNORECASE)
        text = text.where(spelled.fillna(False).astype(bool))
    return pd.to_numeric(text, errors="coerce").astype(np.float64)


def are_plain(text: pd.Series) -> bool:
    """Return whether all cells are numbers in ASCII without blanks, units or marks of thousands."""
    return bool(text.str.fullmatch(PLAIN).eq(True).all())


def dates(text: pd.Series) -> pd.Series | None:
    """Return text as dates, all in one unambiguous format; None if it is not that."""
    for form in DATES:
        found = pd.to_datetime(text, errors="coerce", format=form, utc=True)
        if len(text) and found.notna().all():
            return found
    return None
