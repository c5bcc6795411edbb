"""One training for an estimator: the training of a study's trial, with early stopping.

It takes arrays and returns parameters and curves; it knows nothing of scikit-learn.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from dnnsearch import nn
from dnnsearch.data.input_constants import RAW, fit_constants
from dnnsearch.estimators.arguments import Settings
from dnnsearch.trials.hyperparameters import Hyperparameters
from dnnsearch.trials.input_pieces import (
    InputPieces,
    input_pieces,
    input_shape,
    needed_constants,
)
from dnnsearch.trials.training import CURVES, Progress, train

SINGLE = 0  # the index of the only replicate


@dataclass(frozen=True)
class Fit:
    """The result of a training; P is the number of points of the curves."""

    parameters: dict[str, np.ndarray]  # {"W1": (n[1], n[0]), "b1": (n[1], 1), ...}
    pieces: InputPieces  # fitted on X_train
    best: int  # updates made when the parameters were these
    steps: np.ndarray  # (P,) int64: updates made at each point
    curves: dict[str, np.ndarray]  # train_cost, dev_cost, train_accuracy, dev_accuracy -> (P,)


class Diverged(ValueError):
    """A cost was no longer finite."""

    def __init__(self, learning_rate: float, step: int) -> None:
        super().__init__(
            f"the training must stay finite, but its cost was not at iteration {step}, with "
            f"learning_rate={learning_rate:g}: use a smaller one, or standardise the inputs, "
            "as in make_pipeline(StandardScaler(), ...)"
        )


def fit(
    data: Mapping[str, np.ndarray],
    output: str,
    outputs: int,
    hyper: Hyperparameters,
    settings: Settings,
    rng: np.random.Generator,
) -> Fit:
    """Train on X_train (m, n[0]) and y_train (m,) in `data`, which may have X_dev and y_dev too.

    With a dev set the returned parameters are those of the point with the lowest dev cost, and the
    training ends `settings.patience` points after it; without a dev set they are the last ones.
    `output` is the output activation, `outputs` the number of output units n[L]. Raise Diverged if
    a cost is not finite.
    """
    pieces = _fit_pieces(data, output, hyper)
    sizes, learnt = (pieces.shape.n_0, *hyper.units, outputs), pieces.shape.learnt
    parameters = nn.initialize(sizes, [rng], settings.initialization, settings.dtype, learnt)
    points: list[Progress] = []
    best, kept = 0, parameters.flat.copy()
    for point in _progress(parameters, data, output, hyper, settings, rng, pieces):
        points.append(point)
        if not np.isfinite(point.train_cost[SINGLE]):
            raise Diverged(hyper.learning_rate, point.iteration)
        if "X_dev" not in data or point.dev_cost[SINGLE] <= points[best].dev_cost[SINGLE]:
            best, kept[:] = len(points) - 1, parameters.flat
        if settings.patience and len(points) - 1 - best >= settings.patience:
            break
    final = nn.without_scaling(nn.Parameters.from_flat(sizes, kept[SINGLE], learnt))
    iterations = np.array([point.iteration for point in points], np.int64)
    curves = {n: np.array([getattr(point, n)[SINGLE] for point in points]) for n in CURVES}
    return Fit(
        final.as_dict(), pieces.without_scaling_layer(), points[best].iteration, iterations, curves
    )


def _fit_pieces(data: Mapping[str, np.ndarray], output: str, hyper: Hyperparameters) -> InputPieces:
    """Return the pieces in front of the first layer; every column of X is a number to them."""
    X, y = data["X_train"], data["y_train"]
    needed = needed_constants(hyper.numbers, hyper.codes, hyper.edges)
    arrays = fit_constants(X, y, needed, output == "identity", RAW) if needed else {}
    return input_pieces(hyper, input_shape(hyper, X.shape[1], X.shape[1]), arrays)


def _progress(
    parameters: nn.Parameters,
    data: Mapping[str, np.ndarray],
    output: str,
    hyper: Hyperparameters,
    settings: Settings,
    rng: np.random.Generator,
    pieces: InputPieces,
) -> Iterator[Progress]:
    # The training always evaluates a dev set; if there is none, one example costs nothing.
    no_dev = {"X_dev": data["X_train"][:1], "y_dev": data["y_train"][:1]}
    return train(
        parameters,
        pieces.scaled({**no_dev, **data}),
        hyper,
        output=output,
        curve_every=settings.curve_every,
        rngs=[rng],
        pieces=pieces,
    )
