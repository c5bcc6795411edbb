"""What a network's input pieces need of train: scales, quantiles, and edges of codes.

They are fitted on the standardised inputs of train alone, of each fold by itself, and stored with
the prepared arrays: a worker needs neither SciPy nor scikit-learn. Which ones are needed follows
from the search space: `Needed` names one, such as `edges tree 8`.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from dnnsearch.data.exact_tree import exact_tree_edges
from dnnsearch.data.table import PreparedArrays, Task
from dnnsearch.nn.arithmetic import FAST, Arithmetic
from dnnsearch.nn.number_scaling import STORED

PREFIX = STORED.format("")  # of the names of the arrays
QUANTILES = 200  # between which a normal score is interpolated
NORMAL_IQR = 1.349  # interquartile range of standard normal numbers
AT_THE_END = 1e-3  # rank of the smallest value: its score is -3.1
RANDOM_STATE = 0  # of a tree on one column, which draws nothing

Needed = Sequence[str]
RAW = (np.array(0.0), np.array(1.0))  # mean and scale of numbers that are not standardised


class Asked(NamedTuple):
    """What is to be fitted."""

    name: str  # such as `edges tree 8`
    is_regression: bool
    arithmetic: Arithmetic


def with_constants(
    filled: PreparedArrays, needed: Needed, task: Task, arithmetic: Arithmetic = FAST
) -> PreparedArrays:
    """Return the arrays with those constants, under `inputs NAME` with train and with test."""
    X, y = filled.arrays["X_train"], filled.arrays["y_train"]
    moments = [_like(X, filled.test[name]) for name in ("mean", "scale")]
    numbers = X[..., : moments[0].shape[-1]]
    found = fit_constants(numbers, y, needed, task == "regression", moments, arithmetic)
    return filled._replace(arrays={**filled.arrays, **found}, test={**filled.test, **found})


def fit_constants(
    X: np.ndarray,
    y: np.ndarray,
    needed: Needed,
    is_regression: bool,
    moments: Sequence[np.ndarray],
    arithmetic: Arithmetic = FAST,
) -> dict[str, np.ndarray]:
    """Return the constants by their stored names, for numbers X (..., m, F) and targets (..., m).

    `moments` are mean and scale of the raw numbers, (..., F); `...` is nothing, or folds.
    """
    X, found = np.asarray(X, np.float64), {}
    mean, scale = (np.broadcast_to(one, (*X.shape[:-2], X.shape[-1])) for one in moments)
    for name in needed:
        if name == "none":
            found[STORED.format(name)] = np.stack([scale, mean], axis=-2)
        else:
            asked = Asked(name, is_regression, arithmetic)
            fit = partial(FITS[name.split()[0]], asked=asked)
            found[STORED.format(name)] = _each(fit, X, y)
    return found


def is_constant(name: str) -> bool:
    """Return whether the array of this name is one of these constants."""
    return name.startswith(PREFIX)


def without_constants(arrays: Mapping[str, Any]) -> dict[str, Any]:
    """Return the other arrays."""
    return {name: array for name, array in arrays.items() if not is_constant(name)}


def _like(X: np.ndarray, moments: np.ndarray) -> np.ndarray:
    """Return means or scales (F,), or (folds, F) if X has folds."""
    return moments if X.ndim > 2 else moments.reshape(moments.shape[-1])


def _each(fit: Callable[..., np.ndarray], X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return what is fitted on X (m, F) and y (m,), or on those of each fold, stacked."""
    if X.ndim == 2:
        return fit(X, y)
    return np.stack([fit(one, target) for one, target in zip(X, y, strict=True)])


def fit_robust(X: np.ndarray, y: np.ndarray, asked: Asked) -> np.ndarray:
    """Return median and 1.349 / interquartile range, (2, F).

    If the range is 0, the range from the smallest to the largest value counts, as half of it each
    side; a constant column has factor 0.
    """
    low, median, high = np.quantile(X, [0.25, 0.5, 0.75], axis=0)
    spread = (high - low) / NORMAL_IQR
    spread = np.where(spread > 0, spread, (X.max(axis=0) - X.min(axis=0)) / 2)
    factor = np.divide(1, spread, out=np.zeros_like(spread), where=spread > 0)
    return np.stack([median, factor])


def fit_quantiles(X: np.ndarray, y: np.ndarray, asked: Asked) -> np.ndarray:
    """Return quantiles and their normal scores, (2 Q, F); equal quantiles have their mean rank."""
    from scipy.stats import norm

    ranks = np.linspace(0, 1, min(QUANTILES, len(X)))
    quantiles = np.quantile(X, ranks, axis=0)
    scores = np.empty_like(quantiles)
    for j, column in enumerate(quantiles.T):
        _, level, count = np.unique(column, return_inverse=True, return_counts=True)
        scores[:, j] = (np.bincount(level, ranks) / count)[level]
    quantile_of = asked.arithmetic.normal_quantile or norm.ppf
    scores = quantile_of(np.clip(scores, AT_THE_END, 1 - AT_THE_END))
    return np.concatenate([quantiles, scores])


def fit_edges(X: np.ndarray, y: np.ndarray, asked: Asked) -> np.ndarray:
    """Return the edges of K bins of each column, (F, K+1); asked for as `edges KIND K`.

    A column with fewer bins repeats its last edge.
    """
    _, kind, count = asked.name.split()
    K, is_regression = int(count), asked.is_regression
    edges_of = EDGES[kind] if asked.arithmetic is FAST else EXACT_EDGES[kind]
    edges = np.empty((X.shape[1], K + 1))  # of no number columns, too
    for j, column in enumerate(X.T):
        edges[j] = _padded(edges_of(column, y, K, is_regression), K)
    return edges


def quantile_edges(x: np.ndarray, y: np.ndarray, K: int, is_regression: bool) -> np.ndarray:
    """Return the edges of K bins with equally many values each, equal edges once."""
    return np.unique(np.quantile(x, np.linspace(0, 1, K + 1)))


def tree_edges(x: np.ndarray, y: np.ndarray, K: int, is_regression: bool) -> np.ndarray:
    """Return the edges of K bins where a decision tree of K leaves splits x to predict y.

    Gorishniy, Rubachev and Babenko 2022, section 3.2.2.
    """
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    kind = DecisionTreeRegressor if is_regression else DecisionTreeClassifier
    tree = kind(max_leaf_nodes=K, random_state=RANDOM_STATE).fit(x[:, np.newaxis], y).tree_
    inner = tree.threshold[tree.feature >= 0]
    return np.unique([x.min(), *inner, x.max()])


def _padded(edges: np.ndarray, K: int) -> np.ndarray:
    return np.concatenate([edges, np.repeat(edges[-1:], K + 1 - len(edges))])


EDGES = {"quantile": quantile_edges, "tree": tree_edges}
EXACT_EDGES = {**EDGES, "tree": exact_tree_edges}  # with the same bits on every machine
FITS = {"robust": fit_robust, "quantile": fit_quantiles, "edges": fit_edges}
