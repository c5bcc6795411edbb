"""How the parameters start: b[l] = 0 and W[l] = scale * standard normal numbers.

The numbers are drawn in float64 and then rounded, so a float32 and a float64 training start at the
same point.
"""

import math
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from dnnsearch.nn.arithmetic import FAST, Arithmetic
from dnnsearch.nn.parameters import NO_EXTRA, Array, Parameters, Shapes
from dnnsearch.nn.scaling import SCALES

Scale = Callable[[int, int], float]

# name -> the standard deviation of W[l], from n[l-1] and n[l]; a config may name these
INITIALIZATIONS: dict[str, Scale] = {
    "small": lambda n_prev, n: 0.01,
    "inverse_sqrt": lambda n_prev, n: math.sqrt(1 / n_prev),
    "he": lambda n_prev, n: math.sqrt(2 / n_prev),  # He et al. 2015, equation 10
    "xavier": lambda n_prev, n: math.sqrt(2 / (n_prev + n)),  # Glorot and Bengio 2010, equation 12
}
# Two that train badly, to show why: `initialize` takes them, a config does not.
BAD_INITIALIZATIONS: dict[str, Scale] = {
    "zeros": lambda n_prev, n: 0.0,
    "too_large": lambda n_prev, n: 10.0,
}


Normal = Callable[[tuple[int, ...]], Array]  # shape -> standard normal numbers


def _embedding(normal: Normal, name: str, shapes: Shapes) -> Array:
    """Return E or c: normal numbers with variance 1/(K+1), so that different units have a kink at
    different values of a number."""
    return normal(shapes[name]) / math.sqrt(shapes["E"][-1])


# The arrays of Parameters.extra, from what draws normal numbers and the shapes of all of them.
EXTRA: dict[str, Callable[[Normal, Shapes], Array]] = {
    "E": lambda normal, shapes: _embedding(normal, "E", shapes),
    "c": lambda normal, shapes: _embedding(normal, "c", shapes),
    SCALES: lambda normal, shapes: np.ones(shapes[SCALES]),  # they change nothing at first
}


def initialize(
    layer_sizes: Sequence[int],
    rngs: Sequence[np.random.Generator] | np.random.Generator,
    method: str = "he",
    dtype: Any = np.float32,
    extra: Shapes = NO_EXTRA,
    arithmetic: Arithmetic = FAST,
) -> Parameters:
    """Return parameters for the layer sizes n[0], ..., n[L], drawn layer by layer.

    The arrays of `extra` are drawn after the layers, each by its rule in EXTRA.
    A sequence of R generators gives R replicates, each drawn from its own generator, and W[l] is
    (R, n[l], n[l-1]). A single generator gives one network without that axis.
    Raise KeyError if `method` is neither in INITIALIZATIONS nor in BAD_INITIALIZATIONS.
    """
    if isinstance(rngs, np.random.Generator):
        flat = initialize(layer_sizes, [rngs], method, dtype, extra, arithmetic).flat[0]
        return Parameters.from_flat(layer_sizes, flat, extra)
    scale = {**INITIALIZATIONS, **BAD_INITIALIZATIONS}[method]
    parameters = Parameters(layer_sizes, (len(rngs),), dtype, extra)
    for replicate, rng in enumerate(rngs):
        normal = partial(arithmetic.standard_normal, rng)
        for l, (n_prev, n) in enumerate(pairwise(parameters.layer_sizes), start=1):
            parameters.W[l][replicate] = scale(n_prev, n) * normal((n, n_prev))
        for name, array in parameters.extra.items():
            array[replicate] = EXTRA[name](normal, parameters.extra_shapes)
    return parameters
