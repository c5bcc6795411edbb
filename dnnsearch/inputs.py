"""From raw rows to a network's inputs, as a trained network needs them: arrays and JSON, no pickle.

For a bundled set that is mean and scale; for a person's file it is the whole preparation. A file's
is kept beside the records of its study, so that a trained network outlives file and cache.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dnnsearch.arrays import ArrayStore, pack, unpack
from dnnsearch.tables import Prepared

if TYPE_CHECKING:
    import pandas as pd

    from dnnsearch.preparation import Preparation

TEST = ("X_test", "y_test")
NAME = "preparation-{}.npz"  # with the digest of the prepared arrays


@dataclass(frozen=True)
class Standardisation:
    """(x - mean) / scale; both (n_x,), or (R, n_x) where each replicate is a fold with its own."""

    mean: np.ndarray
    scale: np.ndarray

    def apply(self, X: Any, dtype: Any) -> np.ndarray:
        """(m, n_x) or (R, m, n_x) of raw rows X (m, n_x); ValueError for rows of another length."""
        rows = np.asarray(X, np.float64)
        n_x = self.mean.shape[-1]
        if rows.ndim != 2 or rows.shape[1] != n_x:
            raise ValueError(f"X must be (m, {n_x}), but is {rows.shape}")
        mean, scale = self.mean[..., np.newaxis, :], self.scale[..., np.newaxis, :]
        return np.asarray(((rows - mean) / scale).astype(dtype))


@dataclass(frozen=True)
class Columns:
    """The preparation of a file's columns; one for each fold where there are folds."""

    fitted: "list[Preparation]"

    def apply(self, X: Any, dtype: Any) -> np.ndarray:
        """(m, n_x) or (folds, m, n_x) of raw rows.

        X is a DataFrame with the columns of the file, or an array or a list with all the columns
        that are used, in their order. Raises ValueError where a column is missing or wrong.
        """
        frame = self._frame(X)
        inputs = [one.apply(frame, dtype) for one in self.fitted]
        return np.stack(inputs) if len(inputs) > 1 else inputs[0]

    def _frame(self, X: Any) -> "pd.DataFrame":
        import pandas as pd

        if isinstance(X, pd.DataFrame):
            return X.set_axis([str(name).strip() for name in X.columns], axis=1)
        if isinstance(X, list) and X and isinstance(X[0], Mapping):
            return self._frame(pd.DataFrame(X))
        names = list(self.fitted[0].names)
        rows = np.asarray(X)
        rows = rows.reshape(len(rows), -1) if rows.ndim > 2 else rows
        if rows.ndim != 2 or rows.shape[1] != len(names):
            shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
            raise ValueError(f"X must be a DataFrame, or (m, {len(names)}) with {shown}")
        return pd.DataFrame(rows, columns=names).infer_objects()


Inputs = Standardisation | Columns


def inputs(arrays: Mapping[str, np.ndarray]) -> Inputs:
    """Of the arrays that lie with the test set."""
    from dnnsearch.filetables import DOCUMENT, restored

    if DOCUMENT in arrays:
        return Columns(restored(arrays))
    return Standardisation(np.asarray(arrays["mean"]), np.asarray(arrays["scale"]))


def packed(prepared: Prepared, store: ArrayStore) -> bytes:
    """What was prepared, without any row of the data, in one file."""
    kept = {n: a for n, a in store.open(prepared.test_key).items() if n not in TEST}
    return pack(prepared.as_dict(), kept)


def unpacked(content: bytes) -> tuple[Prepared, dict[str, np.ndarray]]:
    """The inverse of `packed`; raises DamagedArrays for anything else."""
    document, arrays = unpack(content)
    return Prepared.from_dict(document), arrays
