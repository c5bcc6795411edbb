"""How the dates and durations of a column are written, told from the column as a whole.

A date becomes datetime64[us], in UTC if it has an offset; a duration or a time of day becomes
seconds. A day and a month that cannot be told apart are asked for.
"""

import re

import numpy as np
import pandas as pd

from dnnsearch.data.files.source import ISO, setting

SAMPLE_CELLS = 50
BASIC = "%Y%m%d"
MIN_BASIC_DATES = 10  # different ones, or 20240131 is a number
LIKE_DATE = re.compile(r"(?=.*\d)[\w\s,.:/+()-]{6,60}")
LIKE_DURATION = re.compile(r"[+-]?P[\dT].*|-?\d+:\d\d(:\d\d)?([.,]\d+)?|-?\d+ days?.*")
CLOCK = re.compile(r"(-?)(\d+):(\d\d)(?::(\d\d(?:[.,]\d+)?))?")
TIMES = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p")
NUMERIC = tuple(
    f"{day}{mark}{month}{mark}{year}"
    for year in ("%Y", "%y")
    for mark, orders in (("/", "dm md"), ("-", "dm md"), (".", "dm"))
    for day, month in (("%d", "%m") if order == "dm" else ("%m", "%d") for order in orders.split())
)
NAMED = (
    "%d %b %Y",
    "%d %B %Y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%d-%b-%Y",
    "%d/%b/%Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%b %d %Y",
    "%B %d %Y",
    "%A, %B %d, %Y",
)
OTHERS = (
    "%a %b %d %H:%M:%S %Y",
    "%a, %d %b %Y %H:%M:%S %z",
    "%d/%b/%Y:%H:%M:%S %z",
    "%b %Y",
    "%B %Y",
    "%b-%y",
    "%b-%Y",
    "%m/%Y",
    "%m.%Y",
    "%G-W%V-%u",
)
FORMATS = (
    ISO,
    *(f"%Y/%m/%d{time}" for time in TIMES),
    *(f"{date}{time}" for date in (*NUMERIC, *NAMED) for time in TIMES),
    *OTHERS,
)


def example(form: str) -> str:
    """Return a date in this format, and the format, to say how dates must be written."""
    if form == ISO:
        return "2024-01-31"
    date = pd.Timestamp(2024, 1, 31, 8, tz="UTC").strftime(form)
    return f"{date} ({form})"


def parsed(cells: pd.Series, form: str) -> pd.Series:
    """Return text as datetime64[us], each cell by itself; NaT for a cell in another format.

    A date of ISO 8601, and as pandas prints it, is understood whatever the format is.
    """
    text = cells.astype("str")
    found = _in_format(text, form)
    lacking = found.isna() & cells.notna()
    if form != ISO and lacking.any():
        found = found.where(~lacking, _in_format(text.where(lacking), ISO))
    return found


def _in_format(text: pd.Series, form: str) -> pd.Series:
    given = text.where(text.str.contains("-", regex=False)) if form == ISO else text
    found = pd.to_datetime(given, errors="coerce", format=form, utc=True)
    return found.dt.tz_localize(None).astype("datetime64[us]")


def dates_of(series: pd.Series, form: str) -> pd.Series:
    """Return a column of text, of pandas' dates or of numbers such as 20240131 as datetime64[us].

    NaT is a missing cell, and one that is no date.
    """
    if series.dtype.kind == "M":
        return typed(series)
    if series.dtype.kind not in "iuf":
        return parsed(series, form)
    whole = series.where(series % 1 == 0) if form == BASIC else series.astype(np.float64) * np.nan
    text = whole.dropna().astype(np.int64).astype("str").reindex(series.index)
    return _in_format(text, BASIC)


def typed(series: pd.Series) -> pd.Series:
    """Return a column of pandas' dates as datetime64[us], in UTC if it has a time zone."""
    if getattr(series.dt, "tz", None) is not None:
        series = series.dt.tz_convert("UTC").dt.tz_localize(None)
    return series.astype("datetime64[us]")


def detect_dates(cells: pd.Series) -> str:
    """Return the format of a column of dates (NA is missing); an empty text if it is none.

    Raise ValueError, which asks, if day and month cannot be told apart.
    """
    there = cells.dropna().astype("str")
    sample = there[:SAMPLE_CELLS]
    if not len(there) or not all(LIKE_DATE.fullmatch(cell) for cell in sample):
        return ""
    fitting = [form for form in FORMATS if _in_format(sample, form).notna().all()]
    found = {form: dates for form in fitting if (dates := _in_format(there, form)).notna().all()}
    if not found:
        return ""
    first, *others = found
    other = next((form for form in others if not found[form].equals(found[first])), None)
    if other is not None:
        unclear = there[found[first] != found[other]].iloc[0]
        either = " or ".join(setting("data.spelled", str(cells.name), f) for f in (first, other))
        raise ValueError(
            f"column {cells.name!r} has dates such as {unclear}, whose day and month cannot be "
            f"told apart: say {either}, or {setting('data.columns', str(cells.name), 'ignored')}"
        )
    return first


def are_basic_dates(numbers: pd.Series) -> bool:
    """Return whether all whole numbers are dates such as 20240131, of the years 1900 to 2100."""
    there = numbers.dropna()
    if there.nunique() < MIN_BASIC_DATES or not there.between(19000101, 21001231).all():
        return False
    if (there % 1 != 0).any():
        return False
    text = there.astype(np.int64).astype("str")
    return bool(pd.to_datetime(text, errors="coerce", format=BASIC).notna().all())


def detect_durations(cells: pd.Series) -> bool:
    """Return whether all cells are durations or times of day; NA is missing."""
    there = cells.dropna().astype("str")
    if not len(there) or not all(LIKE_DURATION.fullmatch(cell) for cell in there[:SAMPLE_CELLS]):
        return False
    return bool(seconds(there).notna().all())


def seconds(cells: pd.Series) -> pd.Series:
    """Return durations and times of day as seconds, float64, each cell by itself; NaN for others.

    12:30 is half past twelve, or twelve hours and a half, never minutes.
    """
    return pd.Series([_seconds(cell) for cell in cells.astype("str")], cells.index, np.float64)


def _seconds(cell: str) -> float:
    clock = CLOCK.fullmatch(cell.strip())
    if clock is not None:
        sign, hours, minutes, rest = clock.groups()
        if int(minutes) > 59 or float((rest or "0").replace(",", ".")) >= 60:
            return np.nan
        total = 3600 * int(hours) + 60 * int(minutes) + float((rest or "0").replace(",", "."))
        return -total if sign else total
    if not LIKE_DURATION.fullmatch(cell.strip()):
        return np.nan
    try:
        return float(pd.Timedelta(cell.strip()).total_seconds())
    except ValueError:
        return np.nan
