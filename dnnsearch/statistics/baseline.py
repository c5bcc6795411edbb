"""What can be had without learning: the figure of an answer that looks at no example."""

import numpy as np

from dnnsearch.nn.outputs import OUTPUTS
from dnnsearch.statistics.example_scores import score
from dnnsearch.trials.metrics import confusion

AREA = 0.5  # under the curve of an order that has nothing to do with the answers


def chance_score(
    objective: str, output: str, y_train: np.ndarray, Z: np.ndarray, y: np.ndarray, scale: float
) -> float:
    """Of a constant answer, on a set with the answers y (m,); Z (n[L], m) are the network's logits.

    It answers with train's most frequent class and the classes' shares, in a regression with
    train's mean. A balanced accuracy and an area are the same for all constant answers; for F1 it
    is the best of all constant answers and of the network's own, dealt out at random.
    """
    if objective == "dev_roc_auc":
        return AREA
    if objective == "dev_f1":
        classes = range(max(len(Z), 2))
        constants = (score(objective, _sure(c, Z), y) for c in classes)
        return max(*constants, _dealt_out(Z, y))
    constant = _constant(output, y_train, Z)
    if objective in ("dev_accuracy", "dev_cost"):
        layer = OUTPUTS[output]
        if objective == "dev_accuracy":
            return float(layer.scores(layer.predictions(constant), y).mean())
        return float(layer.losses(constant, layer.targets(y, len(Z))).mean())
    return score(objective, constant, y, scale)


def _constant(output: str, y_train: np.ndarray, Z: np.ndarray) -> np.ndarray:
    """Logits (n[L], m) that say the same of every example."""
    if output == "identity":
        return np.full(Z.shape, y_train.mean(dtype=np.float64))
    counts = np.bincount(y_train.ravel().astype(np.int64), minlength=max(len(Z), 2))
    logs = np.log(np.maximum(counts, 0.5) / counts.sum())
    column = logs[1:] - logs[:1] if len(Z) == 1 else logs
    return np.repeat(column[:, np.newaxis], Z.shape[1], axis=1)


def _sure(c: int, Z: np.ndarray) -> np.ndarray:
    """Logits of somebody who always answers with the class c."""
    if len(Z) == 1:
        return np.full(Z.shape, 2.0 * c - 1)
    return np.repeat((np.arange(len(Z)) == c)[:, np.newaxis] * 1.0, Z.shape[1], axis=1)


def _dealt_out(Z: np.ndarray, y: np.ndarray) -> float:
    """F1 to be expected of the network's answers in a random order: 2 p q / (p + q) of a class."""
    counts = confusion(Z, y)
    p, q = counts.sum(axis=1) / len(y), counts.sum(axis=0) / len(y)
    each = 2 * p * q / np.maximum(p + q, 1 / len(y))
    if len(counts) == 2:
        return float(each[0] if p[0] < p[1] else each[1])
    return float(each[p + q > 0].mean())
