"""The metrics: what a network is worth on the dev set, and which of two values is the better one.

`METRICS` is the only table of them. Its rows have all that search, leaderboard, promotion, report
and `new` need to know, so that a new metric is one function and one row here. The functions agree
with those of scikit-learn that have the same name.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dnnsearch.nn.arithmetic import FAST, Arithmetic
from dnnsearch.nn.outputs import Output

Array = NDArray[np.floating] | NDArray[np.integer]


@dataclass(frozen=True)
class Direction:
    """Whether a larger or a smaller value is better; None is no value, and worse than any."""

    maximize: bool

    @property
    def name(self) -> Literal["maximize", "minimize"]:
        """`maximize` or `minimize`, as Optuna calls it."""
        return "maximize" if self.maximize else "minimize"

    @property
    def sign(self) -> int:
        """1 if larger is better, else -1: a value times this is better if it is larger."""
        return 1 if self.maximize else -1

    def sort_key(self, value: float | None) -> float:
        """Return a key by which `sorted` puts the best value first and None last."""
        return np.inf if value is None else -self.sign * value

    def better(self, a: float | None, b: float | None) -> bool:
        """Return whether a is better than b, and not merely equal."""
        if a is None or b is None:
            return a is not None
        return a > b if self.maximize else a < b

    def best(self, values: Iterable[float]) -> float:
        """Return the best of one or more values."""
        return max(values) if self.maximize else min(values)


MAXIMIZE, MINIMIZE = Direction(maximize=True), Direction(maximize=False)


def best_so_far(values: Iterable[float | None], direction: Direction) -> Iterator[int | None]:
    """Yield after each value the index of the best one up to there; of equal ones the first.

    None is no value: before the first value, the index is None as well.
    """
    index, best = None, None
    for i, value in enumerate(values):
        if direction.better(value, best):
            index, best = i, value
        yield index


@dataclass(frozen=True)
class Metric:
    """One row of `METRICS`; Z are logits, y the targets as the networks have them.

    `compute(Z (n[L], m), y (m,), scale)` returns the metric of one network; `scale` is the standard
    deviation of a regression's target. It is None for the metrics that every training measures. In
    a study that is exact, it also gets the keyword `arithmetic`, by which it must compute.

    `by_example(output, Z (..., n[L], m), y (..., m), scale)` returns what each example contributes,
    (..., m), if the metric is the mean of that. Without it, contributions are jackknife
    pseudo-values (`dnnsearch.statistics.example_scores`).

    `chance(Z (n[L], m), y (m,))` returns what is possible without learning. Without it, it is the
    metric of a constant answer (`dnnsearch.statistics.baseline`).
    """

    direction: Direction
    outputs: tuple[str, ...]  # output layers for which it is defined: names in dnnsearch.nn.OUTPUTS
    perfect: float  # the best value that exists; plus or minus infinity if there is none
    compute: Callable[..., float] | None = None
    by_example: Callable[[Output, Array, Array, float], Array] | None = None
    chance: Callable[[Array, Array], float] | None = None
    is_share: bool = False  # the share of examples that are hits, each 0 or 1
    of_labels: bool = False  # of the labels that are given, whatever their probabilities

    @property
    def is_always_measured(self) -> bool:
        """Whether every trial has it; the others are measured on request."""
        return self.compute is None

    def clipped(self, low: float, high: float) -> tuple[float, float]:
        """Return the interval from low to high, ended at the best value that exists."""
        if self.direction.maximize:
            return low, min(high, self.perfect)
        return max(low, self.perfect), high


def hits(output: Output, Z: Array, y: Array, scale: float = 1.0) -> Array:
    """Return 1.0 for each example that is given its class, else 0.0: (..., m)."""
    return np.asarray(output.scores(output.predictions(Z), y), np.float64)


def losses(output: Output, Z: Array, y: Array, scale: float = 1.0) -> Array:
    """Return the loss of each example, (..., m), computed in float64."""
    Z = Z.astype(np.float64)
    return np.asarray(output.losses(Z, output.targets(y, Z.shape[-2])), np.float64)


def confusion(Z: Array, y: Array) -> NDArray[np.int64]:
    """Return counts (classes, classes): examples by their class (row) and predicted class (column).

    Z are logits (n[L], m), y the classes (m,); one logit means two classes.
    """
    k = max(len(Z), 2)
    predicted = (Z[0] > 0).astype(np.int64) if len(Z) == 1 else np.argmax(Z, axis=0)
    return np.bincount(y * k + predicted, minlength=k * k).reshape(k, k)


def balanced_accuracy(
    Z: Array, y: Array, scale: float = 1.0, arithmetic: Arithmetic = FAST
) -> float:
    """Return the mean recall of the classes; classes that do not occur in y do not count."""
    counts = confusion(Z, y)
    there = counts.sum(axis=1) > 0
    recalls = np.diag(counts)[there] / counts.sum(axis=1)[there]
    return float(np.mean(arithmetic.summands(recalls, 0)))


def f1(Z: Array, y: Array, scale: float = 1.0, arithmetic: Arithmetic = FAST) -> float:
    """Return 2 TP / (2 TP + FP + FN) of the rarer of two classes, or the mean over more classes."""
    counts = confusion(Z, y)
    hits, members, given = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    each = 2 * hits / np.maximum(members + given, 1)
    if len(counts) == 2:
        return float(each[0] if members[0] < members[1] else each[1])
    return float(arithmetic.summands(each[members + given > 0], 0).mean())


def f1_by_chance(Z: Array, y: Array) -> float:
    """Return the best F1 of all constant answers and of the network's own, dealt out at random."""
    k = max(len(Z), 2)
    constants = (f1(_sure(c, Z), y) for c in range(k))
    return max(*constants, _dealt_out(Z, y))


