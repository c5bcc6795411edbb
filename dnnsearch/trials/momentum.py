"""The course's update: gradient descent with momentum at a constant rate, which is the fastest.

`updates` has all others. Both update in place, block by block, so that a block stays in the
processor's cache. They do not know the data.
"""

from typing import Any

import numpy as np

from dnnsearch.nn import Network
from dnnsearch.nn.batch_block import Batch
from dnnsearch.nn.memory import aligned_zeros
from dnnsearch.nn.parameters import Array

BLOCK = 2**15  # numbers that are updated at a time, so that they stay in the processor's cache


class Factors:
    """What scales dZ[L]: a rate divided by m, times the weights of the examples."""

    def __init__(self, rate: float, class_weights: Array | None, dtype: np.dtype[Any]) -> None:
        self.rate, self.class_weights, self.dtype = rate, class_weights, dtype
        self.by_size: dict[int, Array] = {}

    def of(self, batch: Batch) -> Array:
        """Return the factor, () or (..., 1, m)."""
        m = batch.size
        if m not in self.by_size:
            self.by_size[m] = np.array(self.rate / m, self.dtype)
        if self.class_weights is None:
            return self.by_size[m]
        return self.by_size[m] * example_weights(self.class_weights, batch.Y)


def example_weights(class_weights: Array, Y: Array) -> Array:
    """Return the weight of each column of Y (..., n[L], b): that of its class, (..., 1, b)."""
    if Y.shape[-2] == 1:
        weights: Array = class_weights[0] + (class_weights[1] - class_weights[0]) * Y
        return weights
    return np.add.reduce(class_weights[:, np.newaxis] * Y, axis=-2, keepdims=True)


class Momentum:
    """Gradient descent with momentum at a constant rate; `descent.momentum` has the formula.

    Here v stands for alpha v, and the backward pass delivers alpha (1 - beta) dW.
    """

    FLUSH_EVERY = 64  # updates

    def __init__(
        self,
        network: Network,
        alpha: float,
        beta: float,
        class_weights: Array | None = None,
    ) -> None:
        W, dW = network.parameters.flat.reshape(-1), network.gradient.flat.reshape(-1)
        v = aligned_zeros(W.shape, W.dtype)
        blocks = [slice(start, start + BLOCK) for start in range(0, W.size, BLOCK)]
        self.blocks = [(W[block], v[block], dW[block]) for block in blocks]
        self.beta = np.array(beta, W.dtype)
        self.factor = Factors(alpha * (1 - beta), class_weights, W.dtype).of
        self.updates = 0

    def update(self) -> None:
        """Update W and v in place."""
        beta = self.beta
        for W, v, dW in self.blocks:
            np.multiply(v, beta, out=v)
            np.add(v, dW, out=v)
            np.subtract(W, v, out=W)
        self.updates += 1
        if self.updates % self.FLUSH_EVERY == 0:
            self.flush_denormals()

    def flush_denormals(self) -> None:
        """Set denormal velocities to 0 that no longer move their parameter, dW being 0.

        The velocity of a dead unit decays to denormal numbers and stays there. On some processors
        arithmetic with those is up to 30 times slower. No bit of a parameter changes: W - v is W
        already, and when dW is no longer 0, beta v + dW is dW (if |dW| is above 1e-30, in float64
        1e-291).
        """
        tiny = np.finfo(self.beta.dtype).tiny
        for W, v, dW in self.blocks:
            denormal = (np.abs(v) < tiny) & (v != 0)
            if denormal.any():
                v[denormal & (dW == 0) & (W - v == W)] = 0

    def pause(self) -> None:
        """Do nothing: the same parameters are trained and evaluated."""

    def resume(self) -> None:
        """Do nothing."""
