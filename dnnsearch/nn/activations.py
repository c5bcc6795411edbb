"""The activation functions of the hidden layers, A = g(Z), and their slopes g'(Z).

Each function returns an array. If the caller passes `out`, that array is written and returned, as
with NumPy's own functions. A new activation is one line in the table of `activations`, and the
gradient check then covers it. What needs tanh gets it from the arithmetic of the training.
"""

import math
from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np

from dnnsearch.nn.arithmetic import FAST, Arithmetic
from dnnsearch.nn.parameters import Array

MAX_SIZE_FOR_SIGN = 4096  # numbers up to which np.sign is faster than np.greater
MIN_SIZE_FOR_ZEROS = 1024  # numbers; below, filling an array with zeros takes longer
GELU_C, GELU_CUBE = math.sqrt(2 / math.pi), 0.044715


Function = Callable[..., Array]  # (x, out=None)


class Activation(NamedTuple):
    """A = g(Z) and its derivative g'(Z), computed from Z or A, whichever is cheaper.

    If `keeps` is not 0, a pass may give both functions so many more arrays in the shape of Z. The
    first one writes there what the other would have to compute again.
    """

    function: Callable[..., Array]  # (Z, out, *kept) -> A; None for out makes a new array
    slope: Callable[..., Array]  # (Z, A, out, *kept) -> g'(Z)
    keeps: int = 0  # arrays


def sigmoid(Z: Array, out: Array | None = None, tanh: Function = np.tanh) -> Array:
    """Return 1 / (1 + exp(-Z)), in the shape and dtype of Z, computed as 1/2 + 1/2 tanh(Z/2).

    Nothing overflows. In float32 the absolute error is below 1e-7, so an output near 0 has few
    correct digits: at Z = -17 it is 44 % too large, and from Z = -20 on it is 0. Training does not
    suffer, because gradients need A - Y and costs are computed from Z. `predict` applies the
    sigmoid in float64, where the same happens from Z = -37 on.
    """
    half = constants(Z.dtype).half
    out = tanh(np.multiply(half, Z, out=out), out=out)
    return np.add(half, np.multiply(half, out, out=out), out=out)


def relu(Z: Array, out: Array | None = None) -> Array:
    """Return max(0, Z), in the shape and dtype of Z.

    A large array is compared with one of zeros: with a single 0, NumPy takes up to three times as
    long on some processors. Both give the same bits.
    """
    if out is None or out is Z or Z.size < MIN_SIZE_FOR_ZEROS:
        return np.maximum(Z, constants(Z.dtype).zero, out=out)
    out.fill(0)
    return np.maximum(Z, out, out=out)


def relu_slope(Z: Array, A: Array, out: Array) -> Array:
    """Return 1 where A > 0 and 0 elsewhere; small and large arrays take NumPy's faster way."""
    if A.size < MAX_SIZE_FOR_SIGN:
        return np.sign(A, out=out)
    return np.greater(A, constants(A.dtype).zero, out=out)


def silu(
    Z: Array, out: Array | None = None, S: Array | None = None, tanh: Function = np.tanh
) -> Array:
    """Return Z S, in the shape and dtype of Z, where S = sigmoid(Z).

    Elfwing et al. 2018, equation 4. S is kept in the array of that name, if there is one.
    """
    A = sigmoid(Z, out if S is None else S, tanh)
    return np.multiply(Z, A, out=A if S is None else out)


def silu_slope(
    Z: Array, A: Array, out: Array, S: Array | None = None, tanh: Function = np.tanh
) -> Array:
    """Return S (1 + Z - A), the derivative of A = Z S; S is what `silu` kept."""
    S = sigmoid(Z, None, tanh) if S is None else S
    np.add(constants(Z.dtype).one, np.subtract(Z, A, out=out), out=out)
    return np.multiply(S, out, out=out)


