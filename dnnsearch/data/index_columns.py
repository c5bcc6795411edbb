"""Row numbers that came along: the index that pandas, R or a spreadsheet wrote as a column.

After a sample or a filter they have gaps, and in a file that was sorted by class they tell the
class, so a network learns them. They are known by their name, or by having none.
"""

import re

import numpy as np
import pandas as pd

REASON = "it is an index that came along: row numbers, no feature"
NUMBERED = re.compile(r"column_\d+")  # a column without a name, as `files` calls it
# Names for a column without one: of pandas, R's readr, and R's row names without a header.
NO_NAME = re.compile(r"column_\d+|unnamed: ?\d+.*|\.\.\.\d+|row_names", re.IGNORECASE)
# Names that R and spreadsheets give to such a column, but that a feature may have, too.
MAYBE_NO_NAME = re.compile(
    r"x\.?\d*|v1|column ?1|field_?1|level_0|row[ _.]?(names?|id|num(ber)?|nr|no)?|rn|obs|"
    r"observation|sl?[ ._]?no\.?|seq|#|№",
    re.IGNORECASE,
)
MIN_ROWS = 10
MIN_SHARE_OF_DIFFERENT = 0.5  # of a sample with repetitions, or of two tables under each other
MAX_NUMBERS_PER_ROW = 100  # of the table before the filter


def index_columns(frame: pd.DataFrame) -> list[str]:
    """Return the columns that are an index; a table without a header has none."""
    names = [str(name) for name in frame.columns]
    if all(NUMBERED.fullmatch(name) for name in names):
        return []
    return [name for place, name in enumerate(names) if _is_index(frame[name], name, place)]


def _is_index(series: pd.Series, name: str, place: int) -> bool:
    has_no_name = bool(NO_NAME.fullmatch(name))
    may_have_none = place == 0 and bool(MAYBE_NO_NAME.fullmatch(name))
    if not (has_no_name or may_have_none) or not _are_row_numbers(series):
        return False
    distinct = series.nunique()
    if has_no_name:
        return bool(distinct >= MIN_SHARE_OF_DIFFERENT * len(series))
    return bool(
        distinct == len(series) and series.max() - series.min() < MAX_NUMBERS_PER_ROW * len(series)
    )


def _are_row_numbers(series: pd.Series) -> bool:
    """Return whether they are whole numbers from 0 on, without missing cells, in enough rows."""
    if len(series) < MIN_ROWS or not pd.api.types.is_numeric_dtype(series.dtype):
        return False
    values = series.to_numpy(np.float64)
    is_whole = np.isfinite(values).all() and (np.mod(values, 1) == 0).all()
    return bool(is_whole and (values >= 0).all())
