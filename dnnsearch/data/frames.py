"""Tables in memory, from whichever library, as a pandas DataFrame of plain columns.

A polars or Arrow table is taken through the interface that all such libraries share, so none of
them is imported here: https://arrow.apache.org/docs/format/CDataInterface/PyCapsuleInterface.html
"""

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from dnnsearch.data.files.sheet import check_names

ARROW = ("__arrow_c_stream__", "__arrow_c_array__")


def to_pandas(rows: Any) -> Any:
    """Return a DataFrame for a table of any library and for records; anything else as it is.

    Records are a list of mappings, one for each row, or one mapping of columns.
    """
    if isinstance(rows, pd.DataFrame | np.ndarray):
        return rows
    if isinstance(rows, list | tuple) and rows and isinstance(rows[0], Mapping):
        return pd.DataFrame(list(rows))
    if isinstance(rows, Mapping) and not hasattr(rows, "shape"):  # a sparse matrix is one too
        columns = all(isinstance(cells, list | tuple | np.ndarray) for cells in rows.values())
        return pd.DataFrame(dict(rows) if columns else [dict(rows)])
    if hasattr(rows, "columns") and any(hasattr(rows, name) for name in ARROW):
        import pyarrow as pa

        return pa.table(rows).to_pandas()
    return rows


def with_plain_dtypes(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame without nullable and pyarrow dtypes; text keeps pandas' own dtype."""
    if not any(map(_is_special, frame.dtypes)):
        return frame
    columns = [plain_dtype(frame.iloc[:, i]) for i in range(frame.shape[1])]
    plain: pd.DataFrame = pd.concat(columns, axis=1).set_axis(frame.columns, axis=1)
    return plain


def plain_dtype(column: Any) -> Any:
    """Return a Series without a nullable or pyarrow dtype; anything else as it is.

    A missing number becomes NaN, a missing boolean None.
    """
    if not isinstance(column, pd.Series) or not _is_special(column.dtype):
        return column
    if _is_text(column.dtype):
        return column.astype("str")
    return pd.Series(_values(column), index=column.index, name=column.name)


def _values(column: pd.Series) -> np.ndarray:
    dtype: Any = column.dtype
    gaps = column.isna().to_numpy()
    if isinstance(dtype, pd.ArrowDtype) and dtype.kind in "Mm":
        return np.asarray(column.to_numpy(f"{dtype.kind}8[ns]"))
    if dtype.kind == "b" and not gaps.any():
        return column.to_numpy(bool)
    if dtype.kind in "iuf":
        plain = np.float64 if gaps.any() else dtype.numpy_dtype
        return column.to_numpy(plain, na_value=np.nan) if gaps.any() else column.to_numpy(plain)
    return column.astype(object).where(~gaps, None).to_numpy(object)


def as_parquet(frame: pd.DataFrame) -> bytes:
    """Return the table as a Parquet file; an index with a name becomes a column.

    Columns that Parquet has no type for become text. Raise ValueError if names are doubled.
    """
    import pyarrow as pa

    named = [name for name in frame.index.names if name is not None and name not in frame.columns]
    frame = with_plain_dtypes(frame.reset_index(named).reset_index(drop=True))
    names = [str(name) for name in frame.columns]
    check_names(names)
    columns = [_arrow(frame.iloc[:, i]) for i in range(len(names))]
    file = io.BytesIO()
    pa.parquet.write_table(pa.table(columns, names=names), file)
    return file.getvalue()


def _arrow(column: pd.Series) -> Any:
    import pyarrow as pa
    import pyarrow.parquet

    try:
        return pa.array(column, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError):  # such as numbers and text in one column
        return pa.array(column.astype(object).where(column.notna(), None).map(_text))


def _text(cell: Any) -> Any:
    return None if cell is None else str(cell)


def _is_special(dtype: Any) -> bool:
    """Return whether it is a nullable or pyarrow dtype, and not pandas' default for text."""
    return isinstance(dtype, pd.ArrowDtype | pd.BooleanDtype) or (
        pd.api.types.is_extension_array_dtype(dtype)
        and (hasattr(dtype, "numpy_dtype") or _is_text(dtype))
    )


def _is_text(dtype: Any) -> bool:
    """Return whether it is a dtype of text, other than pandas' default."""
    if isinstance(dtype, pd.ArrowDtype):
        return dtype.type is str
    return isinstance(dtype, pd.StringDtype) and dtype.na_value is pd.NA
