"""Parquet, Feather and Arrow files: tables whose columns have types, read by pyarrow."""

import io
from collections.abc import Callable
from typing import Any

import pandas as pd

from dnnsearch.data.files.signatures import ARROW, ARROW_STREAM, OLD_FEATHER, PARQUET
from dnnsearch.data.files.size_limits import check_packed
from dnnsearch.validators import first_line

SAMPLE_ROWS = 1000  # that say how large a row is


def _stream(file: io.BytesIO) -> pd.DataFrame:
    import pyarrow as pa

    with pa.ipc.open_stream(file) as reader:
        frame: pd.DataFrame = reader.read_all().to_pandas()
    return frame


def _parquet(file: io.BytesIO) -> pd.DataFrame:
    from pyarrow.parquet import ParquetFile

    claimed = ParquetFile(file)
    first = next(claimed.iter_batches(SAMPLE_ROWS), None)
    if first is not None and len(first):
        size = sum(_written_out(column).nbytes for column in first.columns)
        check_packed(claimed.metadata.num_rows * size // len(first), file.getbuffer().nbytes)
    return pd.read_parquet(file)


def _written_out(column: Any) -> Any:
    """Return a column of an Arrow table without its dictionary."""
    return column.dictionary_decode() if hasattr(column, "dictionary_decode") else column


READERS: tuple[tuple[bytes, str, Callable[[io.BytesIO], pd.DataFrame]], ...] = (
    (PARQUET, "Parquet", _parquet),
    (ARROW, "Feather", pd.read_feather),
    (OLD_FEATHER, "Feather", pd.read_feather),
    (ARROW_STREAM, "Arrow", _stream),
)


def columnar_frame(raw: bytes) -> pd.DataFrame | None:
    """Return the table in the bytes, None for another format; raise ValueError if it is damaged.

    An index with a name becomes a column again.
    """
    for magic, name, reader in READERS:
        if raw.startswith(magic):
            return _without_index(_read(raw, name, reader))
    return None


def parquet_frame(raw: bytes) -> pd.DataFrame:
    """Return the table in Parquet; raise ValueError for anything else."""
    return _without_index(_read(raw, "Parquet", _parquet))


def _read(raw: bytes, name: str, reader: Callable[[io.BytesIO], pd.DataFrame]) -> pd.DataFrame:
    try:
        return reader(io.BytesIO(raw))
    except Exception as error:  # pyarrow raises many types
        raise ValueError(f"must be a complete {name} file, but: {first_line(error)}") from None


def _without_index(frame: pd.DataFrame) -> pd.DataFrame:
    named = [name for name in frame.index.names if name is not None and name not in frame.columns]
    return frame.reset_index(named).reset_index(drop=True)
