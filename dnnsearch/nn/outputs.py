"""The output layers: the last activation together with the cost that belongs to it.

For each of these pairs dZ[L] = A[L] - Y. Costs are computed from the logits Z[L]: the textbook form
-(Y log A + (1-Y) log(1-A)) turns NaN once A is rounded to 0 or 1, these forms stay finite.
`y` holds the targets as data sets have them, (..., m): classes 0, 1, ..., or real values; `Y` holds
them as the network has them, (..., n[L], m).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from dnnsearch.nn.activations import ACTIVATIONS, Activation
from dnnsearch.nn.parameters import Array


class Output(NamedTuple):
    """The activation g of layer L, and what follows from it."""

    activation: Activation
    targets: Callable[[Array, int], Array]  # (y, n[L]) -> Y
    losses: Callable[[Array, Array], Array]  # (Z[L], Y) -> the loss of each example, (..., m)
    derivative: Callable[[Array, Array], Array]  # (A[L], Y) -> dA[L] of each example's loss
    predictions: Callable[[Array], Array]  # Z[L] -> classes or real values, (..., m)
    scores: Callable[[Array, Array], Array]  # (predictions, y) -> each example's share of the score


def softmax(Z: Array, out: Array | None = None) -> Array:
    """exp(Z) / sum of exp(Z) over the classes; the largest is subtracted, so nothing overflows."""
    out = np.subtract(Z, np.maximum.reduce(Z, axis=-2, keepdims=True), out=out)
    np.exp(out, out=out)
    return np.divide(out, np.add.reduce(out, axis=-2, keepdims=True), out=out)


def no_slope(Z: Array, A: Array, out: Array) -> Array:
    """Softmax has none: each of its outputs depends on all logits of its column."""
    raise NotImplementedError("softmax has no slope of each logit; use dZ[L] = A[L] - Y")


def one_hot(y: Array, classes: int) -> Array:
    """Y with a 1 in each column, in the row of its class."""
    Y: Array = y[..., np.newaxis, :] == np.arange(classes)[:, np.newaxis]
    return Y


def as_row(y: Array, outputs: int) -> Array:
    """Y of one row."""
    return y[..., np.newaxis, :]


def cross_entropy_of_sigmoid(Z: Array, Y: Array) -> Array:
    """-(Y log A + (1-Y) log(1-A)) = log(1 + exp(Z)) - Y Z."""
    losses: Array = np.add.reduce(np.logaddexp(0, Z) - Y * Z, axis=-2)
    return losses


def cross_entropy_of_softmax(Z: Array, Y: Array) -> Array:
    """-(sum of Y log A) = log(sum of exp(Z)) - sum of Y Z, over the classes."""
    Z = Z - np.maximum.reduce(Z, axis=-2, keepdims=True)
    losses: Array = np.log(np.add.reduce(np.exp(Z), axis=-2)) - np.add.reduce(Y * Z, axis=-2)
    return losses


def squared_error(Z: Array, Y: Array) -> Array:
    """1/2 (A - Y)^2, summed over the outputs."""
    losses: Array = 0.5 * np.add.reduce(np.square(Z - Y), axis=-2)
    return losses


def largest(Z: Array) -> Array:
    """np.argmax(Z, axis=-2), the first of equals, in a third of the time."""
    behind = np.arange(Z.shape[-2] - 1, -1, -1, dtype=np.int16)[:, np.newaxis]
    top = np.maximum.reduce(Z, axis=-2, keepdims=True)
    first: Array = behind[0] - np.maximum.reduce(np.equal(Z, top) * behind, axis=-2)
    return first.astype(np.int64)


def is_right(predictions: Array, y: Array) -> Array:
    """1 for the right class, 0 for a wrong one: the mean is the accuracy."""
    result: Array = predictions == y
    return result


def no_score(predictions: Array, y: Array) -> Array:
    """NaN: a regression has no accuracy."""
    return np.full(predictions.shape, np.nan)


# fmt: off
OUTPUTS: dict[str, Output] = {
    "sigmoid": Output(ACTIVATIONS["sigmoid"], as_row, cross_entropy_of_sigmoid,
                      lambda A, Y: -Y / A + (1 - Y) / (1 - A),
                      lambda Z: (Z[..., 0, :] > 0).astype(np.int64), is_right),
    "softmax": Output(Activation(softmax, no_slope), one_hot, cross_entropy_of_softmax,
                      lambda A, Y: -Y / A,
                      largest, is_right),
    "identity": Output(Activation(lambda Z, out: np.positive(Z, out=out),
                                  lambda Z, A, out: np.ones_like(Z)), as_row, squared_error,
                       lambda A, Y: A - Y,
                       lambda Z: Z[..., 0, :], no_score),
}
# fmt: on
