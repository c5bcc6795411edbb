"""Covers tables in memory: every library and every dtype becomes the same plain DataFrame."""

import datetime
import decimal
import io
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from dnnsearch.data.frames import as_parquet, plain_dtype, to_pandas, with_plain_dtypes

FRAME = pd.DataFrame(
    {
        "count": [1, 2, 3],
        "size": [0.5, np.nan, 2.5],
        "member": [True, False, True],
        "city": ["Ulm", None, "Bonn"],
    }
)
TABLES: dict[str, Any] = {
    "polars": pl.from_pandas(FRAME),
    "arrow": pa.Table.from_pandas(FRAME),
    "batch": pa.RecordBatch.from_pandas(FRAME),
    "records": FRAME.to_dict("records"),
    "columns": FRAME.to_dict("list"),
    "nullable": FRAME.convert_dtypes(),
    "pyarrow": FRAME.convert_dtypes(dtype_backend="pyarrow"),
    "pandas": FRAME,
}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_every_table_becomes_plain_columns(table: Any) -> None:
    found = with_plain_dtypes(to_pandas(table))
    assert list(found.columns) == list(FRAME.columns)
    assert [dtype.kind for dtype in found.dtypes[:3]] == ["i", "f", "b"]
    for name in FRAME:
        assert found[name].where(found[name].notna(), "-").tolist() == (
            FRAME[name].where(FRAME[name].notna(), "-").tolist()
        )


@pytest.mark.parametrize("backend", ["numpy_nullable", "pyarrow"])
def test_gaps_in_nullable_columns_stay_gaps(backend: str) -> None:
    gaps = pd.DataFrame({"n": [1, None, 3], "b": [True, None, False]}, dtype=object)
    found = with_plain_dtypes(gaps.convert_dtypes(dtype_backend=backend))
    assert found["n"].dtype == np.float64
    assert found["n"].isna().tolist() == found["b"].isna().tolist() == [False, True, False]
    assert found["b"].dropna().tolist() == [True, False]


def test_other_arrow_types_become_what_pandas_has() -> None:
    moment = datetime.datetime(2024, 5, 6, 7)
    arrow = pa.table(
        {
            "decimal": [decimal.Decimal("1.50"), None],
            "moment": [moment, None],
            "level": pa.array(["a", None]).dictionary_encode(),
        }
    ).to_pandas(types_mapper=pd.ArrowDtype)
    found = with_plain_dtypes(arrow)
    assert found["decimal"].tolist() == [decimal.Decimal("1.50"), None]
    assert found["moment"][0] == moment and found["moment"].isna()[1]
    assert found["level"].isna().tolist() == [False, True]


def test_arrays_and_lists_of_rows_stay_as_they_are() -> None:
    for rows in (np.zeros((2, 2)), [[1, 2], [3, 4]], "text", None, []):
        assert to_pandas(rows) is rows
    assert plain_dtype([1, 2]) == [1, 2]
    assert plain_dtype(FRAME["count"]) is FRAME["count"] or with_plain_dtypes(FRAME) is FRAME


def test_a_stored_table_is_the_same_table() -> None:
    mixed = FRAME.assign(mixed=["a", 1, None], list=[[1], [2], [3]]).set_index("city")
    stored = pd.read_parquet(io.BytesIO(as_parquet(mixed)))
    assert list(stored.columns) == ["city", "count", "size", "member", "mixed", "list"]
    assert stored["mixed"].fillna("-").tolist() == ["a", "1", "-"]
    sample = pd.read_parquet(io.BytesIO(as_parquet(FRAME.iloc[[2, 0]])))
    assert list(sample.columns) == list(FRAME.columns), "a row's number is no column"
    assert as_parquet(FRAME) == as_parquet(FRAME.copy())
    with pytest.raises(ValueError, match="column names must differ"):
        as_parquet(FRAME.set_axis(list("aabc"), axis=1))
