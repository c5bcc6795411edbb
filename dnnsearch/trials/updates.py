"""One update of a network's parameters, after the backward pass has written the gradient.

`momentum.Momentum` is the course's descent at a constant rate. `Steps` is every other one: any rule
of `DESCENTS`, with schedule, clipping and decay. They do not know the data.
"""

from typing import NamedTuple, Protocol

import numpy as np

from dnnsearch.nn import SCALES, Network
from dnnsearch.nn.arithmetic import FAST, Arithmetic
from dnnsearch.nn.batch_block import Batch
from dnnsearch.nn.memory import aligned_empty, aligned_zeros
from dnnsearch.nn.parameters import Array, Parameters
from dnnsearch.trials.descent import DESCENTS
from dnnsearch.trials.hyperparameters import HYPERPARAMETERS, Hyperparameters
from dnnsearch.trials.momentum import BLOCK, Factors, Momentum
from dnnsearch.trials.schedules import factor


class Updates(Protocol):
    """One update is `factor`, then the network's backward pass, then `update`."""

    def factor(self, batch: Batch) -> Array:
        """Return what the backward pass multiplies dZ[L] of the batch by, so that dW is scaled."""

    def update(self) -> None:
        """Update the parameters in place, after the backward pass has written the gradient."""

    def pause(self) -> None:
        """Let the network have the parameters that are evaluated."""

    def resume(self) -> None:
        """Let the network have the parameters at which the next gradient is computed."""


def updates_of(
    network: Network, hyper: Hyperparameters, class_weights: Array | None = None
) -> Updates:
    """Return the updates for these hyperparameters; the course's own if they suffice."""
    acting = [HYPERPARAMETERS[name].acts for name in hyper.optional]
    if "descent" in acting or hyper.l2 or SCALES in network.parameters.extra:
        return Steps(network, hyper, class_weights)
    return Momentum(network, hyper.learning_rate, hyper.momentum, class_weights)


class Block(NamedTuple):
    """Some columns of the flat vectors, (..., k) each."""

    W: Array
    dW: Array
    step: Array  # written by every update
    state: list[Array]  # the averages of the rule
    l2: Array | None  # of each parameter, (k,)
    decay: Array | None  # of each parameter, (k,)
    rated: tuple[Array, Array] | None  # a part of `step` (..., j), and factors of its rates (j,)
    point: Array  # what the steps move: W itself, or z of schedule-free descent
    mean: Array | None  # x of schedule-free descent


class Steps:
    """Gradient descent by any rule, which gives a direction D: W = W - alpha(t) (D + decay W).

    A parameter may have a factor of alpha of its own; `rate_factors` gives it.

    Only weights decay, not biases: the decay is decoupled from the gradient (Loshchilov and Hutter
    2019). The norm of the gradient is clipped for each replicate by itself.

    Schedule-free descent (Defazio et al. 2024, algorithm 1) moves a point z, averages it, and
    computes the next gradient in between, at W. It is evaluated at the average x:

        z = z - alpha(t) (D + decay W)
        x = (1 - c) x + c z             c = alpha(t)^2 / (alpha(1)^2 + ... + alpha(t)^2)
        W = (1 - beta) z + beta x
    """

    FLUSH_EVERY = 64  # updates

    def __init__(
        self, network: Network, hyper: Hyperparameters, class_weights: Array | None = None
    ) -> None:
        self.hyper, self.rule = hyper, DESCENTS[hyper.descent]
        self.gradient, self.arithmetic = network.gradient.flat, network.arithmetic
        self.factor = Factors(1.0, class_weights, self.gradient.dtype).of
        self.blocks = _blocks(network, hyper)
        self.t, self.squares = 0, 0.0
        self.alpha = np.zeros((), self.gradient.dtype)  # as an array: see `descent.constant`

    def update(self) -> None:
        """Update the parameters and the averages in place."""
        hyper, rule, power = self.hyper, self.rule, self.arithmetic.power
        self.t += 1
        alpha = hyper.learning_rate * factor(
            hyper.schedule, hyper.warmup, self.t, hyper.iterations, self.arithmetic
        )
        self.squares += power(alpha, 2)
        self.alpha[...] = alpha
        for block in self.blocks if hyper.l2 else ():
            if block.l2 is not None:  # the derivative of l2/2 W^2
                np.add(block.dW, np.multiply(block.W, block.l2, out=block.step), out=block.dW)
        if hyper.clip is not None:
            clip(self.gradient, hyper.clip, self.arithmetic)
        for block in self.blocks:
            D = rule.direction(
                block.dW, block.state, block.step, hyper.momentum, hyper.beta2, self.t, power
            )
            step = np.multiply(D, self.alpha, out=block.step)
            if block.decay is not None:
                decay = np.multiply(block.W, block.decay, out=block.dW)
                np.add(step, np.multiply(decay, self.alpha, out=decay), out=step)
            if block.rated is not None:
                part, rates = block.rated
                np.multiply(part, rates, out=part)
            np.subtract(block.point, step, out=block.point)
            if block.mean is not None:
                _average(block, power(alpha, 2) / self.squares, hyper.momentum)
        if self.t % self.FLUSH_EVERY == 0:
            self._flush_denormals()

    def pause(self) -> None:
        """Let the network have x, the parameters that schedule-free descent evaluates."""
        for block in self.blocks:
            if block.mean is not None:
                block.W[...] = block.mean

    def resume(self) -> None:
        """Let the network have the parameters at which the next gradient is computed."""
        for block in self.blocks:
            if block.mean is not None and self.t:
                _between(block, self.hyper.momentum)

    def _flush_denormals(self) -> None:
        """Set denormal averages to 0: on some processors they are up to 30 times slower."""
        tiny = np.finfo(self.gradient.dtype).tiny
        for block in self.blocks:
            for average in block.state:
                average[np.abs(average) < tiny] = 0


