"""The few operations whose last bit depends on the machine, as all of a training uses them.

Sums, products, quotients and square roots of two IEEE floats are the same everywhere. What differs
is the order in which many numbers are added, and how exp, log, tanh, cosine, powers and normal
numbers are computed. A training does that by an `Arithmetic`. FAST is NumPy's and the C library's;
another one computes the same to rounding.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from dnnsearch.nn.parameters import Array


def matmul_for(*factors: Array) -> Callable[..., Array]:
    """Return np.dot for matrices and np.matmul if a factor is a stack of matrices.

    For matrices both give the same bits, and np.dot is half a microsecond faster.
    """
    return np.dot if all(array.ndim == 2 for array in factors) else np.matmul


def as_they_are(x: Array, axis: int) -> Array:
    """Return x."""
    return x


def softplus(Z: Array) -> Array:
    """Return log(1 + exp(Z)), which does not overflow."""
    return np.asarray(np.logaddexp(0, Z))


def bound(x: Array) -> Any:
    """Return the largest |x| of each matrix, (..., 1, 1)."""
    return np.abs(x).max(axis=(-2, -1), keepdims=True)


def squared_norm(x: Array) -> Array:
    """Return the sum of x^2 over the last axis."""
    return np.asarray(np.vecdot(x, x))


def power(x: Any, exponent: float) -> Any:
    """Return x ** exponent, of a number or an array."""
    return x**exponent


def standard_normal(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Return standard normal numbers, float64."""
    return rng.standard_normal(shape)


@dataclass(frozen=True)
class Arithmetic:
    """How a training computes."""

    exp: Callable[..., Array] = np.exp  # (x, out=None), as the next two
    log: Callable[..., Array] = np.log
    tanh: Callable[..., Array] = np.tanh
    softplus: Callable[[Array], Array] = softplus
    power: Callable[[Any, float], Any] = power
    cos: Callable[[float], float] = math.cos
    log2: Callable[[float], float] = math.log2
    standard_normal: Callable[[np.random.Generator, tuple[int, ...]], Array] = standard_normal
    interp: Callable[[Array, Array, Array], Array] = np.interp
    normal_quantile: Callable[[Array], Array] | None = None  # None: SciPy's
    # (x, axis) -> what is to be added along the axis instead of x
    summands: Callable[[Array, int], Array] = as_they_are
    squared_norm: Callable[[Array], Array] = squared_norm
    # factors of the shapes to come -> the function (a, b, out=...) that multiplies matrices
    product_for: Callable[..., Callable[..., Array]] = matmul_for
    # (x, out=None, bound=None) -> what a product takes instead of x; None: x itself
    operand: Callable[..., Array] | None = None
    bound: Callable[[Array], Any] = bound  # of the sizes in each matrix x, for `operand`
    dtype: Any = None  # of all that is computed; None: that of the parameters


FAST = Arithmetic()
