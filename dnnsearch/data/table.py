"""What `prepare` asks of a table, whatever it was read from.

A set with a name is a `number_table.NumberTable`, a file with columns a `file_table.FileTable`.
"""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np

from dnnsearch.data.split_config import Split
from dnnsearch.data.splitting import Indices
from dnnsearch.nn.arithmetic import FAST, Arithmetic
from dnnsearch.storage.array_store import canonical

Task = Literal["binary", "multiclass", "regression"]


@dataclass(frozen=True)
class HeldOut:
    """Raw rows that no search has seen."""

    X: Any  # (m, n_x), or a DataFrame with the columns of the file
    y: np.ndarray  # (m,): indices of classes, or values in the target's own unit


class PreparedArrays(NamedTuple):
    """The arrays that a split of a table becomes, and the names of the network's inputs."""

    arrays: dict[str, np.ndarray]  # X_train (..., m, n_x), y_train (..., m), X_dev, y_dev
    test: dict[str, np.ndarray]  # X_test (..., m, n_x), y_test (m,), and what was fitted
    feature_names: tuple[str, ...]  # (n_x,)


class Table(Protocol):
    """Rows with a target, read and checked, not yet split or prepared."""

    @property
    def task(self) -> Task: ...

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes; empty for a regression."""

    @property
    def spelled(self) -> dict[str, str]:
        """How the numbers of each column are written, apart from plain ones."""

    def raw(self) -> dict[str, np.ndarray]:
        """Return everything that the digest of the data covers."""

    def split(self, split: Split, folds: int | None) -> Indices:
        """Return the rows of each part; raise ValueError if they cannot be split so."""

    def to_arrays(self, rows: Indices, dtype: str, arithmetic: Arithmetic = FAST) -> PreparedArrays:
        """Return the prepared arrays of the parts; whatever is fitted is fitted on train alone."""

    def held_out(self, rows: Indices) -> HeldOut:
        """Return the raw rows of test."""


def as_bytes(document: Any) -> np.ndarray:
    """Return a JSON document as bytes, uint8, so that it can be stored as an array."""
    return np.frombuffer(canonical(document).encode(), np.uint8)
