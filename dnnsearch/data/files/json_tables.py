"""JSON as a table: lines, a list of records, and the forms that `DataFrame.to_json` writes.

Lines and records have one object for each row. The other forms are one object: of columns, of rows,
or of names and data.
"""

import io
import json
from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd

from dnnsearch.data.files.reading_version import Reading
from dnnsearch.data.files.sheet import Sheet
from dnnsearch.validators import first_line, shortened

BOM = b"\xef\xbb\xbf"
DOCUMENT_STARTS = (b"{", b"[")


def is_json(start: bytes) -> bool:
    """Return whether a file that starts so is JSON."""
    return start.removeprefix(BOM).lstrip()[:1] in DOCUMENT_STARTS


def json_sheet(raw: bytes, target: str | None, given: Mapping[str, Any]) -> Sheet:
    """Return the table in the bytes; raise ValueError, in one line, if it is not one.

    In the first version of the reading pandas rounds the last digit of some numbers.
    """
    raw = raw.removeprefix(BOM)
    try:
        found = _one_object(raw, [] if target is None else [target])
        if found is not None:
            return found
        if Reading.of(given).has("numbers in JSON keep all digits"):
            return Sheet(json_rows(raw, []))
        whole = raw.lstrip()[:1] == b"["
        return Sheet(
            pd.read_json(io.BytesIO(raw), lines=not whole, dtype=False, convert_axes=False)
        )
    except RecursionError:
        raise ValueError("the JSON must not be nested so deeply") from None
    except Exception as error:  # pandas' JSON parser raises many types
        raise ValueError(f"must be JSON lines, but: {first_line(error)}") from None


def json_rows(raw: bytes, wanted: Collection[str]) -> pd.DataFrame:
    """Return the rows to be predicted, each number with all its digits; raise ValueError."""
    raw = raw.removeprefix(BOM)
    try:
        found = _one_object(raw, wanted)
        if found is not None:
            return found.frame
        if raw.lstrip()[:1] == b"[":
            return pd.DataFrame(json.loads(raw))
        return pd.DataFrame([json.loads(line) for line in raw.splitlines() if line.strip()])
    except RecursionError:
        raise ValueError("the JSON must not be nested so deeply") from None
    except (TypeError, AttributeError) as error:  # of pandas, for a list of something else
        raise ValueError(f"must be records in JSON, but: {first_line(error)}") from None


def _one_object(raw: bytes, names: Collection[str]) -> Sheet | None:
    """Return the table in one JSON object; None for lines, records, and an object of one row.

    Some of `names` are names of columns.
    """
    if raw.lstrip()[:1] != b"{":
        return None
    text = raw.decode("utf-8", "surrogateescape").strip()
    found, end = json.JSONDecoder().raw_decode(text)
    if text[end:].strip():
        return None  # more lines follow
    values = list(found.values())
    if values and all(isinstance(value, dict) for value in values):
        return _nested(found, names)
    if isinstance(found.get("data"), list) and isinstance(found.get("columns"), list):  # split
        return Sheet(pd.DataFrame(found["data"], columns=found["columns"]))
    if isinstance(found.get("data"), list) and isinstance(found.get("schema"), dict):  # table
        return _without_key(pd.DataFrame(found["data"]), found["schema"])
    lists = [value for value in values if isinstance(value, list)]
    if lists and len(lists) == len(values):
        return Sheet(pd.DataFrame(found))
    records = [value for value in lists if value and all(isinstance(row, dict) for row in value)]
    return Sheet(pd.DataFrame(records[0])) if len(records) == 1 else None


def _nested(found: dict[str, dict[str, Any]], names: Collection[str]) -> Sheet:
    """Return an object of columns, as `to_json` writes it, or of rows."""
    inner = list(next(iter(found.values())))
    outer_are_rows = (
        any(name in inner for name in names)
        if any(name in inner or name in found for name in names)
        else len(found) > len(inner)
    )
    if outer_are_rows:
        return _without_labels(pd.DataFrame.from_dict(found, orient="index"))
    return _without_labels(pd.DataFrame(found))


def _without_labels(frame: pd.DataFrame) -> Sheet:
    """Return the rows without their labels, which are numbers if the table had no index."""
    labels = [str(label) for label in frame.index]
    lost = [label for label in labels if not label.isdecimal()]
    notices = (
        (f"the labels of the rows ({shortened(labels, 2)}) are no column, and are left out",)
        if lost
        else ()
    )
    return Sheet(frame.reset_index(drop=True), notices=notices)


def _without_key(frame: pd.DataFrame, schema: dict[str, Any]) -> Sheet:
    """Return a table of the orient `table` without an index that only numbers the rows."""
    key = schema.get("primaryKey")
    if key == ["index"] and list(frame.get("index", [])) == list(range(len(frame))):
        frame = frame.drop(columns="index")
    return Sheet(frame)
