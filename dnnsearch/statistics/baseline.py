"""What is possible without learning: the metric of an answer that looks at no example."""

from collections.abc import Iterable

import numpy as np

from dnnsearch.statistics.example_scores import metric_value
from dnnsearch.trials.metrics import METRICS

REGRESSION = "the mean of train"
HOW_GUESSED = {  # a metric of classes -> the answer, which is the same for every row
    "dev_accuracy": "the most frequent class of train",
    "dev_balanced_accuracy": "the most frequent class of train",
    "dev_cost": "the shares of the classes in train, as probabilities",
    "dev_f1": "the class that scores best if every row gets it, or answers in a random order",
    "dev_roc_auc": "a random order of the rows",
}


def guess_text(metrics: Iterable[str]) -> str:
    """Return a sentence on what guessing is, by these metrics of one study."""
    names = list(metrics)
    if all("identity" in METRICS[name].outputs for name in names):
        is_known = any(name != "dev_cost" for name in names)  # all outputs have a cost
        answer = REGRESSION if is_known else f"{HOW_GUESSED['dev_cost']}, or {REGRESSION}"
        return f"Guessing answers every row with {answer}."
    by_answer: dict[str, list[str]] = {}
    for name in names:
        by_answer.setdefault(HOW_GUESSED[name], []).append(name.removeprefix("dev_"))
    parts = (f"for {' and '.join(each)} it is {answer}" for answer, each in by_answer.items())
    return f"Guessing looks at no input: {'; '.join(parts)}."


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
