"""How the numbers among a network's inputs are scaled, by constants that were fitted on train.

The inputs of before are standardised; NUMBERS has the other ways, a row each. A scaling acts on a
value by itself and keeps the order of values, so the edges of codes are scaled in the same way.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from dnnsearch.nn.parameters import Array

Interp = Callable[[Array, Array, Array], Array]  # as np.interp
STORED = "inputs {}"  # the name of an array of constants, beside the prepared arrays
STANDARD = "standard"  # as prepared: zero mean, unit variance
NONE = "none"  # raw values
BLOCK_ROWS = 4096  # scaled at once: float64 of all images would take gigabytes
DIVIDE = "divide"  # `divide 255`: raw values by a constant


def smooth_clip(X: Array, constants: Array, interp: Interp = np.interp) -> Array:
    """Return z / sqrt(1 + (z/3)^2) of z = (x - median) * factor, which stays within -3 and 3.

    Holzmueller et al. 2024 (RealMLP), section 3. `constants` are median and factor, (..., 2, F).
    """
    median, factor = (constants[..., i, np.newaxis, :] for i in range(2))
    z = (X - median) * factor
    return np.asarray(z / np.sqrt(1 + (z / 3) ** 2))


def linear(X: Array, constants: Array, interp: Interp = np.interp) -> Array:
    """Return x * factor + shift; `constants` are factor and shift, (..., 2, F)."""
    factor, shift = (constants[..., i, np.newaxis, :] for i in range(2))
    return np.asarray(X * factor + shift)


def to_normal(X: Array, constants: Array, interp: Interp = np.interp) -> Array:
    """Return the normal score of each value, by interpolation between quantiles of train.

    `constants` are Q rising quantiles and their scores, (..., 2 Q, F).
    """
    Q = constants.shape[-2] // 2
    leading = np.broadcast_shapes(X.shape[:-2], constants.shape[:-2])
    constants = np.broadcast_to(constants, (*leading, *constants.shape[-2:]))
    X = np.broadcast_to(X, (*leading, *X.shape[-2:]))
    out = np.empty(X.shape)
    for where in np.ndindex(*leading):
        for j in range(X.shape[-1]):
            quantiles, scores = constants[*where, :Q, j], constants[*where, Q:, j]
            out[*where, :, j] = interp(X[*where, :, j], quantiles, scores)
    return out


# name -> values (..., m, F) and constants (..., c, F), float64 both, to scaled values (..., m, F)
NUMBERS: dict[str, Callable[..., Array]] = {
    "robust": smooth_clip,
    "quantile": to_normal,
    NONE: linear,
}


def scale_numbers(X: Array, kind: str, constants: Array, interp: Interp = np.interp) -> Array:
    """Return X (..., m, n_x) with its first F columns scaled, in the dtype of X.

    `kind` is a name in NUMBERS; `constants` (..., c, F) are float64.
    """
    F = constants.shape[-1]
    leading = np.broadcast_shapes(X.shape[:-2], constants.shape[:-2])
    out: np.ndarray[Any, Any] = np.empty((*leading, *X.shape[-2:]), X.dtype)
    for start in range(0, X.shape[-2], BLOCK_ROWS):
        rows = np.s_[..., start : start + BLOCK_ROWS, :F]
        out[rows] = NUMBERS[kind](np.asarray(X[rows], np.float64), constants, interp)
    out[..., F:] = X[..., F:]
    return out
