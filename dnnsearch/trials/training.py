"""Gradient descent: the training loop.

It yields its progress, so that the caller can look, log or stop. It does not know Optuna, MLflow,
files or printing.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from dnnsearch.nn import Activation, Network, Parameters
from dnnsearch.nn.arithmetic import FAST, Arithmetic
from dnnsearch.nn.batches import FullBatch, Minibatches, evaluate, grade
from dnnsearch.nn.network import Passes
from dnnsearch.nn.parameters import Array
from dnnsearch.nn.regularization import Dropout, smoothed
from dnnsearch.trials.hyperparameters import Hyperparameters
from dnnsearch.trials.input_pieces import InputPieces, network
from dnnsearch.trials.rounded_parameters import RoundedParameters
from dnnsearch.trials.updates import Updates, updates_of

SINGLE = np.dtype(np.float32)
CURVES = ("train_cost", "dev_cost", "train_accuracy", "dev_accuracy")


@dataclass(frozen=True)
class Progress:
    """Costs and scores of R replicates after `iteration` updates; (R,) float64 each.

    They are NaN from the first point at which a cost of the replicate was not finite.
    """

    iteration: int
    train_cost: Array
    train_accuracy: Array
    dev_cost: Array
    dev_accuracy: Array
    scores: dict[str, Array] = field(default_factory=dict)  # other metrics of dev, by name

    def value(self, name: str) -> Array:
        """Return the value of a curve at this point, (R,)."""
        found: Array = self.scores[name] if name in self.scores else getattr(self, name)
        return found

    @property
    def finite(self) -> Array:
        """Whether each replicate has finite costs, (R,)."""
        return np.isfinite(self.train_cost) & np.isfinite(self.dev_cost)

    def only(self, alive: Array) -> "Progress":
        """Return the same with NaN for all replicates but those that `alive` (R,) marks."""
        values = {name: np.where(alive, self.value(name), np.nan) for name in CURVES}
        scores = {name: np.where(alive, score, np.nan) for name, score in self.scores.items()}
        return Progress(self.iteration, **values, scores=scores)


def weights_of_classes(
    y: Array, classes: int, power: float, dtype: Any, arithmetic: Arithmetic = FAST
) -> Array:
    """Return the weight of each class, (classes,), for the targets y (..., m).

    It is (m / (classes * examples of the class)) ** power, scaled. A power of 0 gives all examples
    the same weight, 1 gives all classes the same. The mean weight of the examples is 1 if no class
    is empty. An empty class counts as one more example, so the mean of the others is then not 1.
    """
    counts = np.maximum(np.bincount(y.reshape(-1), minlength=classes), 1)
    weights = arithmetic.power(counts.sum() / (len(counts) * counts), power)
    total = arithmetic.summands(weights * counts, 0).sum()
    return np.asarray(weights * counts.sum() / total, dtype)


def train(
    parameters: Parameters,
    data: Mapping[str, Array],
    hyper: Hyperparameters,
    *,
    output: str,
    curve_every: int,
    rngs: Sequence[np.random.Generator],
    pieces: InputPieces | None = None,
    stop: int | None = None,
    arithmetic: Arithmetic = FAST,
    scores: Mapping[str, Callable[[Array, Array], Array]] = MappingProxyType({}),
) -> Iterator[Progress]:
    """Train `parameters` in place; yield at 0, curve_every, 2 curve_every, ..., hyper.iterations.

    `data` holds X_train (m, n[0]), or (R, m, n[0]) for replicates with data of their own, y_train
    (m,), X_dev and y_dev: one example per row. `rngs` has one generator for each replicate. Raise
    TypeError, at the first point, unless X_train and X_dev have the parameters' dtype. The units of
    `hyper` are not used: `parameters` have theirs. X are already scaled by `pieces`, which make the
    input layer. `arithmetic` computes. With `stop` the training ends after so many updates, with
    the schedule of hyper.iterations. Weights of classes multiply the gradient of each example, not
    the reported costs. `scores` are (R,) at each point, of dev's logits (R, n[L], m) and y_dev.
    """
    flat, alive = parameters.flat.reshape(len(rngs), -1), np.ones(len(rngs), bool)
    arrays = _checked(data, [flat.dtype, SINGLE] if arithmetic.dtype else [flat.dtype])
    if parameters.replicates == (1,):
        parameters, arrays = _alone(parameters, arrays)
    trained = network(parameters, hyper, output, pieces, arithmetic)
    iterations = hyper.iterations if stop is None else stop
    batches = _batches(trained, arrays["X_train"], arrays["y_train"], hyper.batch_size, rngs)
    descent = _descent(trained, hyper, arrays["y_train"], parameters.flat, arithmetic)
    dropout = _dropout(trained, hyper.dropout, rngs)
    targets = partial(smoothed, share=hyper.label_smoothing) if hyper.label_smoothing else None
    prepared: dict[int, Passes] = {}  # by the identity of the batch: `batches` has only a few
    for done, t in pairwise((0, *range(0, iterations, curve_every), iterations)):
        with np.errstate(all="ignore"):  # a replicate that diverges does so silently
            descent.resume()
            for batch in batches.take(t - done):
                g = dropout(batch.size) if dropout else None
                passes = prepared.get(id(batch)) or trained.passes(batch.X, batch.workspaces, g)
                prepared[id(batch)] = passes
                passes.forward()
                passes.backward(targets(batch.Y) if targets else batch.Y, descent.factor(batch))
                descent.update()
            descent.pause()
            progress = _look(t, t == iterations, trained, batches, arrays, scores)
        alive &= progress.finite
        flat[~alive] = np.nan
        yield progress.only(alive)
        if not alive.any():
            return


def _descent(
    network: Network, hyper: Hyperparameters, y: Array, flat: Array, arithmetic: Arithmetic
) -> Updates | RoundedParameters:
    """Return the updates of the parameters `flat`, which train on the targets y."""
    updates = updates_of(network, hyper, _class_weights(hyper.class_weights, network, y))
    return updates if arithmetic is FAST else RoundedParameters(updates, flat)


def _dropout(
    network: Network, p: float, rngs: Sequence[np.random.Generator]
) -> Callable[[int], dict[int, Activation]] | None:
    """Return what draws the activations for a number of examples; None without dropout.

    The masks of a replicate are drawn from a child of its generator, so its mini-batches are those
    of the training without dropout.
    """
    if not p:
        return None
    own, children = network.parameters, [rng.spawn(1)[0] for rng in rngs]
    dropout = Dropout(network.g, own.layer_sizes, p, children)
    return partial(dropout.draw, shape=own.replicates, dtype=own.flat.dtype)


def _class_weights(power: float | None, network: Network, y: Array) -> Array | None:
    if power is None:
        return None
    own = network.parameters
    classes = max(own.layer_sizes[-1], 2)
    return weights_of_classes(y, classes, power, own.flat.dtype, network.arithmetic)


def _checked(data: Mapping[str, Array], needs: Sequence[np.dtype[Any]]) -> dict[str, Array]:
    """Return the data as arrays; raise TypeError if X_train or X_dev have another dtype."""
    arrays = {name: np.asarray(array) for name, array in data.items()}
    for name in ("X_train", "X_dev"):
        if arrays[name].dtype not in needs:
            has, allowed = arrays[name].dtype, " or ".join(map(str, needs))
            raise TypeError(f"{name} must be {allowed}, the dtype of the parameters, but is {has}")
    return arrays


def _alone(parameters: Parameters, arrays: dict[str, Array]) -> tuple[Parameters, dict[str, Array]]:
    """Return views of a stack of one without its first axis, which is faster."""
    flat = parameters.flat[0]
    without = {
        name: array.reshape(array.shape[-2:] if name.startswith("X") else -1)
        for name, array in arrays.items()
    }
    extra = parameters.extra_shapes
    return Parameters.from_flat(parameters.layer_sizes, flat, extra), without


def _batches(
    network: Network,
    X: Array,
    y: Array,
    size: int | Literal["full"],
    rngs: Sequence[np.random.Generator],
) -> FullBatch | Minibatches:
    if size == "full" or size >= X.shape[-2]:
        return FullBatch(network, X, y)
    return Minibatches(network, X, y, size, rngs)


def _look(
    t: int,
    last: bool,
    network: Network,
    batches: FullBatch | Minibatches,
    arrays: Mapping[str, Array],
    scores: Mapping[str, Callable[[Array, Array], Array]],
) -> Progress:
    """Return the point at t: train as averaged over the batches, exact at the last; dev exact."""
    X, y, X_dev, y_dev = (arrays[name] for name in ("X_train", "y_train", "X_dev", "y_dev"))
    train_cost, train_accuracy = evaluate(network, X, y) if last else batches.means()
    Z = network.logits(X_dev.mT)
    dev_cost, dev_accuracy = grade(network, Z, y_dev)
    values, R = (train_cost, dev_cost, train_accuracy, dev_accuracy), train_cost.size
    curves = {name: np.reshape(value, R) for name, value in zip(CURVES, values)}
    stacked = Z.reshape(R, *Z.shape[-2:])
    return Progress(t, **curves, scores={n: score(stacked, y_dev) for n, score in scores.items()})
