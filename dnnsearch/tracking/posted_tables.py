"""Tables that are posted to the server: read as `predict` reads a file, and answered as JSON."""

import json
import tempfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet

from dnnsearch.data.files.columnar import parquet_frame
from dnnsearch.data.files.streaming import ROWS_PER_PART, text_table
from dnnsearch.models.ensemble import Model
from dnnsearch.validators import first_line

MAX_PARQUET_CELLS = 20_000_000  # a small file may claim any number of them
MAX_JSON_VALUES = 5_000_000  # each takes some 100 bytes of memory, whatever it took in the body
PACKED = (b"\x1f\x8b", b"PK")  # how gzip and zip start
SPLIT, RECORDS = "dataframe_split", "dataframe_records"
KEYS = (SPLIT, RECORDS, "instances", "inputs")  # MLflow's, of a posted JSON
Part = tuple[Any, str | None]  # rows, and the decimal mark of their text


def predictions(model: Model, body: bytes, media_type: str) -> bytes:
    """Return `{"predictions": [{column: value}, ...]}` for the rows of a table in the body.

    Raise ValueError, in one line, for a table that cannot be read or predicted.
    """
    answers: list[bytes] = []  # of each part: fewer copies than one of all
    first = 1
    for rows, decimal in READERS[media_type](model, body):
        try:
            found = pd.DataFrame(model.answers(rows, decimal))
        except ValueError as error:
            raise ValueError(f"from row {first} on: {error}" if first > 1 else error) from None
        answers.append(", ".join(map(json.dumps, found.to_dict("records"))).encode())
        first += len(found)
    return b'{"predictions": [' + b", ".join(answers) + b"]}"


def _text_parts(model: Model, body: bytes) -> Iterator[Part]:
    if body.startswith(PACKED):
        raise ValueError("a table in text must not be compressed")
    with tempfile.NamedTemporaryFile() as file:
        file.write(body)
        file.flush()
        try:
            table = text_table(Path(file.name), model.form, model.inputs.kinds)
            empty = pd.DataFrame(columns=table.names, dtype="str")
            parts = table.parts()
            yield next(parts, empty), table.dialect.decimal
            yield from ((part, table.dialect.decimal) for part in parts)
        except ValueError as error:
            raise ValueError(str(error).replace(file.name, "the body")) from None


def _parquet(_: Model, body: bytes) -> Iterator[Part]:
    try:
        claimed = pyarrow.parquet.read_metadata(BytesIO(body))
    except Exception as error:  # pyarrow raises many types
        raise ValueError(f"the body must be a Parquet file, but: {first_line(error)}") from None
    if claimed.num_rows * claimed.num_columns > MAX_PARQUET_CELLS:
        rule = f"a Parquet file must have at most {MAX_PARQUET_CELLS:,} cells"
        raise ValueError(f"{rule}, but has {claimed.num_rows:,} rows of {claimed.num_columns}")
    yield from _in_parts(parquet_frame(body))


def _json(_: Model, body: bytes) -> Iterator[Part]:
    if sum(map(body.count, (b",", b"[", b"{"))) > MAX_JSON_VALUES:
        rule = f"a posted JSON must have at most {MAX_JSON_VALUES:,} values"
        raise ValueError(f"{rule}, but has more: post fewer rows at a time")
    try:
        document = json.loads(body)
    except RecursionError:
        raise ValueError("the JSON must not be nested so deeply") from None
    except ValueError as error:
        raise ValueError(f"the body must be JSON, but: {error}") from None
    found = [key for key in KEYS if isinstance(document, dict) and key in document]
    if len(found) != 1:
        got = type(document).__name__ if not found else " and ".join(found)
        raise ValueError(f"the JSON must be a mapping with one of {', '.join(KEYS)}, not {got}")
    try:
        rows = _rows(document.pop(found[0]), found[0])
    except Exception as error:  # pandas raises many types
        raise ValueError(f"{found[0]} must be a table, but: {first_line(error)}") from None
    yield from _in_parts(rows)


def _in_parts(rows: Any) -> Iterator[Part]:
    """Yield at least one part of the rows."""
    for start in range(0, max(len(rows), 1), ROWS_PER_PART):
        yield rows[start : start + ROWS_PER_PART], None


def _rows(given: Any, key: str) -> Any:
    """Return a DataFrame; of lists without names, as they are, if the key admits them."""
    if key == SPLIT:
        return pd.DataFrame(given["data"], columns=given.get("columns"), index=given.get("index"))
    if key == RECORDS or not isinstance(given, list) or isinstance(given[0], dict):
        return pd.DataFrame(given)
    return given


READERS: dict[str, Callable[[Model, bytes], Iterator[Part]]] = {
    "application/json": _json,
    "text/csv": _text_parts,
    "application/vnd.apache.parquet": _parquet,
}
