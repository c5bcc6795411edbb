"""How several networks, and several configurations of them, answer as one."""

from collections.abc import Sequence

import numpy as np


def mean(A: np.ndarray) -> np.ndarray:
    """Return the mean (n[L], m) of the networks' outputs A[L] (R, n[L], m)."""
    return np.asarray(A.mean(axis=0))


def mean_and_spread(A: np.ndarray) -> np.ndarray:
    """Return the mean and, below it, the standard deviation over the networks: (2 n[L], m)."""
    spread = A.std(axis=0, ddof=1) if len(A) > 1 else np.zeros(A.shape[1:])
    return np.concatenate([A.mean(axis=0), spread])


def weighted_mean(each: Sequence[np.ndarray], weights: Sequence[int]) -> np.ndarray:
    """Return the mean of the configurations' arrays, all of one shape, each with its weight."""
    total = sum(weight * one for weight, one in zip(weights, each, strict=True))
    return np.asarray(total / sum(weights))
