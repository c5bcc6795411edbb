"""The rows to be predicted, read part by part from a file of any format.

Tables in text are streamed, and their cells stay text. All other formats are read whole, and keep
their types.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dnnsearch.data.files import bundled
from dnnsearch.data.files.arff import is_arff, read_arff
from dnnsearch.data.files.arrayfiles import arrays
from dnnsearch.data.files.columnar import columnar_frame
from dnnsearch.data.files.encoding import later_encoding
from dnnsearch.data.files.json_tables import is_json, json_rows
from dnnsearch.data.files.open_bytes import is_workbook, opened, unpacked
from dnnsearch.data.files.signatures import COLUMNAR, HDF5, NUMPY, ZIP, is_idx
from dnnsearch.data.files.source import BUNDLED
from dnnsearch.data.files.streaming import TextTable, text_table
from dnnsearch.data.files.workbook import workbook_rows
from dnnsearch.validators import shortened

START_BYTES = 1 << 16  # from which the format is detected
NUMBERED = re.compile(r"(column|pixel)_[0-9]+")


@dataclass(frozen=True)
class PredictionRows:
    """A table: its columns' names, and its rows in one or several parts."""

    names: list[str]
    decimal: str
    source: TextTable | pd.DataFrame

    def parts(self) -> Iterator[pd.DataFrame]:
        """Yield at least one part; raise ValueError if a later row cannot be read."""
        if isinstance(self.source, pd.DataFrame):
            yield self.source
            return
        parts = self.source.parts()
        yield next(parts, pd.DataFrame(columns=self.names, dtype="str"))
        yield from parts


def rows_of(path: Path, form: Mapping[str, Any], wanted: Collection[str]) -> PredictionRows:
    """Return the table in the file; `form` is what is known about its form.

    If there is no file, the path may be the name of a set that comes with scikit-learn: all its
    rows, without the target. `wanted` are the columns that the model needs. Raise ValueError, in
    one line, if the file is not a table.
    """
    if str(path) in BUNDLED and not path.exists():
        rows = bundled.load(str(path)).frame.drop(columns=bundled.TARGET)
        return PredictionRows([str(name) for name in rows.columns], ".", rows)
    decimal = str(form.get("decimal") or ".")  # of text among the cells of what is not text
    with opened(path) as raw:
        start = raw.read(START_BYTES)
    try:
        frame = _whole(path, start, form, wanted)
        if frame is not None:
            return PredictionRows([str(name) for name in frame.columns], decimal, frame)
        table = text_table(path, form, wanted)
    except ValueError as error:
        raise ValueError(f"{path}: {str(error).removeprefix(f'{path}: ')}") from None
    return PredictionRows(table.names, table.dialect.decimal, table)


def _whole(
    path: Path, start: bytes, form: Mapping[str, Any], wanted: Collection[str]
) -> pd.DataFrame | None:
    """Return a table that is not text; None for text."""
    if start.startswith(ZIP) and is_workbook(raw := unpacked(path)):
        return workbook_rows(raw, form, wanted)
    if start.startswith((NUMPY, ZIP, HDF5)) or is_idx(start):
        return _features(arrays(unpacked(path), path) or {}, wanted)
    if start.startswith(COLUMNAR):
        return columnar_frame(unpacked(path))
    if is_arff(start):
        raw = unpacked(path)
        return read_arff(raw, {**form, "encoding": later_encoding(raw, form)}, None).frame
    return json_rows(unpacked(path), wanted) if is_json(start) else None


def _features(found: Mapping[str, np.ndarray], wanted: Collection[str]) -> pd.DataFrame:
    """Return the only array with enough columns, under the names that they had in training."""
    flat = {name: array.reshape(len(array), -1) for name, array in found.items() if array.ndim > 1}
    fitting = {n: a for n, a in flat.items() if a.shape[1] >= len(wanted)}
    if len(fitting) != 1:
        shapes = shortened([f"{name} {array.shape}" for name, array in found.items()], 12)
        raise ValueError(f"one array must have {len(wanted)} columns, but there are: {shapes}")
    (array,) = fitting.values()
    if array.shape[1] == len(wanted) and not all(NUMBERED.fullmatch(name) for name in wanted):
        return pd.DataFrame(array, columns=list(wanted))
    word = "pixel" if any(name.startswith("pixel_") for name in wanted) else "column"
    return pd.DataFrame(array, columns=[f"{word}_{i}" for i in range(array.shape[1])])
