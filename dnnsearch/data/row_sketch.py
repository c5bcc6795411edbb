"""Which rows a test set has, in a few kilobytes, so that two test sets can be compared later.

A row is known by its content, the target included: 6 bytes of a SHA-256 of it. A sketch keeps the
smallest of them (bottom-k, Cohen and Kaplan 2007): all if they are few, else a random sample of the
distinct rows, from which the rows in common are estimated.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dnnsearch.data.table import HeldOut
from dnnsearch.storage.array_store import canonical

MAX_ROWS = 4096  # of a sketch: with more distinct rows it is a sample
ROW_BYTES = 6  # two of 100,000 rows in two sets are confused with probability 4e-5
ABOVE_ALL = 256**ROW_BYTES


@dataclass(frozen=True)
class RowSketch:
    """The number of distinct rows, and the smallest of their keys, ascending."""

    count: int
    keys: np.ndarray  # uint64

    @property
    def is_exact(self) -> bool:
        """Whether it has a key of every row."""
        return self.count <= len(self.keys)

    @property
    def _limit(self) -> int:
        """The value up to which it has every key."""
        return ABOVE_ALL if self.is_exact else int(self.keys[-1])

    def in_common(self, other: "RowSketch") -> int:
        """Return how many of its rows the other one has; an estimate if one of them is a sample."""
        limit = min(self._limit, other._limit)
        known = self.keys[self.keys <= limit]
        share = np.isin(known, other.keys).mean() if len(known) else 0.0
        return round(self.count * float(share))

    def document(self, most: int = MAX_ROWS) -> dict[str, Any]:
        """Return it, JSON-able, with `most` keys at most."""
        big_endian = self.keys[:most].astype(">u8").view(np.uint8).reshape(-1, 8)
        packed = big_endian[:, 8 - ROW_BYTES :].tobytes()
        return {"count": self.count, "keys": base64.b64encode(packed).decode()}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "RowSketch":
        """Return the inverse of `document`; raise ValueError for anything else."""
        packed = base64.b64decode(document["keys"], validate=True)
        rows = np.frombuffer(packed, np.uint8).reshape(-1, ROW_BYTES)
        padded = np.pad(rows, ((0, 0), (8 - ROW_BYTES, 0)))
        return cls(int(document["count"]), padded.copy().view(">u8").ravel().astype(np.uint64))


def sketch(rows: HeldOut, classes: Sequence[str]) -> RowSketch:
    """Return the sketch of raw rows; `classes` has the names of a classification's targets.

    All columns of a file count, also those that a config ignores.
    """
    target = [classes[i] for i in rows.y.tolist()] if classes else _numbers(rows.y).tolist()
    numbers, texts = _cells(rows.X)
    keys = (_key(number, text, y) for number, text, y in zip(numbers, texts, target, strict=True))
    distinct = np.unique(np.fromiter(keys, np.uint64, len(target)))
    return RowSketch(len(distinct), distinct[:MAX_ROWS])


def _key(numbers: np.ndarray, texts: Sequence[Any], target: object) -> int:
    content = numbers.tobytes() + canonical([list(texts), target]).encode()
    return int.from_bytes(hashlib.sha256(content).digest()[:ROW_BYTES])


def _cells(X: Any) -> tuple[np.ndarray, list[tuple[Any, ...]]]:
    """Return the numbers (m, columns) and the text of each row, in the order of column names."""
    if not hasattr(X, "columns"):
        return _numbers(X), [()] * len(X)
    import pandas as pd

    named = sorted(X.columns, key=str)
    numeric = [name for name in named if pd.api.types.is_numeric_dtype(X[name].dtype)]
    others = [name for name in named if name not in numeric]
    texts = [[None if pd.isna(v) else f"{name}={v}" for v in X[name]] for name in others]
    return _numbers(X[numeric].to_numpy(np.float64)), list(zip(*texts)) or [()] * len(X)


def _numbers(values: Any) -> np.ndarray:
    """Return float64 in one form: no negative zero, one NaN; C order."""
    found = np.ascontiguousarray(values, np.float64) + 0.0
    return np.where(np.isnan(found), np.nan, found)
