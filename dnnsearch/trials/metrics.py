"""What a network is worth on the dev set, beside cost and accuracy.

A score is a function of the logits, the targets and, in a regression, of the target's scale; each
is computed for every replicate by itself. They agree with scikit-learn's functions of these names.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating] | NDArray[np.integer]


class Score(NamedTuple):
    """How a score is computed, and for which output layers."""

    outputs: tuple[str, ...]  # names in dnnsearch.nn.OUTPUTS
    compute: Callable[[Array, Array, float], float]  # (Z[L] (n[L], m), y (m,), scale) -> the score


def confusion(Z: Array, y: Array) -> NDArray[np.int64]:
    """(classes, classes): how many examples of the class in the row were given that of the column.

    Classes that no example has are left out of the rows.
    """
    k = max(len(Z), 2)
    predicted = (Z[0] > 0).astype(np.int64) if len(Z) == 1 else np.argmax(Z, axis=0)
    return np.bincount(y * k + predicted, minlength=k * k).reshape(k, k)


def balanced_accuracy(Z: Array, y: Array, scale: float = 1.0) -> float:
    """The mean of the classes' recalls; classes that are not in y do not count."""
    counts = confusion(Z, y)
    there = counts.sum(axis=1) > 0
    return float(np.mean(np.diag(counts)[there] / counts.sum(axis=1)[there]))


def f1(Z: Array, y: Array, scale: float = 1.0) -> float:
    """2 TP / (2 TP + FP + FN): of the rarer one of two classes, the mean over more than two."""
    counts = confusion(Z, y)
    hits, members, given = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    each = 2 * hits / np.maximum(members + given, 1)
    if len(counts) == 2:
        return float(each[0] if members[0] < members[1] else each[1])
    return float(each[members + given > 0].mean())


def roc_auc(Z: Array, y: Array, scale: float = 1.0) -> float:
    """The chance that an example of a class ranks above one of the others, ties counting half.

    Of more than two classes it is the mean over the classes, each against all others, by softmax.
    NaN where a class or its rest has no example.
    """
    if len(Z) == 1:
        return _area(Z[0], y == 1)
    probabilities = np.exp(Z - Z.max(axis=0))
    probabilities = probabilities / probabilities.sum(axis=0)
    return float(np.mean([_area(p, y == c) for c, p in enumerate(probabilities)]))


def _area(z: Array, positive: NDArray[np.bool_]) -> float:
    """By the sum of ranks (Mann and Whitney)."""
    p, n = int(positive.sum()), int((~positive).sum())
    if p == 0 or n == 0:
        return float("nan")
    _, place, counts = np.unique(z, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks = (last - (counts - 1) / 2)[place]
    return float((ranks[positive].sum() - p * (p + 1) / 2) / (p * n))


def r2(Z: Array, y: Array, scale: float = 1.0) -> float:
    """1 - sum of squared errors / sum of squares about the mean of y."""
    errors = Z[0].astype(np.float64) - y
    spread = y.astype(np.float64) - y.mean(dtype=np.float64)
    return float(1 - np.square(errors).sum() / np.square(spread).sum())


def rmse(Z: Array, y: Array, scale: float = 1.0) -> float:
    """The root of the mean squared error, in the target's own unit: `scale` is its deviation."""
    errors = Z[0].astype(np.float64) - y
    return float(scale * np.sqrt(np.square(errors).mean()))


_CLASSES = ("sigmoid", "softmax")
SCORES = {
    "dev_balanced_accuracy": Score(_CLASSES, balanced_accuracy),
    "dev_f1": Score(_CLASSES, f1),
    "dev_roc_auc": Score(_CLASSES, roc_auc),
    "dev_r2": Score(("identity",), r2),
    "dev_rmse": Score(("identity",), rmse),
}


def measure(name: str, Z: Array, y: Array, scale: float = 1.0) -> NDArray[np.float64]:
    """(R,) of logits (R, n[L], m) and targets (m,) or (R, m); NaN where a logit is not finite."""
    ys = np.broadcast_to(y, (len(Z), y.shape[-1]))
    compute = SCORES[name].compute
    pairs = zip(Z, ys, strict=True)
    return np.array([compute(z, t, scale) if np.isfinite(z).all() else np.nan for z, t in pairs])
