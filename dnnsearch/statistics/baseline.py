"""What is possible without learning: the metric of an answer that looks at no example."""

import numpy as np

from dnnsearch.statistics.example_scores import metric_value
from dnnsearch.trials.metrics import METRICS


def chance_score(
    objective: str, output: str, y_train: np.ndarray, Z: np.ndarray, y: np.ndarray, scale: float
) -> float:
    """Return the metric of a constant answer on a set with the targets y (m,).

    The constant answer is that of train's class shares, in a regression train's mean: all metrics
    are computed of it, unless their row of `METRICS` has a `chance` of its own. Z (n[L], m) are the
    network's logits, `scale` is the standard deviation of a regression's target.
    """
    metric = METRICS[objective]
    if metric.chance:
        return metric.chance(Z, y)
    return metric_value(objective, output, constant_logits(output, y_train, Z), y, scale)


def constant_logits(output: str, y_train: np.ndarray, Z: np.ndarray) -> np.ndarray:
    """Return logits in the shape of Z, (n[L], m), that are the same for every example."""
    if output == "identity":
        return np.full(Z.shape, y_train.mean(dtype=np.float64))
    counts = np.bincount(y_train.ravel().astype(np.int64), minlength=max(len(Z), 2))
    logs = np.log(np.maximum(counts, 0.5) / counts.sum())
    column = logs[1:] - logs[:1] if len(Z) == 1 else logs
    return np.repeat(column[:, np.newaxis], Z.shape[1], axis=1)
