"""Rows that are equal in all features, the target not counted: counted, and kept in one part.

A network that was trained on such a row has seen the features of the other one, too, so a score on
it is no score on new rows. This module knows rows, not what the columns mean.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dnnsearch.data.split_config import Split
from dnnsearch.data.splitting import Indices, draw, left_over
from dnnsearch.data.stratification import check_classes

if TYPE_CHECKING:
    import pandas as pd

TOGETHER = "together"  # the value of `split.equal_rows`; absent: rows are drawn one by one
# Equal rows are kept together by default if they look like copies: few, and of no large group. In a
# table of few categories, equal rows are different cases.
MAX_SHARE_OF_LARGEST = 0.01
MAX_SHARE_WITH_TWIN = 0.2
BLOCK_CELLS = 1 << 24  # hashed at a time: 128 MB of numbers; many small blocks take longer


@dataclass(frozen=True)
class Twins:
    """How many of the rows are equal to another one."""

    rows: int
    largest: int  # rows of the largest group of equal ones
    examples: int  # all rows

    @property
    def are_few(self) -> bool:
        """Whether they look like copies rather than like a table of few categories."""
        return (
            0 < self.rows < MAX_SHARE_WITH_TWIN * self.examples
            and self.largest < MAX_SHARE_OF_LARGEST * self.examples
        )


def groups(X: Any) -> np.ndarray:
    """Return a number for each row of X, (m,), the same for equal rows; missing cells are equal.

    X is a DataFrame or an array (m, n).
    """
    import pandas as pd

    return np.asarray(pd.factorize(_keys(_frame(X)))[0])


def count(found: np.ndarray) -> Twins:
    """Return how many rows of the groups (m,) are equal to another one."""
    sizes = np.bincount(found, minlength=1)
    return Twins(int(sizes[sizes > 1].sum()), int(sizes.max()), len(found))


def seen(known: Any, new: Any) -> np.ndarray:
    """Return for each row of `new`, (m,) bool, whether `known` has an equal one.

    Both are DataFrames with the columns of `new`, or arrays (..., n), of which the first of all
    leading indices counts: all folds have the same rows.
    """
    import pandas as pd

    new = _frame(new)
    return np.asarray(pd.Series(_keys(new)).isin(_keys(_frame(known)[new.columns])))


def _frame(X: Any) -> "pd.DataFrame":
    import pandas as pd

    if isinstance(X, pd.DataFrame):
        return X
    rows = np.asarray(X)
    return pd.DataFrame(rows.reshape(-1, *rows.shape[-2:])[0])


def _keys(frame: "pd.DataFrame") -> np.ndarray:
    """Return a hash of each row, (m,) uint64; equal numbers of different types are equal."""
    size = max(1, BLOCK_CELLS // max(1, frame.shape[1]))
    starts = range(0, max(1, len(frame)), size)
    return np.concatenate([_hashes(frame.iloc[start : start + size]) for start in starts])


def _hashes(frame: "pd.DataFrame") -> np.ndarray:
    import pandas as pd

    columns = {
        i: column.astype(np.float64) + 0.0  # -0.0 is 0.0
        if pd.api.types.is_numeric_dtype(column.dtype)
        else column.astype("str").where(column.notna(), None).astype(object)
        for i, (_, column) in enumerate(frame.items())
    }
    return np.asarray(pd.util.hash_pandas_object(pd.DataFrame(columns), index=False))


def draw_together(
    y: np.ndarray,
    classes: Sequence[str],
    split: Split,
    folds: int | None,
    found: np.ndarray,
    has_test: bool = False,
) -> Indices:
    """Return the rows of each part as `splitting.draw` does, with equal rows in one part.

    The groups `found`, (m,), are drawn like rows, by class or at random. Raise ValueError if the
    rows cannot be split so.
    """
    first = np.unique(found, return_index=True)[1]
    one_of_each = _labels(y, found) if classes else y[first]
    drawn = draw(one_of_each, classes, split, folds, has_test=has_test)
    kinds = y if classes else np.zeros(len(y), np.int64)
    rows = {part: _with_twins(these, found, kinds, split.seed) for part, these in drawn.items()}
    if classes:
        check_classes(y, classes, rows)
    return rows


def _labels(y: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Return a class for each group, (groups,): of its classes the one that has the fewest yet.

    So each class is drawn, also if its rows all have twins of another class.
    """
    order = np.argsort(found, kind="stable")
    each = np.split(y[order], np.cumsum(np.bincount(found))[:-1])
    chosen = np.array([labels[0] for labels in each])
    mixed = [group for group, labels in enumerate(each) if (labels != labels[0]).any()]
    totals = np.bincount(y)
    drawn = np.bincount(np.delete(chosen, mixed), minlength=len(totals))
    for group in mixed:
        options = np.unique(each[group])
        chosen[group] = options[np.argmin(drawn[options] / totals[options])]
        drawn[chosen[group]] += 1
    return chosen


def _with_twins(drawn: np.ndarray, found: np.ndarray, kinds: np.ndarray, seed: int) -> np.ndarray:
    """Return all rows of the groups in `drawn`, (m_part,) or (folds, m_part).

    All folds have one size: what is too much in a fold, each of its most frequent class, is in
    none of its two parts.
    """
    if drawn.ndim == 1:
        return np.flatnonzero(np.isin(found, drawn))
    each = [np.flatnonzero(np.isin(found, these)) for these in drawn]
    size = min(len(rows) for rows in each)
    random = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(len(each),)))
    surplus = [left_over(kinds, random.permutation(rows), len(rows) - size) for rows in each]
    return np.stack([np.setdiff1d(rows, extra) for rows, extra in zip(each, surplus)])
