"""A file of any format as a table: the format is detected from the content, not from the name."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dnnsearch.data.files import bundled
from dnnsearch.data.files.arff import is_arff, read_arff
from dnnsearch.data.files.arrayfiles import ONE, Arrays, arrays, table
from dnnsearch.data.files.delimited import read_delimited
from dnnsearch.data.files.open_bytes import unpacked
from dnnsearch.data.files.openml import fetch
from dnnsearch.data.files.sheet import MISSING, Sheet, nested, plain, with_columns
from dnnsearch.validators import first_line


def read(source: Mapping[str, Any]) -> Sheet:
    """Return the table that `source` names; raise ValueError, in one line, if it is not one."""
    target = source.get("target")
    if "openml" in source:
        return fetch(source["openml"])
    if "bundled" in source:
        return bundled.load(source["bundled"])
    return _read(Path(source["file"]), _path(source, "labels"), source, target)


def read_test(source: Mapping[str, Any]) -> Sheet | None:
    """Return the table of the test file that `source` names; None if it names none."""
    if "test_file" not in source:
        return None
    labels, target = _path(source, "test_labels"), source.get("target")
    return _read(Path(source["test_file"]), labels, source, target, "test")


def _path(source: Mapping[str, Any], key: str) -> Path | None:
    return Path(source[key]) if key in source else None


def _read(
    path: Path,
    labels: Path | None,
    given: Mapping[str, Any],
    target: str | None,
    part: str = "train",
) -> Sheet:
    raw = unpacked(path)
    found = arrays(raw, path)
    try:
        if found is not None:
            y = None if labels is None else _labels(labels)
            return _tidy(table(found, target, y, part), given)
        if raw[:4] == b"PAR1":
            return _tidy(Sheet(parquet_frame(raw)), given)
        if is_arff(raw):
            return read_arff(raw, given, target)
        if raw.lstrip()[:1] in (b"{", b"["):
            return _tidy(Sheet(json_frame(raw)), given)
        return read_delimited(raw, given, target)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _tidy(sheet: Sheet, given: Mapping[str, Any]) -> Sheet:
    frame = plain(
        _without_ignored(sheet.frame, given.get("columns", {})),
        given.get("missing", MISSING),
        given.get("target"),
    )
    if len(frame.columns) < 2 or len(frame) == 0:
        raise ValueError(f"a table must have rows and at least 2 columns, but it is {frame.shape}")
    return Sheet(frame, sheet.declared, sheet.found, sheet.notices)


def _without_ignored(frame: pd.DataFrame, roles: Mapping[str, str]) -> pd.DataFrame:
    """Return the frame with ignored columns of lists or mappings empty."""
    ignored = [n for n, role in roles.items() if role == "ignored" and n in frame]
    ignored = [n for n in ignored if nested(frame[n])]
    return with_columns(frame, {n: pd.Series(np.nan, index=frame.index) for n in ignored})


def _labels(path: Path) -> np.ndarray:
    found: Arrays | None = arrays(unpacked(path), path)
    if found is None or set(found) != {ONE}:
        raise ValueError(f"labels must be one array, as in idx or .npy, but {path} is not")
    return found[ONE]


def parquet_frame(raw: bytes) -> pd.DataFrame:
    """Return the table in the bytes; an index with a name becomes a column again."""
    try:
        frame = pd.read_parquet(io.BytesIO(raw))
    except Exception as error:  # pyarrow raises many types
        raise ValueError(f"must be a complete Parquet file, but: {first_line(error)}") from None
    named = [name for name in frame.index.names if name is not None and name not in frame.columns]
    return frame.reset_index(named).reset_index(drop=True)


def json_frame(raw: bytes) -> pd.DataFrame:
    """Return the table in the bytes: JSON lines, or one list of records."""
    try:
        whole = raw.lstrip()[:1] == b"["
        return pd.read_json(io.BytesIO(raw), lines=not whole, dtype=False, convert_axes=False)
    except Exception as error:  # pandas' JSON parser raises many types
        raise ValueError(f"must be JSON lines, but: {first_line(error)}") from None
