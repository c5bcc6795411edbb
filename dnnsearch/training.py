"""Gradient descent: the training loop.

It yields its progress, so that whoever calls it can look, log or stop. It knows nothing of Optuna,
MLflow, files or printing.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

import numpy as np

from dnnsearch.nn import Network, Parameters
from dnnsearch.nn.batches import FullBatch, Minibatches, evaluate, grade
from dnnsearch.nn.parameters import Array


@dataclass(frozen=True)
class Progress:
    """Where R replicates stand after `iteration` updates; (R,) float64 each.

    NaN from the first point on at which a replicate's cost was not finite.
    """

    iteration: int
    train_cost: Array
    train_accuracy: Array
    dev_cost: Array
    dev_accuracy: Array
    scores: dict[str, Array] = field(default_factory=dict)  # more of the dev set, by name

    def value(self, name: str) -> Array:
        """A curve's value at this point, (R,)."""
        found: Array = self.scores[name] if name in self.scores else getattr(self, name)
        return found


def weights_of_classes(y: Array, classes: int, power: float, dtype: str) -> Array:
    """(m / (classes times the class's examples)) to this power, (classes,), from y (..., m).

    0 weighs all examples alike, 1 all classes. Their mean over the examples is 1.
    """
    counts = np.maximum(np.bincount(y.reshape(-1), minlength=classes), 1)
    weights = (counts.sum() / (len(counts) * counts)) ** power
    return np.asarray(weights * counts.sum() / (weights * counts).sum(), dtype)


def example_weights(class_weights: Array, Y: Array) -> Array:
    """The weight (..., 1, b) of each column of Y (..., n[L], b), that of its class."""
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

    def __init__(self, network: Network, alpha: float, beta: float) -> None:
        W, dW = network.parameters.flat.reshape(-1), network.gradient.flat.reshape(-1)
        v = np.zeros_like(W)
        blocks = [slice(start, start + self.BLOCK) for start in range(0, W.size, self.BLOCK)]
        self.blocks = [(W[block], v[block], dW[block]) for block in blocks]
        self.rate, self.beta = alpha * (1 - beta), np.array(beta, W.dtype)
        self.factors: dict[int, Array] = {}

    def factor(self, m: int) -> Array:
        """alpha (1 - beta) / m, what the backward pass over m examples has to be multiplied by."""
        if m not in self.factors:
            self.factors[m] = np.array(self.rate / m, self.beta.dtype)
        return self.factors[m]

    def update(self) -> None:
        beta = self.beta
        for W, v, dW in self.blocks:
            np.multiply(v, beta, out=v)
            np.add(v, dW, out=v)
            np.subtract(W, v, out=W)


def train(
    parameters: Parameters,
    data: Mapping[str, Array],
    *,
    activation: str,
    output: str,
    learning_rate: float,
    momentum: float,
    batch_size: int | Literal["full"],
    iterations: int,
    curve_every: int,
    rngs: Sequence[np.random.Generator],
    class_weights: Array | None = None,
    scores: Mapping[str, Callable[[Array, Array], Array]] = MappingProxyType({}),
) -> Iterator[Progress]:
    """Trains `parameters` in place; yields at 0, curve_every, 2 curve_every, ..., iterations.

    `data` holds X_train (m, n[0]), or (R, m, n[0]) for replicates with data of their own, y_train
    (m,), X_dev and y_dev: one example per row. `rngs` has one generator for each replicate.
    `class_weights` (classes,) multiply the gradient of each example, not the costs that are told.
    `scores` are computed at each point from dev's logits (R, n[L], m) and y_dev, as (R,).
    """
    flat, alive = parameters.flat.reshape(len(rngs), -1), np.ones(len(rngs), bool)
    X, y, X_dev, y_dev = (np.asarray(data[n]) for n in ("X_train", "y_train", "X_dev", "y_dev"))
    if parameters.replicates == (1,):  # a stack of one is faster without the axis
        parameters = Parameters.from_flat(parameters.layer_sizes, parameters.flat[0])
        X, X_dev = (array.reshape(array.shape[-2:]) for array in (X, X_dev))
        y, y_dev = (array.reshape(-1) for array in (y, y_dev))
    network = Network(parameters, activation, output)
    batches: FullBatch | Minibatches
    if batch_size == "full" or batch_size >= X.shape[-2]:
        batches = FullBatch(network, X, y)
    else:
        batches = Minibatches(network, X, y, batch_size, rngs)
    descent = Momentum(network, learning_rate, momentum)
    done = 0
    for t in (*range(0, iterations, curve_every), iterations):
        with np.errstate(all="ignore"):  # a replicate that diverges does so silently
            for batch in batches.take(t - done):
                _, caches = network.forward(batch.X, batch.rooms)
                factor = descent.factor(batch.size)
                if class_weights is not None:
                    factor = factor * example_weights(class_weights, batch.Y)
                network.backward(batch.Y, caches, factor)
                descent.update()
            done = t
            train_values = evaluate(network, X, y) if t == iterations else batches.means()
            Z_dev = network.logits(X_dev.mT)
            dev_values = grade(network, Z_dev, y_dev)
        values = [np.reshape(value, len(rngs)) for value in (*train_values, *dev_values)]
        alive &= np.isfinite(values[0]) & np.isfinite(values[2])
        flat[~alive] = np.nan
        stacked = Z_dev.reshape(len(rngs), *Z_dev.shape[-2:]) if scores else Z_dev
        more = {n: np.where(alive, score(stacked, y_dev), np.nan) for n, score in scores.items()}
        cost, accuracy, *dev = (np.where(alive, value, np.nan) for value in values)
        yield Progress(t, cost, accuracy, dev[0], dev[1], more)
        if not alive.any():
            return
