"""Mean, standard deviation and scale of columns, by the arithmetic of a study."""

import numpy as np

from dnnsearch.nn.arithmetic import FAST, Arithmetic


def moments(
    X: np.ndarray, arithmetic: Arithmetic = FAST, axis: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of X along the axis, or of all numbers of X."""
    if arithmetic is FAST:
        return np.asarray(X.mean(axis=axis)), np.asarray(X.std(axis=axis))
    if axis is None:
        X, axis = X.reshape(-1), 0
    summands = arithmetic.summands
    mean = summands(X, axis).mean(axis=axis, keepdims=True)
    variance = summands(np.square(X - mean), axis).mean(axis=axis)
    return mean.squeeze(axis), np.sqrt(variance)


def mean_and_scale(X: np.ndarray, arithmetic: Arithmetic = FAST) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and scale, (..., n_x), of the columns of X (..., m, n_x).

    The scale is the standard deviation, or 1 for a constant column, which becomes 0.
    """
    mean, deviation = moments(X, arithmetic, axis=-2)
    is_constant = (X.max(axis=-2) == X.min(axis=-2)) | (deviation == 0)
    mean = np.where(is_constant, X[..., 0, :], mean)
    return mean, np.where(is_constant, 1.0, deviation)
