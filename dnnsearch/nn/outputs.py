"""The output layers: the last activation together with the cost that belongs to it.

For each of these pairs dZ[L] = A[L] - Y. Costs are computed from the logits Z[L]: the textbook form
-(Y log A + (1-Y) log(1-A)) is infinite or NaN once A is rounded to 0 or 1, these forms stay finite.
`y` holds the targets as data sets have them, (..., m): classes 0, 1, ..., or real values; `Y` holds
them as the network has them, (..., n[L], m).
"""

from collections.abc import Callable
from functools import cache, partial
from typing import NamedTuple

import numpy as np

from dnnsearch.nn.activations import IDENTITY, Activation, activations
from dnnsearch.nn.arithmetic import FAST, Arithmetic
from dnnsearch.nn.parameters import Array, ShapeError


class Output(NamedTuple):
    """The activation g of layer L, and what follows from it.

    Training uses neither `textbook_losses` nor `derivative`. They are here to be read, and tests
    compare them with what training uses.
    """

    activation: Activation
    targets: Callable[[Array, int], Array]  # (y, n[L]) -> Y
    losses: Callable[[Array, Array], Array]  # (Z[L], Y) -> the loss of each example, (..., m)
    textbook_losses: Callable[[Array, Array], Array]  # (A[L], Y) -> the same
    derivative: Callable[[Array, Array], Array]  # (A[L], Y) -> dA[L] of each example's loss
    predictions: Callable[[Array], Array]  # Z[L] -> classes or real values, (..., m)
    scores: Callable[[Array, Array], Array]  # (predictions, y) -> each example's part of the score


def compute_cost(A: Array, Y: Array, output: str = "sigmoid") -> Array:
    """Return the mean cost J, (...) float64, of outputs A[L] and targets Y, both (..., n[L], m).

    `output` is a name in OUTPUTS. J is the cost of the textbook: infinite if an output is wrong
    and rounded to exactly 0 or 1. Raise ShapeError if A and Y differ in shape.
    """
    A, Y = np.asarray(A), np.asarray(Y)
    if A.shape != Y.shape:
        raise ShapeError("cost", "Y", Y.shape, A.shape)
    J: Array = OUTPUTS[output].textbook_losses(A, Y).mean(axis=-1, dtype=np.float64)
    return J


def softmax(Z: Array, out: Array | None = None, arithmetic: Arithmetic = FAST) -> Array:
    """Return exp(Z) / (sum of exp(Z) over the classes), in the shape of Z (..., n[L], m).

    The largest logit of each column is subtracted first, so nothing overflows.
    """
    out = np.subtract(Z, np.maximum.reduce(Z, axis=-2, keepdims=True), out=out)
    arithmetic.exp(out, out=out)
    total = np.add.reduce(arithmetic.summands(out, -2), axis=-2, keepdims=True)
    return np.divide(out, total, out=out)


def no_slope(Z: Array, A: Array, out: Array) -> Array:
    """Raise NotImplementedError: each softmax output depends on all logits of its column."""
    raise NotImplementedError("softmax has no slope of each logit; use dZ[L] = A[L] - Y")


def one_hot(y: Array, classes: int) -> Array:
    """Return Y (..., classes, m), True in each column in the row of its class y (..., m)."""
    Y: Array = y[..., np.newaxis, :] == np.arange(classes)[:, np.newaxis]
    return Y


def as_row(y: Array, outputs: int) -> Array:
    """Return y (..., m) as the one row of Y (..., 1, m)."""
    return y[..., np.newaxis, :]


def cross_entropy_of_sigmoid(Z: Array, Y: Array, arithmetic: Arithmetic = FAST) -> Array:
    """Return -(Y log A + (1-Y) log(1-A)) = log(1 + exp(Z)) - Y Z of each example, (..., m)."""
    each = arithmetic.softplus(Z) - Y * Z
    losses: Array = np.add.reduce(arithmetic.summands(each, -2), axis=-2)
    return losses


def cross_entropy_of_softmax(Z: Array, Y: Array, arithmetic: Arithmetic = FAST) -> Array:
    """Return -(sum of Y log A) = log(sum of exp(Z)) - (sum of Y Z) of each example, (..., m)."""
    Z = Z - np.maximum.reduce(Z, axis=-2, keepdims=True)
    exp_Z = arithmetic.summands(arithmetic.exp(Z), -2)
    right = np.add.reduce(arithmetic.summands(Y * Z, -2), axis=-2)
    losses: Array = arithmetic.log(np.add.reduce(exp_Z, axis=-2)) - right
    return losses


def squared_error(Z: Array, Y: Array, arithmetic: Arithmetic = FAST) -> Array:
    """Return 1/2 (A - Y)^2, summed over the outputs, of each example, (..., m); here A = Z."""
    squares = arithmetic.summands(np.square(Z - Y), -2)
    losses: Array = 0.5 * np.add.reduce(squares, axis=-2)
    return losses


def minus_Y_log_A(Y: Array, A: Array) -> Array:
    """Return -Y log A, summed over the outputs, (..., m); 0 log 0 is 0, and log 0 is infinite."""
    with np.errstate(divide="ignore"):
        products = Y * -np.log(np.where(Y == 0, 1, A))
    losses: Array = np.add.reduce(products, axis=-2)
    return losses


def largest(Z: Array) -> Array:
    """Return np.argmax(Z, axis=-2), the first of equals, in a third of the time."""
    reversed_rows = np.arange(Z.shape[-2] - 1, -1, -1, dtype=np.int16)[:, np.newaxis]
    top = np.maximum.reduce(Z, axis=-2, keepdims=True)
    from_the_end = np.maximum.reduce(np.equal(Z, top) * reversed_rows, axis=-2)
    first: Array = reversed_rows[0] - from_the_end
    return first.astype(np.int64)


def is_right(predictions: Array, y: Array) -> Array:
    """Return True for the right class, else False, (..., m): their mean is the accuracy."""
    result: Array = predictions == y
    return result


def no_score(predictions: Array, y: Array) -> Array:
    """Return NaN for each example, (..., m): a regression has no accuracy."""
    return np.full(predictions.shape, np.nan)


@cache
def outputs(arithmetic: Arithmetic) -> dict[str, Output]:
    """Return the output layers by name."""

    def by(function: Callable[..., Array]) -> Callable[..., Array]:
        return partial(function, arithmetic=arithmetic)

    # fmt: off
    return {
        "sigmoid": Output(activations(arithmetic)["sigmoid"], as_row,
                          by(cross_entropy_of_sigmoid),
                          lambda A, Y: minus_Y_log_A(Y, A) + minus_Y_log_A(1 - Y, 1 - A),
                          lambda A, Y: -Y / A + (1 - Y) / (1 - A),
                          lambda Z: (Z[..., 0, :] > 0).astype(np.int64), is_right),
        "softmax": Output(Activation(by(softmax), no_slope), one_hot,
                          by(cross_entropy_of_softmax),
                          lambda A, Y: minus_Y_log_A(Y, A),
                          lambda A, Y: -Y / A,
                          largest, is_right),
        "identity": Output(IDENTITY, as_row,
                           by(squared_error),
                           squared_error,
                           lambda A, Y: A - Y,
                           lambda Z: Z[..., 0, :], no_score),
    }
    # fmt: on


OUTPUTS = outputs(FAST)
