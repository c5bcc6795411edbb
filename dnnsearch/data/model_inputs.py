"""From raw rows to a network's inputs, as a trained network needs them: arrays and JSON, no pickle.

For a bundled set that is mean and scale; for a person's file it is the whole preparation. A file's
is kept beside the records of its study, so that a trained network outlives file and cache.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dnnsearch.data.prepare import Prepared
from dnnsearch.storage.array_store import ArrayStore, pack, unpack

if TYPE_CHECKING:
    import pandas as pd

    from dnnsearch.data.preprocessing import Preparation

TEST = ("X_test", "y_test")
NAME = "preparation-{}.npz"  # with the digest of the prepared arrays


@dataclass(frozen=True)
class Standardisation:
    """(x - mean) / scale; both (n_x,), or (R, n_x) where each replicate is a fold with its own."""

    mean: np.ndarray
    scale: np.ndarray
    names: tuple[str, ...] = ()  # of the columns, (n_x,), where they have some

    def apply(self, X: Any, dtype: Any) -> np.ndarray:
        """(m, n_x) or (R, m, n_x) of raw rows X (m, n_x), or of a DataFrame with the columns.

        Raises ValueError for rows of another length, and where a column is missing or wrong.
        """
        rows = self._rows(X)
        n_x = self.mean.shape[-1]
        if rows.ndim != 2 or rows.shape[1] != n_x:
            raise ValueError(f"X must be (m, {n_x}), but is {rows.shape}")
        mean, scale = self.mean[..., np.newaxis, :], self.scale[..., np.newaxis, :]
        return np.asarray(((rows - mean) / scale).astype(dtype))

    def _rows(self, X: Any) -> np.ndarray:
        X = _as_frame(X)
        if hasattr(X, "columns") and not set(self.names).isdisjoint(X.columns):
            from dnnsearch.data.preprocessing import as_numbers, chosen

            X = as_numbers(chosen(X, self.names), self.names)
        rows = np.asarray(X, np.float64)
        if np.isnan(rows).any():
            raise ValueError("X must have no gaps, for there were none in training")
        return rows

    @property
    def kinds(self) -> dict[str, str]:
        """The columns that are needed, in the order of the file, each `number` or `category`."""
        return dict.fromkeys(self.names, "number")

    @property
    def shape(self) -> tuple[int, int]:
        """n_x, and how many preparations there are: one, or one for each fold."""
        return self.mean.shape[-1], len(np.atleast_2d(self.mean))

    def arrays(self) -> dict[str, np.ndarray]:
        """What `inputs` makes it of, with the names."""
        return {"mean": self.mean, "scale": self.scale}

    def filled(self, frame: "pd.DataFrame") -> "pd.DataFrame":
        """The frame, with train's mean for every column that is not there."""
        means = dict(zip(self.names, np.atleast_2d(self.mean)[0]))
        return frame.assign(**{n: mean for n, mean in means.items() if n not in frame.columns})

    def single(self, replicate: int) -> "Standardisation":
        """That of one replicate."""
        if self.mean.ndim == 1:
            return self
        return Standardisation(self.mean[replicate], self.scale[replicate], self.names)


@dataclass(frozen=True)
class Columns:
    """The preparation of a file's columns; one for each fold where there are folds."""

    fitted: "list[Preparation]"

    def apply(self, X: Any, dtype: Any) -> np.ndarray:
        """(m, n_x) or (folds, m, n_x) of raw rows.

        X is a DataFrame with the columns of the file, or an array or a list with all the columns
        that are used, in their order. Raises ValueError where a column is missing or wrong.
        """
        frame = self.fitted[0].respelled(self._frame(X))
        inputs = [one.apply(frame, dtype) for one in self.fitted]
        return np.stack(inputs) if len(inputs) > 1 else inputs[0]

    def _frame(self, X: Any) -> "pd.DataFrame":
        import pandas as pd

        X = _as_frame(X)
        if isinstance(X, pd.DataFrame):
            return X
        names = list(self.fitted[0].names)
        rows = np.asarray(X)
        rows = rows.reshape(len(rows), -1) if rows.ndim > 2 else rows
        if rows.ndim != 2 or rows.shape[1] != len(names):
            shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
            raise ValueError(f"X must be a DataFrame, or (m, {len(names)}) with {shown}")
        return pd.DataFrame(rows, columns=names).infer_objects()

    @property
    def kinds(self) -> dict[str, str]:
        """The columns that are needed, in the order of the file, each `number` or `category`."""
        one = self.fitted[0]
        return {name: "category" if name in one.levels else "number" for name in one.names}

    @property
    def shape(self) -> tuple[int, int]:
        """n_x, and how many preparations there are: one, or one for each fold."""
        return len(self.fitted[0].feature_names), len(self.fitted)

    def arrays(self) -> dict[str, np.ndarray]:
        """What `inputs` makes it of."""
        from dnnsearch.data.file_table import stored

        return stored(self.fitted)

    def filled(self, frame: "pd.DataFrame") -> "pd.DataFrame":
        """The frame, with gaps for every column that is not there."""
        return frame.assign(**{n: np.nan for n in self.kinds if n not in frame.columns})

    def single(self, replicate: int) -> "Columns":
        """That of one replicate."""
        return Columns(self.fitted[replicate:][:1]) if len(self.fitted) > 1 else self


Inputs = Standardisation | Columns


def _as_frame(X: Any) -> Any:
    """A DataFrame with stripped names where X is one, or records; anything else as it is."""
    if isinstance(X, list) and X and isinstance(X[0], Mapping):
        import pandas as pd

        X = pd.DataFrame(X)
    return X.set_axis([str(n).strip() for n in X.columns], axis=1) if hasattr(X, "columns") else X


def inputs(arrays: Mapping[str, np.ndarray], names: Sequence[str] = ()) -> Inputs:
    """Of the arrays that lie with the test set, and the names of a bundled set's columns."""
    from dnnsearch.data.file_table import DOCUMENT, restored

    if DOCUMENT in arrays:
        return Columns(restored(arrays))
    return Standardisation(np.asarray(arrays["mean"]), np.asarray(arrays["scale"]), tuple(names))


def packed(prepared: Prepared, store: ArrayStore) -> bytes:
    """What was prepared, without any row of the data, in one file."""
    kept = {n: a for n, a in store.open(prepared.test_key).items() if n not in TEST}
    return pack(prepared.as_dict(), kept)


def unpacked(content: bytes) -> tuple[Prepared, dict[str, np.ndarray]]:
    """The inverse of `packed`; raises DamagedArrays for anything else."""
    document, arrays = unpack(content)
    return Prepared.from_dict(document), arrays
