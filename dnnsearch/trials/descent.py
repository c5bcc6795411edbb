"""The rules of gradient descent: how an update follows from a gradient.

`DESCENTS` is the table of them. To add a rule, write a class with the two methods of `Descent` and
add one row; `train(..., descent="name")` then uses it. A rule knows the network and its gradient,
not the data and not the number of updates.
"""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from dnnsearch.nn import Network
from dnnsearch.nn.batch_block import Batch
from dnnsearch.nn.parameters import Array


class Descent(Protocol):
    """One update is `factor`, then the network's backward pass, then `update`."""

    def factor(self, batch: Batch) -> Array:
        """Return what the backward pass multiplies dZ[L] of the batch by, so that dW is scaled."""

    def update(self) -> None:
        """Update the parameters in place, after the backward pass has written the gradient."""


def example_weights(class_weights: Array, Y: Array) -> Array:
    """Return the weight of each column of Y (..., n[L], b): that of its class, (..., 1, b)."""
    if Y.shape[-2] == 1:
        weights: Array = class_weights[0] + (class_weights[1] - class_weights[0]) * Y
        return weights
    return np.add.reduce(class_weights[:, np.newaxis] * Y, axis=-2, keepdims=True)


class Momentum:
    """Gradient descent with momentum in the course's convention.

        v = beta v + (1 - beta) dW
        W = W - alpha v

    Other texts have v = beta v + dW: for the same descent, their alpha is (1 - beta) times ours.
    Here v stands for alpha v, and the backward pass delivers alpha (1 - beta) dW.
    """

    BLOCK = 2**15  # numbers that are updated at a time, so that they stay in the processor's cache
    FLUSH_EVERY = 64  # updates

    def __init__(
        self,
        network: Network,
        alpha: float,
        beta: float,
        class_weights: Array | None = None,
    ) -> None:
        W, dW = network.parameters.flat.reshape(-1), network.gradient.flat.reshape(-1)
        v = np.zeros_like(W)
        blocks = [slice(start, start + self.BLOCK) for start in range(0, W.size, self.BLOCK)]
        self.blocks = [(W[block], v[block], dW[block]) for block in blocks]
        self.rate, self.beta = alpha * (1 - beta), np.array(beta, W.dtype)
        self.class_weights = class_weights
        self.factors: dict[int, Array] = {}
        self.updates = 0

    def factor(self, batch: Batch) -> Array:
        """Return alpha (1 - beta) / m, times the weights of the examples."""
        m = batch.size
        if m not in self.factors:
            self.factors[m] = np.array(self.rate / m, self.beta.dtype)
        if self.class_weights is None:
            return self.factors[m]
        return self.factors[m] * example_weights(self.class_weights, batch.Y)

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


# A row is (network, learning rate, momentum, weights of the classes or None) -> the rule.
DESCENTS: dict[str, Callable[[Network, float, float, Array | None], Descent]] = {
    "momentum": Momentum,
}
