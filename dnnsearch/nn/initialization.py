"""How the parameters begin: b[l] = 0 and W[l] = scale * standard normal numbers.

The numbers are drawn in float64 and then rounded, so a float32 and a float64 training begin at the
same point.
"""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from dnnsearch.nn.parameters import Parameters

Scale = Callable[[int, int], float]

# name -> the standard deviation of W[l], from n[l-1] and n[l]
INITIALIZATIONS: dict[str, Scale] = {
    "small": lambda n_prev, n: 0.01,
    "inverse_sqrt": lambda n_prev, n: math.sqrt(1 / n_prev),
    "he": lambda n_prev, n: math.sqrt(2 / n_prev),  # He et al. 2015, equation 10
    "xavier": lambda n_prev, n: math.sqrt(2 / (n_prev + n)),  # Glorot and Bengio 2010, equation 12
}


def initialize(
    layer_sizes: Sequence[int],
    rngs: Sequence[np.random.Generator],
    method: str = "he",
    dtype: Any = np.float32,
) -> Parameters:
    """Parameters of `len(rngs)` replicates, each drawn from its own generator, layer by layer.

    Raises KeyError when `method` is not in INITIALIZATIONS.
    """
    parameters = Parameters(layer_sizes, (len(rngs),), dtype)
    for replicate, rng in enumerate(rngs):
        for l, (n_prev, n) in enumerate(pairwise(parameters.layer_sizes), start=1):
            normal = rng.standard_normal((n, n_prev))
            parameters.W[l][replicate] = INITIALIZATIONS[method](n_prev, n) * normal
    return parameters
