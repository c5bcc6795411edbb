"""A file of any format as a table: the format is detected from the content, not from the name."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dnnsearch.data.files import bundled
from dnnsearch.data.files.arff import is_arff, read_arff
from dnnsearch.data.files.arrayfiles import ONE, Arrays, arrays, table
from dnnsearch.data.files.columnar import columnar_frame
from dnnsearch.data.files.delimited import BY_COLUMN, read_delimited
from dnnsearch.data.files.json_tables import is_json, json_sheet
from dnnsearch.data.files.open_bytes import is_workbook, unpacked
from dnnsearch.data.files.openml import fetch
from dnnsearch.data.files.reading_version import Reading
from dnnsearch.data.files.sheet import Marks, Sheet, nested, plain, with_columns
from dnnsearch.data.files.spelled_columns import read_spelled
from dnnsearch.data.files.streaming import check_limits
from dnnsearch.data.files.workbook import read_workbook


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
    raw = unpacked(path, partial(_check_large, path, given))
    found = arrays(raw, path)
    try:
        if found is not None:
            y = None if labels is None else _labels(labels)
            return _tidy(table(found, target, y, part), given)
        if is_workbook(raw):
            return read_workbook(raw, given, target)
        frame = columnar_frame(raw)
        if frame is not None:
            return _tidy(Sheet(frame), given)
        if is_arff(raw):
            return read_arff(raw, given, target)
        if is_json(raw):
            return _tidy(json_sheet(raw, target, given), given)
        return read_delimited(raw, given, target)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _check_large(path: Path, given: Mapping[str, Any]) -> None:
    """Raise ValueError if a text breaks a limit further on, before it is read into memory."""
    try:
        check_limits(path, given)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _tidy(sheet: Sheet, given: Mapping[str, Any]) -> Sheet:
    frame = plain(
        _without_ignored(sheet.frame, given.get("columns", {})),
        Marks.of(given),
        given.get("target"),
    )
    if len(frame.columns) < 2 or len(frame) == 0:
        raise ValueError(f"a table must have rows and at least 2 columns, but it is {frame.shape}")
    if not Reading.of(given).has(BY_COLUMN):
        return Sheet(frame, sheet.declared, sheet.found, sheet.notices)
    read = read_spelled(frame, given, given.get("target"))
    spelled = {"spelled": read.spelled} if read.spelled else {}
    return Sheet(
        read.frame, sheet.declared, {**sheet.found, **spelled}, (*sheet.notices, *read.notices)
    )


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