def _sure(c: int, Z: Array) -> Array:
    """Return logits in the shape of Z that answer with the class c for every example."""
    if len(Z) == 1:
        return np.full(Z.shape, 2.0 * c - 1)
    return np.repeat((np.arange(len(Z)) == c)[:, np.newaxis] * 1.0, Z.shape[1], axis=1)


def _dealt_out(Z: Array, y: Array) -> float:
    """Return the F1 to expect of the network's answers in a random order: 2 p q / (p + q)."""
    counts = confusion(Z, y)
    p, q = counts.sum(axis=1) / len(y), counts.sum(axis=0) / len(y)
    each = 2 * p * q / np.maximum(p + q, 1 / len(y))
    if len(counts) == 2:
        return float(each[0] if p[0] < p[1] else each[1])
    return float(each[p + q > 0].mean())


def roc_auc(Z: Array, y: Array, scale: float = 1.0, arithmetic: Arithmetic = FAST) -> float:
    """Return the probability that an example of a class ranks above one of the others.

    Ties count half. For more than two classes it is the mean over the classes, each against all
    others, by their softmax. NaN if no example has a class, or all have it.
    """
    if len(Z) == 1:
        return _area(Z[0], y == 1)
    probabilities = arithmetic.exp(Z - Z.max(axis=0))
    probabilities = probabilities / arithmetic.summands(probabilities, 0).sum(axis=0)
    areas = np.array([_area(p, y == c) for c, p in enumerate(probabilities)])
    return float(np.mean(arithmetic.summands(areas, 0)))


def _area(z: Array, positive: NDArray[np.bool_]) -> float:
    """Return the area under the curve from the sum of ranks (Mann and Whitney 1947)."""
    p, n = int(positive.sum()), int((~positive).sum())
    if p == 0 or n == 0:
        return float("nan")
    _, positions, counts = np.unique(z, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks = (last - (counts - 1) / 2)[positions]
    return float((ranks[positive].sum() - p * (p + 1) / 2) / (p * n))


def half(Z: Array, y: Array) -> float:
    """Return 0.5: the area of an order that has nothing to do with the answers."""
    return 0.5


def r2(Z: Array, y: Array, scale: float = 1.0, arithmetic: Arithmetic = FAST) -> float:
    """Return 1 - (sum of squared errors) / (sum of squared deviations of y from its mean).

    NaN for a single example.
    """
    if len(y) == 1:
        return float("nan")
    errors = Z[0].astype(np.float64) - y
    values, summands = y.astype(np.float64), arithmetic.summands
    spread = values - summands(values, 0).mean()
    total = summands(np.square(spread), 0).sum()
    return float(1 - summands(np.square(errors), 0).sum() / total)


def rmse(Z: Array, y: Array, scale: float = 1.0, arithmetic: Arithmetic = FAST) -> float:
    """Return the root mean squared error in the unit of the target, whose deviation is `scale`."""
    errors = Z[0].astype(np.float64) - y
    return float(scale * np.sqrt(arithmetic.summands(np.square(errors), 0).mean()))


CLASSES, REGRESSION = ("sigmoid", "softmax"), ("identity",)
METRICS = {
    "dev_accuracy": Metric(MAXIMIZE, CLASSES, 1.0, by_example=hits, is_share=True, of_labels=True),
    "dev_cost": Metric(MINIMIZE, (*CLASSES, *REGRESSION), 0.0, by_example=losses),
    "dev_balanced_accuracy": Metric(MAXIMIZE, CLASSES, 1.0, balanced_accuracy, of_labels=True),
    "dev_f1": Metric(MAXIMIZE, CLASSES, 1.0, f1, chance=f1_by_chance, of_labels=True),
    "dev_roc_auc": Metric(MAXIMIZE, CLASSES, 1.0, roc_auc, chance=half),
    "dev_r2": Metric(MAXIMIZE, REGRESSION, 1.0, r2),
    "dev_rmse": Metric(MINIMIZE, REGRESSION, 0.0, rmse),
}


RANKING = "dev_roc_auc"  # needs no threshold, so it shows what a network knows of rare classes


def on_request(output: str | None = None) -> list[str]:
    """Return the names of the metrics that a config may ask for, of one output layer or of all."""
    return [
        name
        for name, metric in METRICS.items()
        if not metric.is_always_measured and (output is None or output in metric.outputs)
    ]


def measure(
    name: str, Z: Array, y: Array, scale: float = 1.0, arithmetic: Arithmetic = FAST
) -> NDArray[np.float64]:
    """Return a metric of each replicate, (R,); NaN if one of its logits is not finite.

    Z are logits (R, n[L], m), y targets (m,) or (R, m). Raise ValueError for a metric that every
    training measures itself.
    """
    compute = METRICS[name].compute
    if compute is None:
        raise ValueError(f"{name} is measured by the training")
    if arithmetic is not FAST:
        compute = partial(compute, arithmetic=arithmetic)
    ys = np.broadcast_to(y, (len(Z), y.shape[-1]))
    pairs = zip(Z, ys, strict=True)
    return np.array([compute(z, t, scale) if np.isfinite(z).all() else np.nan for z, t in pairs])
