"""The arithmetic whose bits are the same on every machine, whatever its BLAS, threads and libm.

An order of adding does not matter if every partial sum is exact. So what is multiplied or added is
first rounded to multiples of one power of two, so few of them that float64 holds every sum:

    products    |a|, |b| <= 2^BITS multiples; k of them: 2 BITS + log2 k <= 53, so k <= WIDEST
    sums        |x| <= 2^(52 - log2 n) multiples, for n of them

Rounding is one addition and one subtraction of a large number C, whose last bit is that power of
two. Wider products are cut into pieces, which are added in order. All is computed in float64; BITS
make a product about as precise as float32 does, relative to the largest number of its matrix (Ozaki
et al. 2012, "Error-free transformations of matrix multiplication", has this for full precision).
"""

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from dnnsearch.nn import exact_functions as functions
from dnnsearch.nn.arithmetic import FAST, Arithmetic, matmul_for
from dnnsearch.nn.exact_normal import normal_quantile, standard_normal
from dnnsearch.nn.parameters import Array

MANTISSA = 53  # bits of float64
BITS = 22  # of a number that is multiplied
WIDEST = 2 ** (MANTISSA - 2 * BITS)  # numbers of a row whose products are added
FEW = 4096  # numbers up to which np.argmax is faster than np.max; both find a NaN
LIMIT = 2.0**128  # as in float32, larger numbers count as infinite: a training diverges
SMALLEST = 2.0**-401  # the least bound, so that no product of two operands becomes denormal
EXPONENT = np.array(0x7FF << 52)  # its bits in float64


def bound(x: Array) -> Any:
    """Return the largest |x|: of a matrix as a float, of a stack of them as (..., 1, 1)."""
    if x.ndim == 2:
        if x.size < FEW:
            return max(float(x.item(x.argmax())), -float(x.item(x.argmin())))
        return max(float(np.maximum.reduce(x, None)), -float(np.minimum.reduce(x, None)))
    rows = x.reshape(-1, x.shape[-2] * x.shape[-1])
    if rows.shape[1] < FEW:
        sizes = np.abs(rows)
        places = sizes.argmax(axis=1)
        np.add(places, _row_starts(*sizes.shape), out=places)
        largest = sizes.take(places)
    else:
        largest = np.maximum(np.maximum.reduce(rows, 1), -np.minimum.reduce(rows, 1))
    return largest.reshape(*x.shape[:-2], 1, 1)


@cache
def _row_starts(rows: int, width: int) -> Array:
    return np.asarray(np.arange(0, rows * width, width))


def operand(x: Array, out: Array | None = None, bound: Any = None, bits: int = BITS) -> Array:
    """Return what a product takes instead of x (..., n, m), float64; NaN if it is not below LIMIT.

    `bound` is that of x, or of more than x; each matrix of a stack has its own.
    """
    bound = _bound(x) if bound is None else bound
    C = _shift(bound, bits) if isinstance(bound, float) else _shifts(bound, bits)
    out = np.add(x, C, out=out)  # C is float64
    return np.subtract(out, C, out=out)


_bound = bound


def _shift(bound: float, bits: int) -> Array:
    """Return C for numbers up to this bound: its last bit is 2^(e - bits), where bound < 2^e."""
    if not bound < LIMIT:
        return np.array(math.nan)
    exponent = math.frexp(max(bound, SMALLEST))[1]
    return np.array(math.ldexp(1.5, exponent + MANTISSA - 1 - bits))


def _shifts(bounds: Array, bits: int) -> Array:
    """Return the same of many, by the bits of float64: the exponent, and the first of the mantissa.

    A number that is exactly 2^e counts as below 2^(e + 1), as in `_shift`.
    """
    bounds = np.maximum(bounds, SMALLEST, dtype=np.float64)
    C = np.bitwise_and(bounds.view(np.int64), EXPONENT)
    np.add(C, (MANTISSA - bits << 52) + (1 << 51), out=C)
    if not bounds.max() < LIMIT:
        return np.asarray(np.where(bounds < LIMIT, C.view(np.float64), np.nan))
    return np.asarray(C.view(np.float64))


def product_for(*factors: Array) -> Callable[..., Array]:
    """Return the function (A, B, out) for factors of these dimensions, which are `operand`s."""
    matmul = matmul_for(*factors)

    def product(A: Array, B: Array, out: Array) -> Array:
        if A.shape[-1] <= WIDEST:
            return matmul(A, B, out=out)
        matmul(A[..., :WIDEST], B[..., :WIDEST, :], out=out)
        for start in range(WIDEST, A.shape[-1], WIDEST):
            piece = slice(start, start + WIDEST)
            np.add(out, matmul(A[..., piece], B[..., piece, :]), out=out)
        return out

    return product


def summands(x: Array, axis: int) -> Array:
    """Return what is to be added along the axis instead of x: the sum is exact in any order."""
    n = x.shape[axis]
    if n < 3:  # a + b is b + a
        return x
    largest = np.maximum.reduce(np.abs(x), axis=axis, keepdims=True)
    C = np.ldexp(1.5, np.frexp(largest)[1] + (n - 1).bit_length())
    shifted = np.add(x, C)
    return np.asarray(np.subtract(shifted, C, out=shifted))


def squared_norm(x: Array) -> Array:
    """Return the sum of x^2 over the last axis."""
    return np.asarray(np.add.reduce(summands(np.square(x), -1), axis=-1))


EXACT = Arithmetic(
    exp=functions.exp,
    log=functions.log,
    tanh=functions.tanh,
    softplus=functions.softplus,
    power=functions.power,
    cos=functions.cos,
    log2=functions.log2,
    standard_normal=standard_normal,
    normal_quantile=normal_quantile,
    interp=functions.interp,
    summands=summands,
    squared_norm=squared_norm,
    product_for=product_for,
    operand=operand,
    bound=bound,
    dtype=np.float64,
)


def arithmetic_of(is_exact: bool) -> Arithmetic:
    """Return how a study computes: exactly, or as fast as NumPy can."""
    return EXACT if is_exact else FAST
