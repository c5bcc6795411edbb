"""Exp, log, tanh, cosine, powers and normal numbers with the same bits on every machine.

They are made of additions, multiplications, divisions and square roots of float64, which IEEE 754
rounds alike everywhere, and of exact steps (rounding to an integer, scaling by a power of two).
NumPy and Python round the result of each, so that no compiler fuses two of them. Constants and
tables come from `decimal`, which rounds correctly.

Errors are at most a few units in the last place. Arrays are float64.
"""

import math
from collections.abc import Sequence
from decimal import Decimal, localcontext
from functools import cache
from typing import Any

import numpy as np

from dnnsearch.nn.parameters import Array

STEPS = 256  # of the table of exp, for each factor of two
LARGEST = 700.0  # |x| of exp: below -700 it stays at exp(-700), and numbers above are not allowed
LARGEST_OF_TANH = np.array(20.0)  # where it is 1 to all digits; NumPy is twice as fast with arrays
DIGITS = 40  # of the constants, before they are rounded to float64
LN2 = Decimal("0.6931471805599453094172321214581765680755")
HALF_PI = Decimal("1.570796326794896619231321691639751442099")


def _parts(exact: Decimal, bits: int) -> tuple[float, float]:
    """Return a number as the sum of two floats, of which the first has few bits.

    So its product with a whole number below 2^(53 - bits) is exact.
    """
    with localcontext() as context:
        context.prec = DIGITS
        mantissa, exponent = math.frexp(float(exact))
        first = math.ldexp(float(round(math.ldexp(mantissa, bits))), exponent - bits)
        return first, float(exact - Decimal(first))


def _ratio(a: Decimal | int, b: Decimal | int) -> Decimal:
    with localcontext() as context:
        context.prec = DIGITS
        return Decimal(a) / Decimal(b)


STEP, STEP_REST = map(np.array, _parts(_ratio(LN2, STEPS), 33))
PER_STEP = np.array(float(_ratio(STEPS, LN2)))
LOG_2, LOG_2_REST = _parts(LN2, 40)
QUARTER, QUARTER_REST = _parts(HALF_PI, 40)  # of a turn
FIRST_STEP = np.array(math.floor(-LARGEST * PER_STEP.item()) - 1)
EXP_SERIES = tuple(map(np.array, (1 / 24, 1 / 6, 0.5, 1.0)))
ONE, TWO, LEAST = np.array(1.0), np.array(2.0), np.array(-LARGEST)


