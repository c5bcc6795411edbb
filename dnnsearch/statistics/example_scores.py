"""What each example of a data set contributes to a metric, for each network.

An accuracy and a cost are means: the contribution of an example is its own hit or loss. For the
other metrics the examples are divided into groups, and a group contributes its jackknife
pseudo-value (Tukey 1958; with seeds as the second factor: Dorfman, Berbaum and Metz 1992):

    G metric(all) - (G - 1) metric(all but the group)

A constant is added so that the mean over the G groups is the metric itself. Each group can then be
treated as one example. The groups depend only on the number of examples, so that contributions of
two networks to the same examples can be paired.
"""

from collections.abc import Mapping

import numpy as np

from dnnsearch.nn.outputs import OUTPUTS
from dnnsearch.statistics.score_sample import ScoreSample
from dnnsearch.trials.metrics import METRICS, measure

MAX_GROUPS = 200  # each costs one more evaluation of the metric


def contributions(
    objective: str,
    output: str,
    Z: np.ndarray,
    y: np.ndarray,
    scale: float = 1.0,
    max_groups: int = MAX_GROUPS,
) -> np.ndarray:
    """Return the contributions (R, G) for logits Z[L] (R, n[L], m) and targets y (m,) or (R, m).

    G is m if the metric is a mean over examples, else the number of groups, at most `max_groups`.
    `scale` is the standard deviation of a regression's target; the contributions have the unit of
    the metric.
    """
    ys = np.broadcast_to(y, (len(Z), y.shape[-1]))
    if by_example := METRICS[objective].by_example:
        return np.asarray(by_example(OUTPUTS[output], Z, ys, scale))
    pairs = zip(Z, ys, strict=True)
    return np.stack([_pseudo_values(objective, z, t, scale, max_groups) for z, t in pairs])


def sample(
    metric: str,
    output: str,
    Z: np.ndarray,
    y: np.ndarray,
    scale: float = 1.0,
    *,
    is_one: bool = False,
) -> ScoreSample:
    """Return the scores of R networks; `is_one`: of a single model, evaluated on R folds."""
    values = contributions(metric, output, Z, y, scale)
    row = METRICS[metric]
    is_of_classes = output != "identity" and row.perfect == 1.0
    rarest = int(np.unique(y, return_counts=True)[1].min()) if is_of_classes else None
    return ScoreSample(values.reshape(1, -1) if is_one else values, row.is_share, rarest)


def score_with_interval(measured: ScoreSample, metric: str) -> dict[str, float]:
    """Return value, low and high (95 %), the interval clipped to the metric's range; JSON-able."""
    low, high = METRICS[metric].clipped(measured.interval.low, measured.interval.high)
    return {"value": measured.mean, "low": low, "high": high}


def with_ends_of_before(
    metric: str, now: Mapping[str, float], had: Mapping[str, float]
) -> dict[str, float]:
    """Return a perfect score with the ends that it had, if that is of version 0.5 or older.

    These gave it an interval of no width, unless it was a share.
    """
    is_older = all(had.get(part) == now["value"] == 1.0 for part in ("value", "low", "high"))
    if METRICS[metric].is_share or not is_older:
        return dict(now)
    return {**now, "low": 1.0, "high": 1.0}


def _pseudo_values(
    objective: str, Z: np.ndarray, y: np.ndarray, scale: float, max_groups: int
) -> np.ndarray:
    """Return the pseudo-values (G,) of one network.

    A group has the value of the whole if the metric is not defined without the group.
    """
    group = groups(len(y), max_groups)
    whole = score(objective, Z, y, scale)
    if len(y) == 1:
        return np.array([whole])
    count = int(group.max()) + 1
    without = [score(objective, Z[:, group != g], y[group != g], scale) for g in range(count)]
    values = count * whole - (count - 1) * np.array(without)
    values = np.where(np.isfinite(values), values, whole)
    return np.asarray(values + (whole - values.mean()))


def groups(m: int, max_groups: int = MAX_GROUPS) -> np.ndarray:
    """Return the group of each of m examples, (m,): random, and the same at every call."""
    count = min(m, max_groups)
    return np.random.default_rng(m).permutation(np.arange(m) % count)


def metric_value(
    objective: str, output: str, Z: np.ndarray, y: np.ndarray, scale: float = 1.0
) -> float:
    """Return any metric of one network with logits Z (n[L], m) and targets y (m,)."""
    if by_example := METRICS[objective].by_example:
        return float(by_example(OUTPUTS[output], Z, y, scale).mean())
    return score(objective, Z, y, scale)


def score(objective: str, Z: np.ndarray, y: np.ndarray, scale: float = 1.0) -> float:
    """Return a metric of one network with logits Z (n[L], m) and targets y (m,)."""
    return float(measure(objective, Z[np.newaxis], y, scale)[0])
