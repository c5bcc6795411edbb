"""Tables written to a file part by part, under another name until the file is complete.

The ending of the file decides the format. Numbers keep all their digits.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any

import pandas as pd

from dnnsearch.storage.atomic_write import whole_file

Write = Callable[[pd.DataFrame], None]
Writer = Callable[[IO[bytes]], AbstractContextManager[Write]]


@contextmanager
def written(path: Path) -> Iterator[Write]:
    """Yield a function that writes the next part of a table; after an exception no file is left.

    Raise ValueError for an unknown ending.
    """
    kind = WRITERS.get(path.suffix.lower())
    if kind is None:
        raise ValueError(f"its name must end in one of {', '.join(WRITERS)}")
    with whole_file(path) as new, new.open("wb") as file, kind(file) as write:
        yield write


@contextmanager
def delimited(file: IO[bytes], separator: str = ",") -> Iterator[Write]:
    """Write text in UTF-8 with a header."""
    is_first = True

    def write(part: pd.DataFrame) -> None:
        nonlocal is_first
        text = part.to_csv(sep=separator, index=False, header=is_first, lineterminator="\n")
        file.write(text.encode())
        is_first = False

    yield write


@contextmanager
def _json_lines(file: IO[bytes]) -> Iterator[Write]:
    def python_value(value: Any) -> Any:  # a NumPy number; a date becomes text
        return value.item() if hasattr(value, "item") else str(value)

    def write(part: pd.DataFrame) -> None:
        for row in part.to_dict("records"):
            file.write(json.dumps(row, default=python_value, ensure_ascii=False).encode() + b"\n")

    yield lambda part: write(part.astype(object).where(part.notna(), None))


@contextmanager
def _parquet(file: IO[bytes]) -> Iterator[Write]:
    """Write Parquet; all parts get the types of the first."""
    import pyarrow as pa
    from pyarrow import parquet

    writer: parquet.ParquetWriter | None = None

    def write(part: pd.DataFrame) -> None:
        nonlocal writer
        schema = None if writer is None else writer.schema
        table = pa.Table.from_pandas(part, schema=schema, preserve_index=False)
        writer = writer or parquet.ParquetWriter(file, table.schema)
        writer.write_table(table)

    yield write
    if writer is not None:
        writer.close()


WRITERS: dict[str, Writer] = {
    ".csv": delimited,
    ".tsv": partial(delimited, separator="\t"),
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".parquet": _parquet,
}