@cache
def _exp_table() -> Array:
    """Return 2^(k / STEPS) for all k that occur."""
    with localcontext() as context:
        context.prec = DIGITS
        one = np.array([float((LN2 * j / STEPS).exp()) for j in range(STEPS)])
    k = np.arange(FIRST_STEP.item(), -FIRST_STEP.item() + 1)
    return np.asarray(np.ldexp(one[k % STEPS], k // STEPS))


def _reduced(x: Array) -> tuple[Array, Array]:
    """Return T = 2^(k / STEPS) and T p, where exp(x) = T (1 + p); x is at most LARGEST.

    With r = x - k log(2) / STEPS, |r| < 0.0014, p is r + r^2/2 + r^3/6 + r^4/24.
    """
    k = np.multiply(x, PER_STEP)
    np.rint(k, out=k)
    place = k.astype(np.int64)
    np.subtract(place, FIRST_STEP, out=place)
    T = _exp_table().take(place, mode="clip")  # a NaN has no place
    part = np.multiply(k, STEP)
    r = np.subtract(x, part, out=part)
    np.multiply(k, STEP_REST, out=k)
    np.subtract(r, k, out=r)
    p = np.multiply(r, EXP_SERIES[0], out=k)
    for coefficient in EXP_SERIES[1:]:
        np.add(p, coefficient, out=p)
        np.multiply(p, r, out=p)
    np.multiply(p, T, out=p)
    return T, p


def exp(x: Array, out: Array | None = None) -> Array:
    """Return exp(x), for x up to 700."""
    T, p = _reduced(np.maximum(x, LEAST))
    return np.add(T, p, out=out)


def tanh(x: Array, out: Array | None = None) -> Array:
    """Return tanh(x) = t / (t + 2), where t = exp(2 x) - 1, for |x|, with the sign of x."""
    size = np.abs(x)
    np.minimum(size, LARGEST_OF_TANH, out=size)
    np.add(size, size, out=size)
    T, t = _reduced(size)
    np.subtract(T, ONE, out=T)
    np.add(t, T, out=t)
    np.add(t, TWO, out=size)
    np.divide(t, size, out=t)
    return np.copysign(t, x, out=out)


LOG_STEPS = 128  # of the table of log, from 1 to 2
LOG_SERIES = tuple((-1) ** (n + 1) / n for n in range(8, 1, -1))  # of log(1 + r), from r^8 down


@cache
def _log_table() -> tuple[Array, Array]:
    """Return c = j / LOG_STEPS and log(c), for all j that occur; c = 1 for the others."""
    j = np.arange(2 * LOG_STEPS)
    c = np.maximum(j, LOG_STEPS // 2) / LOG_STEPS
    with localcontext() as context:
        context.prec = DIGITS
        return c, np.array([float(Decimal(value).ln()) for value in c.tolist()])


def log(x: Array) -> Array:
    """Return log(x) of positive numbers: x = m 2^e, m = c (1 + r), with c from a table."""
    m, e = np.frexp(x)
    small = m < 0.75
    m = np.where(small, m + m, m)
    e = e - small
    j = np.rint(m * LOG_STEPS).astype(np.int64)
    c, log_c = (np.take(table, j, mode="clip") for table in _log_table())
    r = m - c
    r = r / c
    series = np.full_like(r, LOG_SERIES[0])
    for coefficient in (*LOG_SERIES[1:], 1.0):
        series = series * r
        series = series + coefficient
    series = series * r
    rest = e * LOG_2_REST
    rest = rest + series
    rest = rest + log_c
    high = e * LOG_2
    return np.asarray(high + rest)


def softplus(Z: Array) -> Array:
    """Return log(1 + exp(Z)) = max(Z, 0) + log(1 + u), where u = exp(-|Z|)."""
    u = exp(-np.abs(Z))
    w = 1.0 + u
    lost = u - (w - 1.0)  # by the rounding of w
    lost = lost / w
    log_w = log(w)
    log_w = log_w + lost
    return np.asarray(np.maximum(Z, 0.0) + log_w)


def power(x: Any, exponent: float) -> Any:
    """Return x ** exponent of a positive number, or of an array of them."""
    if isinstance(x, np.ndarray):
        return np.array([power(value, exponent) for value in x.ravel().tolist()]).reshape(x.shape)
    if exponent == 0.5:
        return math.sqrt(x)
    if float(exponent).is_integer() and exponent >= 0:
        return _whole_power(float(x), int(exponent))
    return float(exp(exponent * log(np.array([x], np.float64)))[0])


def _whole_power(x: float, n: int) -> float:
    """Return x^n by repeated squaring."""
    result = 1.0
    while n:
        if n & 1:
            result = result * x
        x = x * x
        n >>= 1
    return result


COS_SERIES = tuple((-1) ** n / math.factorial(2 * n) for n in range(9, -1, -1))  # in r^2
SIN_SERIES = tuple((-1) ** n / math.factorial(2 * n + 1) for n in range(9, -1, -1))  # times r


def cos(x: float) -> float:
    """Return the cosine, for |x| up to a few hundred."""
    quarters = round(x / QUARTER)
    r = x - quarters * QUARTER
    r = r - quarters * QUARTER_REST
    square = r * r
    if quarters % 2:
        value = _horner(SIN_SERIES, square)
        value = value * r
        return -value if quarters % 4 == 1 else value
    value = _horner(COS_SERIES, square)
    return value if quarters % 4 == 0 else -value


def _horner(coefficients: Sequence[float], x: float) -> float:
    """Return the polynomial of x with these coefficients, the one of the highest power first."""
    value = coefficients[0]
    for coefficient in coefficients[1:]:
        value = value * x
        value = value + coefficient
    return value


def log2(x: float) -> float:
    """Return the logarithm to base 2 of a positive number."""
    return float(log(np.array([x]))[0]) / float(LN2)


def interp(x: Array, xp: Array, fp: Array) -> Array:
    """Return the values at x of the line through the points (xp, fp), as np.interp does.

    xp rises. Left of the first and right of the last point, the value is that point's.
    """
    i = np.clip(np.searchsorted(xp, x, side="right") - 1, 0, max(len(xp) - 2, 0))
    width = xp[np.minimum(i + 1, len(xp) - 1)] - xp[i]
    slope = (fp[np.minimum(i + 1, len(fp) - 1)] - fp[i]) / np.where(width > 0, width, 1.0)
    inside = slope * (x - xp[i])
    inside = inside + fp[i]
    return np.asarray(np.where(x >= xp[-1], fp[-1], np.where(x <= xp[0], fp[0], inside)))
