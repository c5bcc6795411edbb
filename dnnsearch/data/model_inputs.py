"""From raw rows to a network's inputs, as a trained network needs them: arrays and JSON, no pickle.

Of a set with a name that is mean and scale, of a file's columns a preparation; callers see one
interface. A file's is stored with the records of its study, so that a trained network can be used
without the file and the cache.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from dnnsearch.data.number_table import Standardisation
from dnnsearch.data.prepare import Prepared
from dnnsearch.storage.array_store import ArrayStore, DamagedArrays, pack, unpack

if TYPE_CHECKING:
    import pandas as pd

    from dnnsearch.data.cells import CellFormat
    from dnnsearch.data.unusual_rows import RowWatch

TEST = ("X_test", "y_test")
NAME = "preparation-{}.npz"  # with the digests of the prepared arrays and of the content


class ModelInputs(Protocol):
    """What was fitted on train, to be applied to raw rows."""

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], names: Sequence[str]) -> "ModelInputs":
        """Return the inverse of `arrays`."""

    @staticmethod
    def check(arrays: Mapping[str, np.ndarray], names: Sequence[str]) -> None:
        """Raise ValueError, with the rule, if arrays of a model file do not fit together."""

    @property
    def kinds(self) -> dict[str, str]:
        """The columns that are needed, in the order of the file, each `number` or `category`."""

    @property
    def shape(self) -> tuple[int, int]:
        """n_x, and how many were fitted: one, or one for each fold."""

    def apply(
        self, X: Any, dtype: Any, cell_format: "CellFormat" = ..., watch: "RowWatch | None" = None
    ) -> np.ndarray:
        """Return the inputs (m, n_x) or (folds, m, n_x) of m raw rows X, with text in this format.

        `watch` counts the rows that are unlike train's. Raise ValueError if a
        column is missing or wrong.
        """

    def arrays(self) -> dict[str, np.ndarray]:
        """Return what `inputs` takes."""

    def filled(self, frame: "pd.DataFrame") -> "pd.DataFrame":
        """Return the frame with every column that is missing, imputed."""

    def changed(self, now: Any) -> list[str]:
        """Return the columns of which `now` makes other inputs, or that only one of both uses."""

    def single(self, replicate: int) -> "ModelInputs":
        """Return the inputs of one replicate."""

    def typical(self) -> "pd.DataFrame":
        """Return one made-up row with the columns of the data."""


def inputs(arrays: Mapping[str, np.ndarray], names: Sequence[str] = ()) -> ModelInputs:
    """Return the inputs in the arrays that are stored with a test set or in a model file.

    `names` are those of the columns; for inputs that store names, they are ignored.
    """
    return _kind(arrays).from_arrays(arrays, names)


def check(arrays: Mapping[str, np.ndarray], names: Sequence[str]) -> None:
    """Raise ValueError, with the rule, if arrays of a model file do not fit together."""
    _kind(arrays).check(arrays, names)


def _kind(arrays: Mapping[str, np.ndarray]) -> type[ModelInputs]:
    from dnnsearch.data.column_inputs import DOCUMENT, ColumnInputs  # imports pandas

    return ColumnInputs if DOCUMENT in arrays else Standardisation


def packed(prepared: Prepared, store: ArrayStore) -> bytes:
    """Return what was prepared, without any row of the data, as one file."""
    return pack(prepared.as_dict(), fitted(store.open(prepared.test_key)))


def fitted(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the arrays that lie with a test set without its rows."""
    return {name: array for name, array in arrays.items() if name not in TEST}


def unpacked(content: bytes) -> tuple[Prepared, dict[str, np.ndarray]]:
    """Return the inverse of `packed`; raise DamagedArrays for anything else."""
    document, arrays = unpack(content)
    try:
        return Prepared.from_dict(document), arrays
    except (KeyError, TypeError, ValueError) as error:
        raise DamagedArrays(f"not a whole preparation: {error}") from None
