"""The activation functions of the hidden layers, A = g(Z), and their slopes g'(Z).

They return an array; it is `out`, as with NumPy's own functions, where speed matters. A new
activation is one line in the table; the gradient check then covers it by itself.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from dnnsearch.nn.parameters import Array

SMALL = 4096  # numbers in an array
ZERO = np.zeros((), np.float32)  # a plain 0 would have to be converted at every call


class Activation(NamedTuple):
    """A = g(Z) and its derivative, from Z or A, whichever is cheaper."""

    function: Callable[[Array, Array | None], Array]  # (Z, out) -> A; None makes a new array
    slope: Callable[[Array, Array, Array], Array]  # (Z, A, out) -> g'(Z)


def sigmoid(Z: Array, out: Array | None = None) -> Array:
    """1 / (1 + exp(-Z)), as 1/2 + 1/2 tanh(Z/2): the same number, and nothing overflows."""
    out = np.tanh(np.multiply(0.5, Z, out=out), out=out)
    return np.add(0.5, np.multiply(0.5, out, out=out), out=out)


def relu(Z: Array, out: Array | None = None) -> Array:
    """max(0, Z). An array of zeros, because NumPy is three times slower with a single 0."""
    out = np.empty_like(Z) if out is None else out
    out.fill(0)
    return np.maximum(Z, out, out=out)


def relu_slope(Z: Array, A: Array, out: Array) -> Array:
    """1 where A > 0 and else 0, by what NumPy is quicker at: small arrays, large ones."""
    return np.sign(A, out=out) if A.size < SMALL else np.greater(A, ZERO, out=out)


# fmt: off
ACTIVATIONS: dict[str, Activation] = {
    "relu": Activation(relu, relu_slope),
    "leaky_relu": Activation(
        lambda Z, out: np.maximum(Z, np.multiply(0.01, Z, out=out), out=out),
        lambda Z, A, out: np.maximum(np.greater(A, ZERO, out=out), 0.01, out=out)),
    "tanh": Activation(
        lambda Z, out: np.tanh(Z, out=out),
        lambda Z, A, out: np.subtract(1, np.square(A, out=out), out=out)),
    "sigmoid": Activation(
        sigmoid,
        lambda Z, A, out: np.multiply(A, np.subtract(1, A, out=out), out=out)),
}
# fmt: on
