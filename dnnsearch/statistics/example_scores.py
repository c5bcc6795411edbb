"""What each example of a set contributes to a figure, for each network.

An accuracy and a cost are means, so that an example's contribution is its own hit or loss. For the
other scores the examples are cut into groups, and a group contributes its jackknife pseudo-value
(Tukey 1958; with seeds as the second factor: Dorfman, Berbaum and Metz 1992):

    G score(all) - (G - 1) score(all but the group)

less the bias of their mean over the G groups, so that this mean is the score. They can be treated
as if each were one example. The groups depend on the number of examples alone, so that
contributions of two networks to the same examples can be paired.
"""

import numpy as np

from dnnsearch.nn.outputs import OUTPUTS
from dnnsearch.trials.metrics import METRICS, measure

GROUPS = 200  # at most: each is one more evaluation of the score


def contributions(
    objective: str, output: str, Z: np.ndarray, y: np.ndarray, scale: float = 1.0
) -> np.ndarray:
    """(R, G) of logits Z[L] (R, n[L], m) and targets y (m,) or (R, m).

    `scale` is the deviation of a regression's target; the contributions are in the score's unit.
    """
    ys = np.broadcast_to(y, (len(Z), y.shape[-1]))
    if by_example := METRICS[objective].by_example:
        return np.asarray(by_example(OUTPUTS[output], Z, ys, scale))
    return np.stack([_pseudo_values(objective, z, t, scale) for z, t in zip(Z, ys, strict=True)])


def _pseudo_values(objective: str, Z: np.ndarray, y: np.ndarray, scale: float) -> np.ndarray:
    """(G,) of one network; a group without which there is no score adds nothing of its own."""
    group = groups(len(y))
    whole = score(objective, Z, y, scale)
    count = int(group.max()) + 1
    without = [score(objective, Z[:, group != g], y[group != g], scale) for g in range(count)]
    values = count * whole - (count - 1) * np.array(without)
    values = np.where(np.isfinite(values), values, whole)
    return np.asarray(values + (whole - values.mean()))


def groups(m: int) -> np.ndarray:
    """The group of each of m examples, (m,): a random one, the same at every call."""
    count = min(m, GROUPS)
    return np.random.default_rng(m).permutation(np.arange(m) % count)


def score(objective: str, Z: np.ndarray, y: np.ndarray, scale: float = 1.0) -> float:
    """Of one network's logits (n[L], m)."""
    return float(measure(objective, Z[np.newaxis], y, scale)[0])
