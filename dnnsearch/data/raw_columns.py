"""The columns that a model needs, taken out of raw rows in every form that a caller may have."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from dnnsearch.data.files.sheet import column as plain_column
from dnnsearch.data.files.sheet import numeric, with_columns
from dnnsearch.data.frames import to_pandas, with_plain_dtypes
from dnnsearch.data.target import check_range
from dnnsearch.validators import nearest, shortened, show

MAX_COLUMNS_SHOWN = 3  # in the message on missing ones


def as_frame(X: Any) -> Any:
    """Return a DataFrame with stripped names for a table or records; anything else as it is.

    The table may be of any library that `frames` knows.
    """
    X = to_pandas(X)
    if not isinstance(X, pd.DataFrame):
        return X
    return with_plain_dtypes(X).set_axis([str(n).strip() for n in X.columns], axis=1)


def check_columns(there: Iterable[str], names: Iterable[str]) -> None:
    """Raise ValueError unless each of the columns `names` is there, and only once."""
    count = Counter(there)
    if missing := [name for name in names if not count[name]]:
        meant = nearest(missing[0], count)
        what, verb = ("columns", "are") if len(missing) > 1 else ("column", "is")
        shown = shortened(map(repr, missing), MAX_COLUMNS_SHOWN)
        raise ValueError(f"{what} {shown} {verb} missing{meant}")
    if doubled := [name for name in names if count[name] > 1]:
        raise ValueError(f"several columns have the name {doubled[0]!r}: keep only one")


def chosen(frame: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Return these columns of the frame; raise ValueError as `check_columns` does."""
    check_columns(frame.columns, names)
    return frame if list(frame.columns) == list(names) else frame[list(names)]  # that would copy


def as_numbers(frame: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Return the frame with numbers in these columns; raise ValueError for anything else."""
    for name in names:
        series = frame[name]
        if not is_plain_number(series):
            series = plain_column(series, codes=False)
            if not is_plain_number(series):
                text = series[series.notna() & numeric(series).isna()].iloc[0]
                raise ValueError(f"column {name!r} must be numbers, but has {show(text)}")
            frame = with_columns(frame, {name: series})
        if series.dtype.kind == "f":
            check_range(name, series.to_numpy())
    return frame


def is_plain_number(series: pd.Series) -> bool:
    """Return whether the column has NumPy's integers or floats."""
    return isinstance(series.dtype, np.dtype) and series.dtype.kind in "iuf"
