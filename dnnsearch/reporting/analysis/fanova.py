"""fANOVA (Hutter, Hoos and Leyton-Brown 2014): the share of a forest's variance that one input has.

A tree is constant on boxes, its leaves. The variance of its value over the whole space, and of its
marginal (its mean over all other inputs) along one input, follow from the boxes alone. Optuna's
`FanovaImportanceEvaluator` computes the same by walking through each tree in Python, point by
point, which takes 20 times as long; a test compares the two.
"""

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np

from dnnsearch.reporting.analysis.random_forest import forest

MAX_DEPTH = 8


def fanova(
    X: np.ndarray,
    y: np.ndarray,
    bounds: np.ndarray,
    inputs: Sequence[Sequence[int]],
    trees: int,
    seed: int,
) -> list[float]:
    """Return for each input the mean share of the trees' variance that it explains by itself.

    X is (n, k), y (n,), `bounds` (k, 2) the ends of each column. An input has one column, or one
    for each of its choices (0 or 1). All shares are 0 if no tree has a variance.
    """
    found = []
    for tree in forest(X, y, trees, seed, MAX_DEPTH):
        low, high = _boxes(tree, bounds)
        values = tree.value[tree.children_left < 0, 0, 0]
        total = _variance(values, np.prod(high - low, axis=1))
        if total > 0:
            found.append([_marginal(values, low, high, of_input) / total for of_input in inputs])
    return np.mean(found, axis=0).tolist() if found else [0.0] * len(inputs)


def _boxes(tree: Any, bounds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of the leaves' boxes, (leaves, k) each."""
    low, high = (np.tile(bounds[:, end], (tree.node_count, 1)) for end in (0, 1))
    nodes = np.zeros(1, int)
    while len(nodes):
        nodes = nodes[tree.children_left[nodes] >= 0]
        left, right = tree.children_left[nodes], tree.children_right[nodes]
        for child in (left, right):
            low[child], high[child] = low[nodes], high[nodes]
        column, threshold = tree.feature[nodes], tree.threshold[nodes]
        high[left, column] = low[right, column] = threshold
        nodes = np.concatenate([left, right])
    is_leaf = tree.children_left < 0
    return low[is_leaf], high[is_leaf]


def _marginal(
    values: np.ndarray, low: np.ndarray, high: np.ndarray, columns: Sequence[int]
) -> float:
    """Return the variance of the mean over all other columns, along these."""
    axes = []  # of each column, whether an interval between two splits is in a leaf, and its size
    for column in columns:
        edges = np.unique([low[:, column], high[:, column]])
        middles = (edges[1:, None] + edges[:-1, None]) / 2
        axes.append(((low[:, column] < middles) & (middles <= high[:, column]), np.diff(edges)))
    sizes = [np.prod(each) for each in product(*(size for _, size in axes))]
    inside = np.array([np.all(each, axis=0) for each in product(*(is_in for is_in, _ in axes))])
    weights = inside * np.prod(np.delete(high - low, columns, axis=1), axis=1)
    total = weights.sum(axis=1)
    return _variance(weights @ values / total, total * sizes)


def _variance(values: np.ndarray, weights: np.ndarray) -> float:
    mean = np.average(values, weights=weights)
    return float(np.average((values - mean) ** 2, weights=weights))
