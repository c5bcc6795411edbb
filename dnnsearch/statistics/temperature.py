"""Calibrate logits: one temperature for all, and a bias for each class if that is asked for.

With a = 1 / temperature, the mean log loss of the logits a Z + bias is convex in a and bias (Platt
1999 for two classes, Guo et al. 2017 for more). As Platt does, the targets are smoothed, so that in
all of m rows about one counts as wrong: without this, rows that are all right would ask for a
temperature of 0.
"""

import numpy as np

from dnnsearch.nn import OUTPUTS

MAX_TEMPERATURE = 10.0  # and 1 / 10 is the least
MAX_BIAS = 10.0


def fit_temperature(
    Z: np.ndarray, y: np.ndarray, output: str, with_bias: bool
) -> tuple[float, tuple[float, ...]]:
    """Return the temperature, and the bias of each output (empty without one), of least loss.

    Z are logits (n[L], m), y the classes (m,), `output` is a name in dnnsearch.nn.OUTPUTS.
    """
    from scipy.optimize import minimize  # takes a part of a second to import

    rows, Y = OUTPUTS[output], smoothed_targets(Z, y, output)

    def loss(point: np.ndarray) -> tuple[float, np.ndarray]:
        logits = point[0] * Z + (point[1:, np.newaxis] if with_bias else 0.0)
        dZ = (rows.activation.function(logits, np.empty_like(logits)) - Y) / len(y)
        slopes = [(dZ * Z).sum(), *(dZ.sum(axis=1) if with_bias else [])]
        return float(rows.losses(logits, Y).mean()), np.array(slopes)

    bounds = [(1 / MAX_TEMPERATURE, MAX_TEMPERATURE)]
    bounds += [(-MAX_BIAS, MAX_BIAS)] * (len(Z) if with_bias else 0)
    start = np.zeros(len(bounds))
    start[0] = 1.0
    a, *bias = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x.tolist()
    return 1 / a, tuple(bias)


def smoothed_targets(Z: np.ndarray, y: np.ndarray, output: str) -> np.ndarray:
    """Return targets (n[L], m) that give the other classes together 1 / (m + 2) of each row."""
    share, others = 1 / (len(y) + 2), max(len(Z), 2) - 1
    Y = OUTPUTS[output].targets(y, len(Z)).astype(np.float64)
    return np.asarray(Y * (1 - share) + (1 - Y) * share / others)
