"""Why rows were refused, in words for the user: what was expected, and which column differs.

The preparation refuses rows by its own rules. Here they are looked at again, only after a refusal.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from dnnsearch.data.column_inputs import ColumnInputs
from dnnsearch.data.files.sheet import numeric
from dnnsearch.data.model_inputs import ModelInputs
from dnnsearch.data.raw_columns import as_frame
from dnnsearch.validators import first_line, nearest_unused, shortened, show

MAX_NAMES = 3


def refusal(error: Exception, inputs: ModelInputs, X: Any, target: str | None = None) -> str:
    """Return why the inputs have refused raw rows X with this error, in one line."""
    rows = as_frame(X)
    in_numbers = "" if isinstance(inputs, ColumnInputs) else _not_numbers(inputs, rows)
    there = rows.columns if isinstance(rows, pd.DataFrame) else inputs.kinds
    return in_numbers or missing_columns(there, inputs.kinds, target) or first_line(error)


def missing_columns(
    there: Iterable[str], needed: Collection[str], target: str | None = None
) -> str:
    """Return which needed columns are missing; empty if none is.

    A column that may be the first of them under another name is neither needed itself nor the
    target.
    """
    names = dict.fromkeys(there)
    missing = [name for name in needed if name not in names]
    if not missing:
        return ""
    meant = nearest_unused(missing[0], names, {*needed, target or ""})
    what, verb = ("columns", "are") if len(missing) > 1 else ("column", "is")
    return f"{what} {shortened(map(repr, missing), MAX_NAMES)} {verb} missing{meant}"


def _not_numbers(inputs: ModelInputs, X: Any) -> str:
    """Return how rows differ from rows of as many numbers; empty if they do not.

    It is empty for a table with columns of the model as well: the error names the wrong one.
    """
    count, names = inputs.shape[0], shortened(inputs.kinds, MAX_NAMES)
    rule = f"each row must have {count} numbers{f' ({names})' if names else ''}, but"
    if isinstance(X, list):
        for number, row in enumerate(X, 1):
            if isinstance(row, list) and len(row) != count:
                return f"{rule} row {number} has {len(row)}"
    if not isinstance(X, pd.DataFrame):
        rows = np.asarray(X, object)
        X = pd.DataFrame(rows) if rows.ndim == 2 else pd.DataFrame()
    if not set(inputs.kinds).isdisjoint(X.columns):
        return ""
    found = [f"there are {X.shape[1]} columns"] if X.shape[1] not in (0, count) else []
    text = next(_text_cells(X), "")
    return f"{rule} {', and '.join([*found, text] if text else found)}" if found or text else ""


def _text_cells(frame: pd.DataFrame) -> Iterator[str]:
    """Yield the first cell of each column that is no number, in words."""
    for at, name in enumerate(frame.columns):
        cells = frame.iloc[:, at].dropna().astype("str")
        wrong = cells[numeric(cells).isna()]
        if len(wrong):
            yield f"column {name!r} has {show(wrong.iloc[0])}"