def gelu(
    Z: Array,
    out: Array | None = None,
    T: Array | None = None,
    clipped: Array | None = None,
    rest: Array | None = None,
    tanh: Function = np.tanh,
) -> Array:
    """Return Z/2 (1 + T), in the shape and dtype of Z, where T = tanh(c (Z + 0.044715 Z^3)).

    This is the tanh form (Hendrycks and Gimpel 2016, section 2); c = sqrt(2 / pi). It is computed
    as tanh(c Z (1 + 0.044715 Z^2)) with Z^2 of at most 100, so that nothing overflows; beyond, tanh
    is 1 or -1 to all digits. T and the Z that was clipped for it are kept in the arrays of these
    names, if there are any; `rest` is for the slope.
    """
    by = constants(Z.dtype)
    clipped = Z.clip(by.minus_ten, by.ten, out=clipped)
    out = np.square(clipped, out=out)
    inner = np.multiply(Z, scaled_sum(out, by.cube, by, out), out=out)
    T = tanh(inner, out=out if T is None else T)
    A = np.multiply(by.half, np.add(by.one, T, out=out), out=out)
    return np.multiply(Z, A, out=out)


def gelu_slope(
    Z: Array,
    A: Array,
    out: Array,
    T: Array | None = None,
    clipped: Array | None = None,
    rest: Array | None = None,
    tanh: Function = np.tanh,
) -> Array:
    """Return (1 + T)/2 (1 + (1 - T) Z U), where U = c (1 + 3 * 0.044715 Z^2) is the inner slope.

    T and the clipped Z are what `gelu` kept, `rest` is overwritten. Beyond 10 the slope is 0 or 1
    to all digits.
    """
    by = constants(Z.dtype)
    if T is None or clipped is None:
        T, clipped = np.empty_like(Z), np.empty_like(Z)
        gelu(Z, None, T, clipped, tanh=tanh)
    U = scaled_sum(np.square(clipped, out=out), by.three_cubes, by, out)
    rest = np.subtract(by.one, T, out=rest)
    np.multiply(np.multiply(rest, clipped, out=rest), U, out=rest)
    np.multiply(by.half, np.add(by.one, T, out=out), out=out)
    return np.multiply(out, np.add(by.one, rest, out=rest), out=out)


def scaled_sum(square: Array, factor: Array, by: "Constants", out: Array) -> Array:
    """Return c (1 + factor Z^2), given Z^2."""
    np.add(by.one, np.multiply(factor, square, out=out), out=out)
    return np.multiply(by.c, out, out=out)


class Constants(NamedTuple):
    """Numbers as arrays, because NumPy would convert plain ones at every call."""

    zero: Array
    half: Array
    one: Array
    ten: Array
    minus_ten: Array
    c: Array
    cube: Array
    three_cubes: Array


@cache
def constants(dtype: np.dtype[Any]) -> Constants:
    """Return the constants of the activations."""
    numbers = (0, 0.5, 1, 10, -10, GELU_C, GELU_CUBE, 3 * GELU_CUBE)
    return Constants(*(np.array(number, dtype) for number in numbers))


@cache
def activations(arithmetic: Arithmetic) -> dict[str, Activation]:
    """Return the activations by name."""
    tanh = arithmetic.tanh
    # fmt: off
    return {
        "relu": Activation(relu, relu_slope),
        "leaky_relu": Activation(
            lambda Z, out: np.maximum(Z, np.multiply(0.01, Z, out=out), out=out),
            lambda Z, A, out: np.maximum(np.greater(A, 0, out=out), 0.01, out=out)),
        "tanh": Activation(
            lambda Z, out: tanh(Z, out=out),
            lambda Z, A, out: np.subtract(1, np.square(A, out=out), out=out)),
        "sigmoid": Activation(
            partial(sigmoid, tanh=tanh),
            lambda Z, A, out: np.multiply(A, np.subtract(1, A, out=out), out=out)),
        "silu": Activation(partial(silu, tanh=tanh), partial(silu_slope, tanh=tanh), keeps=1),
        "gelu": Activation(partial(gelu, tanh=tanh), partial(gelu_slope, tanh=tanh), keeps=3),
    }
    # fmt: on


ACTIVATIONS = activations(FAST)

# A = Z. It is the activation of a regression's output, and no choice for a hidden layer: layers
# without a nonlinear activation are together one linear layer.
IDENTITY = Activation(
    lambda Z, out: np.positive(Z, out=out),
    lambda Z, A, out: np.ones_like(Z),
)
