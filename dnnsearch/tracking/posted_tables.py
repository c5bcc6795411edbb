"""Tables that are posted to the server: read as `predict` reads a file, and answered as JSON.

Body and answer are files. Text is read, predicted and answered part by part, so that memory does
not grow with it.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd
import pyarrow.parquet

from dnnsearch.data.column_inputs import ColumnInputs
from dnnsearch.data.files.columnar import parquet_frame
from dnnsearch.data.files.streaming import ROWS_PER_PART, text_table
from dnnsearch.data.unusual_rows import RowWatch
from dnnsearch.models.ensemble import Model
from dnnsearch.validators import first_line, shortened, show

MAX_PARQUET_CELLS = 20_000_000  # a small file may claim any number of them
MAX_JSON_VALUES = 5_000_000  # each takes some 100 bytes of memory, whatever it took in the body
PACKED = (b"\x1f\x8b", b"PK")  # how gzip and zip start
SPLIT, RECORDS = "dataframe_split", "dataframe_records"
KEYS = (SPLIT, RECORDS, "instances", "inputs")  # MLflow's, of a posted JSON
ROWS = '[{"a": 1, "b": 2}, {"a": 3, "b": 4}]'
TABLES = {  # what follows each key, for messages
    SPLIT: '{"columns": ["a", "b"], "data": [[1, 2], [3, 4]]}',
    RECORDS: ROWS,
    "instances": ROWS,
    "inputs": '{"a": [1, 3], "b": [2, 4]}',
}
MAX_SHOWN_KEYS = 5
MAX_EXAMPLE_CHARACTERS = 800
Part = tuple[Any, str | None]  # rows, and the decimal mark of their text


def predict_body(model: Model, body: Path, media_type: str, answer: IO[bytes]) -> None:
    """Write `{"predictions": [{column: value}, ...]}` for the rows of the table in a body.

    Rows that are unlike those of train in many more places are named under "warnings".

    Raise ValueError, in one line, for a table that cannot be read or predicted.
    """
    watch = RowWatch()
    answer.write(b'{"predictions": [')
    first = 1
    for rows, decimal in READERS[media_type](model, body):
        try:
            found = model.answers(rows, decimal, watch)
        except ValueError as error:
            raise ValueError(f"from row {first} on: {error}" if first > 1 else error) from None
        objects = _json_objects(found)
        answer.write((b", " if first > 1 and objects else b"") + objects)
        first += len(rows)
    lines = watch.lines()
    more = b', "warnings": ' + json.dumps(lines).encode() if lines else b""
    answer.write(b"]" + more + b"}")


def example_body(model: Model) -> str:
    """Return the JSON of one made-up row that the model answers; empty if it would be long.

    Numbers alone need no names, if these make it long.
    """
    typical = {str(name): cell for name, cell in model.inputs.typical().iloc[0].items()}
    row = {name: _short(cell) for name, cell in {**typical, **_usual(model)}.items()}
    has_text = any(isinstance(cell, str) for cell in row.values())
    bodies: list[dict[str, list[Any]]] = [{RECORDS: [row]}] if model.inputs.kinds else []
    bodies += [] if has_text else [{"instances": [[*row.values()]]}]
    texts = [json.dumps(body, ensure_ascii=False) for body in bodies]
    return next((text for text in texts if len(text) <= MAX_EXAMPLE_CHARACTERS), "")


def _usual(model: Model) -> dict[str, Any]:
    """Return cells that look more usual than the mean, or than a category that is not given.

    A column of whole numbers has a whole median, and its mean is hardly ever one. If it has no
    gaps, its stored median is 0, whatever the numbers are. A date without hours has no time.
    """
    if not isinstance(model.inputs, ColumnInputs):
        return {}
    one, typical = model.inputs.fitted[0], model.inputs.typical().iloc[0]
    medians = zip(one.numeric, one.arrays["median"].tolist(), strict=True)
    whole = {n: value for n, value in medians if n in model.inputs.kinds and value.is_integer()}
    unknown = [name for name, value in whole.items() if not value and name not in one.gaps]
    whole |= {name: float(round(typical[name])) for name in unknown}
    days = {
        name: typical[name][:10] for name, date in one.dates.items() if "hour" not in date.parts
    }
    levels = {name: next(filter(None, kept), "") for name, kept in one.levels.items()}
    return {**whole, **days, **levels}


def _short(cell: Any) -> Any:
    """Return a number with four digits; anything else as it is."""
    if not isinstance(cell, float | np.floating):
        return cell
    short = float(f"{cell:.4g}")
    return int(short) if short.is_integer() else short


def _json_objects(columns: Mapping[str, np.ndarray]) -> bytes:
    """Return the rows of columns as JSON objects with commas between them.

    Each column is written at once, which takes a third of the time that an object each takes.
    """
    names = [json.dumps(name).replace("%", "%%") for name in columns]
    row = "{" + ", ".join(f"{name}: %s" for name in names) + "}"
    cells = zip(*map(_json_cells, columns.values()), strict=True)
    return ", ".join(map(row.__mod__, cells)).encode()


def _json_cells(column: np.ndarray) -> list[str]:
    """Return each value as JSON."""
    values = column.tolist()
    if column.dtype.kind == "f":
        return json.dumps(values)[1:-1].split(", ") if values else []
    known = {value: json.dumps(value) for value in set(values)}
    return [known[value] for value in values]


def _text_parts(model: Model, body: Path) -> Iterator[Part]:
    with body.open("rb") as file:
        if file.read(2) in PACKED:
            raise ValueError("a table in text must not be compressed")
    try:
        table = text_table(body, model.form, model.inputs.kinds)
        empty = pd.DataFrame(columns=table.names, dtype="str")
        parts = table.parts()
        yield next(parts, empty), table.dialect.decimal
        yield from ((part, table.dialect.decimal) for part in parts)
    except ValueError as error:
        raise ValueError(str(error).replace(str(body), "the body")) from None


def _parquet(_: Model, body: Path) -> Iterator[Part]:
    try:
        claimed = pyarrow.parquet.read_metadata(body)
    except Exception as error:  # pyarrow raises many types
        raise ValueError(f"the body must be a Parquet file, but: {first_line(error)}") from None
    if claimed.num_rows * claimed.num_columns > MAX_PARQUET_CELLS:
        rule = f"a Parquet file must have at most {MAX_PARQUET_CELLS:,} cells"
        raise ValueError(f"{rule}, but has {claimed.num_rows:,} rows of {claimed.num_columns}")
    yield from _in_parts(parquet_frame(body.read_bytes()))


def _json(_: Model, file: Path) -> Iterator[Part]:
    body = file.read_bytes()
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
        rule = f"the JSON must be a mapping with one of the keys {', '.join(KEYS)}"
        example = f'{{"{RECORDS}": {TABLES[RECORDS]}}}'
        raise ValueError(f"{rule}, as in {example}, but {_what_came(document)}")
    try:
        rows = _rows(document.pop(found[0]), found[0])
    except Exception as error:  # pandas raises many types
        rule = f"{found[0]} must be a table such as {TABLES[found[0]]}"
        raise ValueError(f"{rule}, but: {first_line(error)}") from None
    yield from _in_parts(rows)


def _what_came(document: Any) -> str:
    if not isinstance(document, dict):
        return f"it is {'a list' if isinstance(document, list) else show(document)}"
    return f"it has {shortened(map(show, document), MAX_SHOWN_KEYS) or 'no key'}"


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


READERS: dict[str, Callable[[Model, Path], Iterator[Part]]] = {
    "application/json": _json,
    "text/csv": _text_parts,
    "application/vnd.apache.parquet": _parquet,
}
