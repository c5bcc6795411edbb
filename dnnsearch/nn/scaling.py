"""The scaling layer: one learnt factor for each input, in front of layer 1.

    S = s * A[0]    Z[1] = W[1] S + b[1] = (W[1] s.T) A[0] + b[1]

So it is layer 1 with the weights W[1] s.T, where column j of W[1] is multiplied by s[j], and the
examples need not be touched. Its gradient follows from D, that of these weights:

    dW[1] = D s.T       ds[j] = (sum of W[1] * D over the units)[j]

An input that does not help is scaled down (Holzmueller et al. 2024, RealMLP).
"""

import numpy as np

from dnnsearch.nn.arithmetic import FAST, Arithmetic, matmul_for
from dnnsearch.nn.memory import aligned_empty
from dnnsearch.nn.parameters import Array, Parameters

SCALES = "s"  # its name among `Parameters.extra`


class Scaling:
    """The scaling layer of a network; its arrays are allocated once."""

    def __init__(
        self, parameters: Parameters, gradient: Parameters, arithmetic: Arithmetic = FAST
    ) -> None:
        self.summands = arithmetic.summands
        self.W, self.dW = parameters.W[1], gradient.W[1]
        self.s, self.ds = parameters.extra[SCALES].mT, gradient.extra[SCALES].mT  # (..., 1, n[0])
        self.scaled = aligned_empty(self.W.shape, self.W.dtype)
        self.ones = np.ones((1, self.W.shape[-2]), self.W.dtype)
        self.matmul = matmul_for(self.W)

    def forward(self) -> Array:
        """Return W[1] s.T, (..., n[1], n[0]), by which layer 1 multiplies the inputs."""
        np.multiply(self.W, self.s, out=self.scaled)
        return self.scaled

    def backward(self) -> None:
        """Write ds, and turn dW[1] from the derivative by the scaled weights into that by W[1]."""
        by_weight = np.multiply(self.W, self.dW, out=self.scaled)
        self.matmul(self.ones, self.summands(by_weight, -2), out=self.ds)  # a sum over the units
        np.multiply(self.dW, self.s, out=self.dW)


def without_scaling(parameters: Parameters) -> Parameters:
    """Return parameters of the same network without a scaling layer: W[1] s.T for W[1]."""
    if SCALES not in parameters.extra:
        return parameters
    sizes, dtype = parameters.layer_sizes, parameters.flat.dtype
    others = {name: one for name, one in parameters.extra_shapes.items() if name != SCALES}
    plain = Parameters(sizes, parameters.replicates, dtype, others)
    for name, array in plain.views().items():
        array[...] = parameters.views()[name]
    plain.W[1] *= parameters.extra[SCALES].mT
    return plain
