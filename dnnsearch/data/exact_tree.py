"""A decision tree on one column, which is the same on every machine.

It grows like scikit-learn's with `max_leaf_nodes`: the leaf whose best split gains most is split
next. A split gains

    classes     (sum of l_c^2) / l + (sum of r_c^2) / r - (sum of n_c^2) / n    with the counts l_c
    numbers     (sum of l)^2 / l + (sum of r)^2 / r - (sum of n)^2 / n          with the sums

of its left and right part. Counts and sums are exact; where two splits gain the same, the first
counts. scikit-learn's compiled code may round the gains otherwise on another processor.
"""

from typing import NamedTuple

import numpy as np

from dnnsearch.nn.exact_arithmetic import summands


class TreeSplit(NamedTuple):
    """The best split of the sorted rows from `start` to `stop`, before row `at`."""

    gain: float
    start: int
    at: int
    stop: int


def exact_tree_edges(x: np.ndarray, y: np.ndarray, K: int, is_regression: bool) -> np.ndarray:
    """Return the edges of at most K bins where a tree of K leaves splits x (m,) to predict y (m,).

    y are classes, or numbers. The outer edges are the smallest and the largest value.
    """
    order = np.argsort(x, kind="stable")
    x, y = x[order], y[order]
    values = summands(y.astype(np.float64), 0)[:, np.newaxis] if is_regression else _one_hot(y)
    sums = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
    leaves = [_best_split(x, sums, 0, len(x))]
    cuts: list[float] = []
    while len(cuts) < K - 1 and (best := max(leaves, key=lambda leaf: leaf.gain)).gain > 0:
        leaves.remove(best)
        cuts.append((x[best.at - 1] + x[best.at]) / 2)
        leaves += [_best_split(x, sums, best.start, best.at)]
        leaves += [_best_split(x, sums, best.at, best.stop)]
    return np.unique([x[0], *cuts, x[-1]])


def _one_hot(y: np.ndarray) -> np.ndarray:
    return np.asarray(y[:, np.newaxis] == np.unique(y), np.float64)


def _best_split(x: np.ndarray, sums: np.ndarray, start: int, stop: int) -> TreeSplit:
    """Return the split of these rows that gains most; `sums` are those of the rows before each."""
    at = start + 1 + np.flatnonzero(x[start + 1 : stop] > x[start : stop - 1])
    if len(at) == 0:
        return TreeSplit(0.0, start, start, stop)
    left, right = sums[at] - sums[start], sums[stop] - sums[at]
    gains = _quality(left, at - start) + _quality(right, stop - at)
    gains = gains - _quality(sums[[stop]] - sums[[start]], np.array([stop - start]))
    best = int(np.argmax(gains))
    return TreeSplit(float(gains[best]), start, int(at[best]), stop)


def _quality(totals: np.ndarray, rows: np.ndarray) -> np.ndarray:
    squares = summands(np.square(totals), 1).sum(axis=1)
    return np.asarray(squares / rows)
