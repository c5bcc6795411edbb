"""The activation functions of the hidden layers, A = g(Z), and their slopes g'(Z).

Each function returns an array. If the caller passes `out`, that array is written and returned, as
with NumPy's own functions. A new activation is one line in the table of `activations`, and the
gradient check then covers it. What needs tanh gets it from the arithmetic of the training.
"""

import math
from collections.abc import Callable
from functools import cache, partial
from typing import NamedTuple

import numpy as np

from dnnsearch.nn.arithmetic import FAST, Arithmetic
from dnnsearch.nn.parameters import Array

MAX_SIZE_FOR_SIGN = 4096  # numbers up to which np.sign is faster than np.greater
GELU_C, GELU_CUBE = math.sqrt(2 / math.pi), 0.044715
FLOAT32_ZERO = np.zeros((), np.float32)  # NumPy would convert a plain 0 at every call


Function = Callable[..., Array]  # (x, out=None)


class Activation(NamedTuple):
    """A = g(Z) and its derivative g'(Z), computed from Z or A, whichever is cheaper."""

    function: Callable[[Array, Array | None], Array]  # (Z, out) -> A; None makes a new array
    slope: Callable[[Array, Array, Array], Array]  # (Z, A, out) -> g'(Z)


def sigmoid(Z: Array, out: Array | None = None, tanh: Function = np.tanh) -> Array:
    """Return 1 / (1 + exp(-Z)), in the shape and dtype of Z, computed as 1/2 + 1/2 tanh(Z/2).

    Nothing overflows. In float32 the absolute error is below 1e-7, so an output near 0 has few
    correct digits: at Z = -17 it is 44 % too large, and from Z = -20 on it is 0. Training does not
    suffer, because gradients need A - Y and costs are computed from Z. `predict` applies the
    sigmoid in float64, where the same happens from Z = -37 on.
    """
    out = tanh(np.multiply(0.5, Z, out=out), out=out)
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


def silu(Z: Array, out: Array | None = None, tanh: Function = np.tanh) -> Array:
    """Return Z sigmoid(Z), in the shape and dtype of Z (Elfwing et al. 2018, equation 4)."""
    A = sigmoid(Z, out, tanh)
    return np.multiply(Z, A, out=A)


def silu_slope(Z: Array, A: Array, out: Array, tanh: Function = np.tanh) -> Array:
    """Return sigmoid(Z) (1 + Z - A), the derivative of A = Z sigmoid(Z)."""
    rest = np.subtract(Z, A)
    np.add(1, rest, out=rest)
    return np.multiply(sigmoid(Z, out, tanh), rest, out=out)


def gelu(Z: Array, out: Array | None = None, tanh: Function = np.tanh) -> Array:
    """Return Z/2 (1 + T), in the shape and dtype of Z, where T = tanh(c (Z + 0.044715 Z^3)).

    This is the tanh form (Hendrycks and Gimpel 2016, section 2); c = sqrt(2 / pi).
    """
    T = gelu_tanh(Z, out, tanh)
    A = np.multiply(0.5, np.add(1, T, out=T), out=T)
    return np.multiply(Z, A, out=A)


def gelu_slope(Z: Array, A: Array, out: Array, tanh: Function = np.tanh) -> Array:
    """Return (1 + T)/2 (1 + (1 - T) Z U), where U = c (1 + 3 * 0.044715 Z^2) is the inner slope.

    Beyond 10 it is 0 or 1 to all digits; larger numbers would overflow.
    """
    Z = Z.clip(-10, 10)
    square = np.square(Z)
    T = gelu_tanh_of(Z, square, out, tanh)
    U = scaled_sum(square, 3 * GELU_CUBE, out=square)
    rest = np.subtract(1, T)
    np.multiply(np.multiply(rest, Z, out=rest), U, out=rest)
    np.multiply(0.5, np.add(1, T, out=out), out=out)
    return np.multiply(out, np.add(1, rest, out=rest), out=out)


def gelu_tanh(Z: Array, out: Array | None, tanh: Function = np.tanh) -> Array:
    """Return tanh(c (Z + 0.044715 Z^3)) = tanh(c Z (1 + 0.044715 Z^2)).

    Z^2 is at most 100, so nothing overflows; beyond, tanh is 1 or -1 to all digits.
    """
    out = Z.clip(-10, 10, out=out)
    return gelu_tanh_of(Z, np.square(out, out=out), out, tanh)


def gelu_tanh_of(Z: Array, square: Array, out: Array, tanh: Function) -> Array:
    """Return `gelu_tanh` in `out`, given the square of Z, whose size is at most 10 there."""
    inner = np.multiply(Z, scaled_sum(square, GELU_CUBE, out), out=out)
    return tanh(inner, out=out)


def scaled_sum(square: Array, factor: float, out: Array) -> Array:
    """Return c (1 + factor Z^2), given Z^2."""
    np.add(1, np.multiply(factor, square, out=out), out=out)
    return np.multiply(GELU_C, out, out=out)


@cache
def activations(arithmetic: Arithmetic) -> dict[str, Activation]:
    """Return the activations by name."""
    tanh = arithmetic.tanh
    # fmt: off
    return {
        "relu": Activation(relu, relu_slope),
        "leaky_relu": Activation(
            lambda Z, out: np.maximum(Z, np.multiply(0.01, Z, out=out), out=out),
            lambda Z, A, out: np.maximum(np.greater(A, FLOAT32_ZERO, out=out), 0.01, out=out)),
        "tanh": Activation(
            lambda Z, out: tanh(Z, out=out),
            lambda Z, A, out: np.subtract(1, np.square(A, out=out), out=out)),
        "sigmoid": Activation(
            partial(sigmoid, tanh=tanh),
            lambda Z, A, out: np.multiply(A, np.subtract(1, A, out=out), out=out)),
        "silu": Activation(partial(silu, tanh=tanh), partial(silu_slope, tanh=tanh)),
        "gelu": Activation(partial(gelu, tanh=tanh), partial(gelu_slope, tanh=tanh)),
    }
    # fmt: on


ACTIVATIONS = activations(FAST)

# A = Z. It is the activation of a regression's output, and no choice for a hidden layer: layers
# without a nonlinear activation are together one linear layer.
IDENTITY = Activation(
    lambda Z, out: np.positive(Z, out=out),
    lambda Z, A, out: np.ones_like(Z),
)
