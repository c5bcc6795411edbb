"""The activation functions of the hidden layers, A = g(Z), and their slopes g'(Z).

Each function returns an array. If the caller passes `out`, that array is written and returned, as
with NumPy's own functions. A new activation is one line in the table ACTIVATIONS, and the gradient
check then covers it.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from dnnsearch.nn.parameters import Array

MAX_SIZE_FOR_SIGN = 4096  # numbers up to which np.sign is faster than np.greater
FLOAT32_ZERO = np.zeros((), np.float32)  # NumPy would convert a plain 0 at every call


class Activation(NamedTuple):
    """A = g(Z) and its derivative g'(Z), computed from Z or A, whichever is cheaper."""

    function: Callable[[Array, Array | None], Array]  # (Z, out) -> A; None makes a new array
    slope: Callable[[Array, Array, Array], Array]  # (Z, A, out) -> g'(Z)


def sigmoid(Z: Array, out: Array | None = None) -> Array:
    """Return 1 / (1 + exp(-Z)), in the shape and dtype of Z, computed as 1/2 + 1/2 tanh(Z/2).

    Nothing overflows. In float32 the absolute error is below 1e-7, so an output near 0 has few
    correct digits: at Z = -17 it is 44 % too large, and from Z = -20 on it is 0. Training does not
    suffer, because gradients need A - Y and costs are computed from Z. `predict` applies the
    sigmoid in float64, where the same happens from Z = -37 on.
    """
    out = np.tanh(np.multiply(0.5, Z, out=out), out=out)
    return np.add(0.5, np.multiply(0.5, out, out=out), out=out)


def relu(Z: Array, out: Array | None = None) -> Array:
    """Return max(0, Z), in the shape and dtype of Z.

    It compares with an array of zeros, because NumPy is three times slower with a single 0.
    """
    out = np.empty_like(Z) if out is None else out
    out.fill(0)
    return np.maximum(Z, out, out=out)


def relu_slope(Z: Array, A: Array, out: Array) -> Array:
    """Return 1 where A > 0 and 0 elsewhere; small and large arrays take NumPy's faster way."""
    if A.size < MAX_SIZE_FOR_SIGN:
        return np.sign(A, out=out)
    return np.greater(A, FLOAT32_ZERO, out=out)


# fmt: off
ACTIVATIONS: dict[str, Activation] = {
    "relu": Activation(relu, relu_slope),
    "leaky_relu": Activation(
        lambda Z, out: np.maximum(Z, np.multiply(0.01, Z, out=out), out=out),
        lambda Z, A, out: np.maximum(np.greater(A, FLOAT32_ZERO, out=out), 0.01, out=out)),
    "tanh": Activation(
        lambda Z, out: np.tanh(Z, out=out),
        lambda Z, A, out: np.subtract(1, np.square(A, out=out), out=out)),
    "sigmoid": Activation(
        sigmoid,
        lambda Z, A, out: np.multiply(A, np.subtract(1, A, out=out), out=out)),
}
# fmt: on

# A = Z. It is the activation of a regression's output, and no choice for a hidden layer: layers
# without a nonlinear activation are together one linear layer.
IDENTITY = Activation(
    lambda Z, out: np.positive(Z, out=out),
    lambda Z, A, out: np.ones_like(Z),
)
