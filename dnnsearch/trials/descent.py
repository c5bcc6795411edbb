"""The rules of gradient descent: how an update follows from a gradient.

`DESCENTS` is the table of them. A rule is a function that keeps its averages in `state` and returns
the direction D of the update; then W = W - alpha D. To add one, write the function and add a row.
`updates` applies a rule to the parameters of a network. Rules know neither networks nor data.

    dW      the gradient; a rule may overwrite it
    state   the rule's averages, zero at first, each in the shape of dW
    out     an array for the direction, in the shape of dW
    beta    the hyperparameter `momentum`
    beta2   the hyperparameter of that name
    t       the number of the update, from 1
    power   the function x^n
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from dnnsearch.nn.parameters import Array

EPSILON = 1e-8  # keeps a division finite if a gradient has always been 0

Power = Callable[[float, float], float]
Direction = Callable[[Array, Sequence[Array], Array, float, float, int, Power], Array]


def momentum(
    dW: Array, state: Sequence[Array], out: Array, beta: float, beta2: float, t: int, power: Power
) -> Array:
    """Gradient descent with momentum, in the course's convention.

        v = beta v + (1 - beta) dW
        D = v

    Other texts have v = beta v + dW: for the same descent, their alpha is (1 - beta) times ours.
    """
    return average(state[0], dW, beta)


def nesterov(
    dW: Array, state: Sequence[Array], out: Array, beta: float, beta2: float, t: int, power: Power
) -> Array:
    """Nesterov's momentum: the step looks ahead by what the average will do next.

        v = beta v + (1 - beta) dW
        D = beta v + (1 - beta) dW

    This is the form of Sutskever et al. 2013, equations 3 and 4, in the course's convention, with
    the parameters at the point where the gradient is computed.
    """
    v = average(state[0], dW, beta)  # dW now holds (1 - beta) dW
    return np.add(np.multiply(v, constant(beta, v.dtype), out=out), dW, out=out)


def rmsprop(
    dW: Array, state: Sequence[Array], out: Array, beta: float, beta2: float, t: int, power: Power
) -> Array:
    """RMSprop (course 2, week 2; Hinton 2012): a step is small where gradients are large.

    s = beta2 s + (1 - beta2) dW^2
    D = dW / (sqrt(s) + epsilon)
    """
    s = average_of_squares(state[0], dW, beta2, out)
    return np.divide(dW, root(s, 1.0, out), out=out)


def adam(
    dW: Array, state: Sequence[Array], out: Array, beta: float, beta2: float, t: int, power: Power
) -> Array:
    """Adam (course 2, week 2; Kingma and Ba 2015, algorithm 1): momentum and RMSprop together.

    v = beta v + (1 - beta) dW          v^ = v / (1 - beta^t)
    s = beta2 s + (1 - beta2) dW^2      s^ = s / (1 - beta2^t)
    D = v^ / (sqrt(s^) + epsilon)
    """
    v, s = state
    average_of_squares(s, dW, beta2, out)
    average(v, dW, beta)
    np.divide(v, root(s, 1 - power(beta2, t), out), out=out)
    return np.divide(out, 1 - power(beta, t), out=out)


def normalised(
    dW: Array, state: Sequence[Array], out: Array, beta: float, beta2: float, t: int, power: Power
) -> Array:
    """The direction of schedule-free AdamW: Adam without momentum, D = dW / (sqrt(s^) + epsilon).

    `updates.Averages` does what its momentum would do.
    """
    s = average_of_squares(state[0], dW, beta2, out)
    return np.divide(dW, root(s, 1 - power(beta2, t), out), out=out)


def average(v: Array, dW: Array, beta: float) -> Array:
    """Return v = beta v + (1 - beta) dW, in place; dW is overwritten by (1 - beta) dW."""
    np.multiply(v, constant(beta, v.dtype), out=v)
    np.multiply(dW, constant(1 - beta, v.dtype), out=dW)
    return np.add(v, dW, out=v)


def average_of_squares(s: Array, dW: Array, beta2: float, out: Array) -> Array:
    """Return s = beta2 s + (1 - beta2) dW^2, in place; `out` is overwritten."""
    np.multiply(s, constant(beta2, s.dtype), out=s)
    np.multiply(np.square(dW, out=out), constant(1 - beta2, s.dtype), out=out)
    return np.add(s, out, out=s)


def root(s: Array, correction: float, out: Array) -> Array:
    """Return sqrt(s / correction) + epsilon in `out`."""
    np.sqrt(np.divide(s, correction, out=out), out=out)
    return np.add(out, constant(EPSILON, s.dtype), out=out)


@lru_cache(maxsize=64)
def constant(number: float, dtype: np.dtype[Any]) -> Array:
    """Return the number as an array, because NumPy would convert it at every call."""
    return np.array(number, dtype)


class Rule(NamedTuple):
    """One way of descent."""

    direction: Direction
    averages: int  # arrays in `state`
    passes: int  # over all parameters, beyond those of momentum: for the cost formula
    normalises: bool = False  # whether D does not grow with the gradient
    decay: float = 0.0  # the weight decay if none is given
    schedule_free: bool = False  # whether it returns the average of the points that it visited
    rate: float = 0.2  # the learning rate of trial 0


DESCENTS: dict[str, Rule] = {
    "momentum": Rule(momentum, averages=1, passes=0),
    "nesterov": Rule(nesterov, averages=1, passes=3),
    "rmsprop": Rule(rmsprop, averages=1, passes=6, normalises=True, rate=0.002),
    "adam": Rule(adam, averages=2, passes=10, normalises=True, rate=0.005),
    # Loshchilov and Hutter 2019: the decay is not part of the gradient, so Adam does not scale it.
    "adamw": Rule(adam, averages=2, passes=13, normalises=True, decay=0.01, rate=0.005),
    "schedule_free": Rule(
        normalised,
        averages=1,
        passes=15,
        normalises=True,
        decay=0.01,
        schedule_free=True,
        rate=0.01,
    ),
}