def clip(gradient: Array, largest: float, arithmetic: Arithmetic = FAST) -> None:
    """Scale each gradient (..., P) in place so that its norm is at most `largest`.

    This is the clipping of the global norm (Pascanu et al. 2013, algorithm 1), of each replicate.
    """
    norm = np.sqrt(arithmetic.squared_norm(gradient))
    if (norm > largest).any():
        gradient *= np.minimum(largest / norm, 1)[..., np.newaxis].astype(gradient.dtype)


def _average(block: Block, share: float, beta: float) -> None:
    """Move x towards z by this share, and W to its place between them."""
    assert block.mean is not None
    ahead = np.subtract(block.point, block.mean, out=block.step)
    np.add(block.mean, np.multiply(ahead, share, out=ahead), out=block.mean)
    _between(block, beta)


def _between(block: Block, beta: float) -> None:
    """W = (1 - beta) z + beta x."""
    assert block.mean is not None
    np.multiply(block.point, 1 - beta, out=block.W)
    np.add(block.W, np.multiply(block.mean, beta, out=block.step), out=block.W)


def _blocks(network: Network, hyper: Hyperparameters) -> list[Block]:
    """Return the blocks of a network's parameters, with their averages and decays."""
    flat, gradient, rule = network.parameters.flat, network.gradient.flat, DESCENTS[hyper.descent]
    replicates = flat.size // flat.shape[-1]
    width = max(BLOCK // replicates, 1)
    vectors = {
        "l2": hyper.l2 * is_weight(network) if hyper.l2 else None,
        "decay": decays(network, hyper),
    }
    rates = rate_factors(network, hyper)
    found = []
    for start in range(0, flat.shape[-1], width):
        W, dW = flat[..., start : start + width], gradient[..., start : start + width]
        z, x = (W.copy(), W.copy()) if rule.schedule_free else (W, None)
        step = aligned_empty(W.shape, W.dtype)
        found.append(
            Block(
                W=W,
                dW=dW,
                step=step,
                state=[aligned_zeros(W.shape, W.dtype) for _ in range(rule.averages)],
                rated=None if rates is None else _rated(step, rates[start : start + width]),
                point=z,
                mean=x,
                **{n: None if v is None else v[start : start + width] for n, v in vectors.items()},
            )
        )
    return found


def _rated(step: Array, rates: Array) -> tuple[Array, Array] | None:
    """Return the step from the first to the last parameter with another rate, and their factors."""
    others = np.flatnonzero(rates != 1)
    if not others.size:
        return None
    part = slice(others[0], others[-1] + 1)
    return step[..., part], rates[part]


def rate_factors(network: Network, hyper: Hyperparameters) -> Array | None:
    """Return the factor of the learning rate of each parameter, (P,); None if all are 1.

    The factors of a scaling layer have `hyper.scaling` times the rate (6 in RealMLP).

    In the NTK parametrisation (Jacot et al. 2018, section 3) Z[l] = W A[l-1] / sqrt(n[l-1]) + b
    with W of size 1. That is the same network with smaller weights, so the same descent has smaller
    rates: by n[l-1] if a step grows with the gradient, which is smaller too, else by its root.
    """
    is_ntk, normalises = hyper.parametrization == "ntk", DESCENTS[hyper.descent].normalises
    if not is_ntk and SCALES not in network.parameters.extra:
        return None
    factors, power = _like(network), network.arithmetic.power
    factors.flat[...] = 1
    for W in factors.W.values():
        n_prev = W.shape[-1]
        W[...] = (1 / power(n_prev, 0.5) if normalises else 1 / n_prev) if is_ntk else 1
    if SCALES in factors.extra:
        factors.extra[SCALES][...] = hyper.scaling
    return factors.flat


def decays(network: Network, hyper: Hyperparameters) -> Array | None:
    """Return the decay of each parameter, (P,): that of the weights, and 0 for the biases."""
    rate = hyper.weight_decay
    rate = DESCENTS[hyper.descent].decay if rate is None else rate
    return rate * is_weight(network) if rate else None


def is_weight(network: Network) -> Array:
    """Return 1 for each weight and 0 for each bias, (P,), in the dtype of the parameters."""
    marks = _like(network)
    for W in marks.W.values():
        W[...] = 1
    return marks.flat


def _like(network: Network) -> Parameters:
    """Return zeros for the parameters of one replicate."""
    own = network.parameters
    return Parameters(own.layer_sizes, (), own.flat.dtype, own.extra_shapes)
