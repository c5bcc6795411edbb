"""A table in which every column is numbers without gaps: the sets with a name, and their inputs.

It knows nothing of files, roles of columns or categories; `file_table` does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dnnsearch.data.moments import mean_and_scale
from dnnsearch.data.split_config import Split
from dnnsearch.data.splitting import Indices, draw
from dnnsearch.data.table import HeldOut, PreparedArrays, Task, as_bytes
from dnnsearch.nn.arithmetic import FAST, Arithmetic
from dnnsearch.validators import require

if TYPE_CHECKING:
    import pandas as pd

    from dnnsearch.data.cells import CellFormat


@dataclass(frozen=True)
class NumberTable:
    """Numbers in, a class out, one example per row."""

    X: np.ndarray  # (m, n_x) float64
    y: np.ndarray  # (m,) int64: indices into classes
    classes: tuple[str, ...]
    feature_names: tuple[str, ...]

    @property
    def task(self) -> Task:
        """The task that the number of classes makes it."""
        return "binary" if len(self.classes) == 2 else "multiclass"

    @property
    def spelled(self) -> dict[str, str]:
        """Nothing: numbers in memory are not written."""
        return {}

    def raw(self) -> dict[str, np.ndarray]:
        """Return the numbers, and the names of classes and features as bytes."""
        return {"X": self.X, "y": self.y, "names": as_bytes([self.classes, self.feature_names])}

    def split(self, split: Split, folds: int | None) -> Indices:
        """Return the rows of train, dev and test, drawn by class.

        Raise ValueError if a class or a part is too small, or if a column is to split by.
        """
        if split.by:
            raise ValueError("by needs a file with columns, as in data.file")
        if split.equal_rows:
            from dnnsearch.data import equal_rows  # imports pandas

            return equal_rows.draw_together(
                self.y, self.classes, split, folds, equal_rows.groups(self.X)
            )
        return draw(self.y, self.classes, split, folds)

    def to_arrays(self, rows: Indices, dtype: str, arithmetic: Arithmetic = FAST) -> PreparedArrays:
        """Return the arrays of the parts, standardised with the mean and scale of train.

        With folds, X and y of train and dev have a leading axis of folds, and so has X_test.
        """
        fitted = Standardisation.fit(self.X[rows["train"]], self.feature_names, arithmetic)
        X = {f"X_{part}": fitted.standardise(self.X[r], dtype) for part, r in rows.items()}
        y = {f"y_{part}": self.y[r] for part, r in rows.items()}
        test = {"X_test": X.pop("X_test"), "y_test": y.pop("y_test"), **fitted.arrays()}
        return PreparedArrays({**X, **y}, test, self.feature_names)

    def held_out(self, rows: Indices) -> HeldOut:
        """Return the rows of test as they were loaded."""
        return HeldOut(self.X[rows["test"]], self.y[rows["test"]])


@dataclass(frozen=True)
class Standardisation:
    """(x - mean) / scale; both (n_x,), or (R, n_x) if each replicate is a fold with its own."""

    mean: np.ndarray
    scale: np.ndarray
    names: tuple[str, ...] = ()  # of the columns, (n_x,), if they have names

    @classmethod
    def fit(
        cls, X: np.ndarray, names: tuple[str, ...] = (), arithmetic: Arithmetic = FAST
    ) -> "Standardisation":
        """Return the standardisation of the columns of X (..., m, n_x)."""
        return cls(*mean_and_scale(X, arithmetic), names)

    def standardise(self, X: np.ndarray, dtype: Any) -> np.ndarray:
        """Return X (..., m, n_x) standardised in float64, then cast to `dtype`."""
        mean, scale = self.mean[..., np.newaxis, :], self.scale[..., np.newaxis, :]
        return np.asarray(((X - mean) / scale).astype(dtype))

    def apply(
        self, X: Any, dtype: Any, cell_format: "CellFormat | None" = None, watch: Any = None
    ) -> np.ndarray:
        """Return the inputs (m, n_x) or (R, m, n_x) of raw rows X (m, n_x).

        X may also be a DataFrame or a list of records with the columns. Raise ValueError for rows
        of another length, and if a column is missing or has something else than finite numbers.
        """
        rows, n_x = self._rows(X, cell_format), self.mean.shape[-1]
        if rows.ndim != 2 or rows.shape[1] != n_x:
            raise ValueError(f"X must be (m, {n_x}), but is {rows.shape}")
        return self.standardise(rows, dtype)

    def _rows(self, X: Any, cell_format: "CellFormat | None") -> np.ndarray:
        from dnnsearch.data.cells import NO_FORMAT, plain_cells
        from dnnsearch.data.raw_columns import as_frame, as_numbers, chosen

        X = as_frame(X)
        if hasattr(X, "columns") and not set(self.names).isdisjoint(X.columns):
            X = plain_cells(chosen(X, self.names), self.kinds, cell_format or NO_FORMAT)
            X = as_numbers(X, self.names)
        rows = np.asarray(X, np.float64)
        if np.isnan(rows).any():
            raise ValueError("X must have no missing values, because training had none")
        return rows

    @property
    def kinds(self) -> dict[str, str]:
        """The columns that are needed, in the order of the file, each a `number`."""
        return dict.fromkeys(self.names, "number")

    @property
    def shape(self) -> tuple[int, int]:
        """n_x, and the number of standardisations: one, or one for each fold."""
        return self.mean.shape[-1], len(np.atleast_2d(self.mean))

    def arrays(self) -> dict[str, np.ndarray]:
        """Return what `from_arrays` takes, apart from the names."""
        return {"mean": self.mean, "scale": self.scale}

    @classmethod
    def from_arrays(
        cls, arrays: Mapping[str, np.ndarray], names: Sequence[str]
    ) -> "Standardisation":
        """Return the inverse of `arrays`."""
        return cls(np.asarray(arrays["mean"]), np.asarray(arrays["scale"]), tuple(names))

    @staticmethod
    def check(arrays: Mapping[str, np.ndarray], names: Sequence[str]) -> None:
        """Raise ValueError if the arrays, from a model file, do not fit together."""
        mean, scale = (arrays.get(name, np.empty(0)) for name in ("mean", "scale"))
        fits = mean.shape[-1:] == (len(names),) or not names
        require(
            {
                "preprocessing: must be mean and scale": set(arrays) == {"mean", "scale"},
                "mean: must be float64, (columns,) or (folds, columns)": mean.dtype == np.float64
                and mean.ndim in (1, 2)
                and mean.size > 0,
                "mean: must have a number for each column": fits,
                "scale: must have the type and shape of mean": scale.dtype == np.float64
                and scale.shape == mean.shape,
                "scale: must not be 0": bool((scale != 0).all()),
            }
        )

    def filled(self, frame: "pd.DataFrame") -> "pd.DataFrame":
        """Return the frame with train's mean for every column that is missing."""
        means = dict(zip(self.names, np.atleast_2d(self.mean)[0]))
        return frame.assign(**{n: mean for n, mean in means.items() if n not in frame.columns})

    def changed(self, now: Any) -> list[str]:
        """Return the columns that only one of both has, or with another mean or scale."""
        same = np.array_equal(self.mean, now.mean) and np.array_equal(self.scale, now.scale)
        return [] if same and self.names == now.names else list(self.names)

    def single(self, replicate: int) -> "Standardisation":
        """Return the standardisation of one replicate."""
        if self.mean.ndim == 1:
            return self
        return Standardisation(self.mean[replicate], self.scale[replicate], self.names)

    def typical(self) -> "pd.DataFrame":
        """Return one made-up row: the mean of each column."""
        import pandas as pd

        return pd.DataFrame([np.atleast_2d(self.mean)[0]], columns=list(self.names) or None)
