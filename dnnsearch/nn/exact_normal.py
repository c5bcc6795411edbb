"""Normal numbers and quantiles with the same bits on every machine.

A uniform number is made of 52 bits of the generator, and its normal quantile by the algorithm
PPND16 (Wichura 1988, AS 241), which is right to 16 digits and needs a logarithm in the tails alone.
"""

import numpy as np

from dnnsearch.nn.exact_functions import log
from dnnsearch.nn.parameters import Array

BITS = 52
CENTER, NEAR_TAIL = 0.425, 5.0  # |p - 1/2| and sqrt(-log p) up to which a rational function holds

Coefficients = tuple[float, ...]  # the one of the highest power first
CENTRAL: tuple[Coefficients, Coefficients] = (
    (
        2.5090809287301226727e3,
        3.3430575583588128105e4,
        6.7265770927008700853e4,
        4.5921953931549871457e4,
        1.3731693765509461125e4,
        1.9715909503065514427e3,
        1.3314166789178437745e2,
        3.3871328727963666080e0,
    ),
    (
        5.2264952788528545610e3,
        2.8729085735721942674e4,
        3.9307895800092710610e4,
        2.1213794301586595867e4,
        5.3941960214247511077e3,
        6.8718700749205790830e2,
        4.2313330701600911252e1,
        1.0,
    ),
)
NEAR: tuple[Coefficients, Coefficients] = (
    (
        7.74545014278341407640e-4,
        2.27238449892691845833e-2,
        2.41780725177450611770e-1,
        1.27045825245236838258e0,
        3.64784832476320460504e0,
        5.76949722146069140550e0,
        4.63033784615654529590e0,
        1.42343711074968357734e0,
    ),
    (
        1.05075007164441684324e-9,
        5.47593808499534494600e-4,
        1.51986665636164571966e-2,
        1.48103976427480074590e-1,
        6.89767334985100004550e-1,
        1.67638483018380384940e0,
        2.05319162663775882187e0,
        1.0,
    ),
)
FAR: tuple[Coefficients, Coefficients] = (
    (
        2.01033439929228813265e-7,
        2.71155556874348757815e-5,
        1.24266094738807843860e-3,
        2.65321895265761230930e-2,
        2.96560571828504891230e-1,
        1.78482653991729133580e0,
        5.46378491116411436990e0,
        6.65790464350110377720e0,
    ),
    (
        2.04426310338993978564e-15,
        1.42151175831644588870e-7,
        1.84631831751005468180e-5,
        7.86869131145613259100e-4,
        1.48753612908506148525e-2,
        1.36929880922735805310e-1,
        5.99832206555887937690e-1,
        1.0,
    ),
)


def standard_normal(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Return standard normal numbers."""
    raw = np.asarray(rng.bit_generator.random_raw(int(np.prod(shape, dtype=np.int64))), np.uint64)
    whole = (raw >> np.uint64(64 - BITS)).astype(np.float64)
    return normal_quantile((whole + 0.5) * 2.0**-BITS).reshape(shape)


def normal_quantile(p: Array) -> Array:
    """Return the normal quantile of probabilities: infinite for 0 and 1."""
    p = np.asarray(p, np.float64)
    q = p - 0.5
    central = q * _rational(CENTRAL, CENTER**2 - q * q)
    r = np.sqrt(-log(np.minimum(p, 1.0 - p)))
    tail = np.where(r <= NEAR_TAIL, _rational(NEAR, r - 1.6), _rational(FAR, r - NEAR_TAIL))
    tail = np.where(np.abs(q) < 0.5, tail, np.inf)
    return np.asarray(np.where(np.abs(q) <= CENTER, central, np.copysign(tail, q)))


def _rational(coefficients: tuple[Coefficients, Coefficients], x: Array) -> Array:
    above, below = (_polynomial(part, x) for part in coefficients)
    return np.asarray(above / below)


def _polynomial(coefficients: Coefficients, x: Array) -> Array:
    value = np.full_like(x, coefficients[0])
    for coefficient in coefficients[1:]:
        value = value * x
        value = value + coefficient
    return value
