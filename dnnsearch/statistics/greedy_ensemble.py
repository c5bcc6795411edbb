"""Choose the configurations of an ensemble, one after another (Caruana et al. 2004).

From one configuration on, the one is added that makes the mean of all outputs best; each may be
added several times, which gives it more weight.
"""

from collections.abc import Callable, Sequence

import numpy as np

MAX_PICKS = 10


def greedy_ensemble(
    outputs: Sequence[np.ndarray], first: int, value: Callable[[np.ndarray], float]
) -> list[int]:
    """Return how often each configuration is picked, the one at `first` at least once.

    `outputs` are those of each configuration, in one shape; `value` returns how good a mean of them
    is, larger is better. Of all ensembles on the way the best is returned, of equals the smallest.
    """
    picks, total = [first], outputs[first]
    best, chosen = value(total), 1
    while len(picks) < MAX_PICKS:
        sums = [total + one for one in outputs]
        values = [_number(value(each / (len(picks) + 1))) for each in sums]
        k = int(np.argmax(values))
        picks, total = [*picks, k], sums[k]
        if values[k] > best:
            best, chosen = values[k], len(picks)
    return [picks[:chosen].count(k) for k in range(len(outputs))]


def _number(value: float) -> float:
    """Return the value; one that is not defined is worse than any."""
    return value if np.isfinite(value) else -np.inf
