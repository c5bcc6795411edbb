"""A trial: `run_trial(spec, data) -> result`, a pure function.

The spec has everything that determines the training; nothing else is read and nothing is written.
This module does not know Optuna, MLflow, files or processes.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from dnnsearch import nn
from dnnsearch.storage.array_store import digest
from dnnsearch.trials import training
from dnnsearch.trials.checkpoint import (
    best_point,
    is_out_of_patience,
    kept_point,
    mean_of_replicates,
)
from dnnsearch.trials.flat_params import describe
from dnnsearch.trials.hyperparameter_row import BEST, Value
from dnnsearch.trials.input_pieces import InputPieces, input_pieces, network
from dnnsearch.trials.metrics import Direction, measure
from dnnsearch.trials.pruning import PRUNERS
from dnnsearch.trials.spec import Spec, generator
from dnnsearch.trials.training import CURVES, Progress

TRIAL_STREAM = 0  # the first element of the spawn key of every trial's random streams


@dataclass(frozen=True)
class Result:
    """The result of a training; R replicates, P points of the curves.

    The values of a replicate are NaN from the first point at which one of its costs is not finite.
    """

    end: str  # "finished", "pruned" or "diverged"
    steps: np.ndarray  # (P,) int64: updates made at each point
    curves: dict[str, np.ndarray]  # name -> (R, P) float64
    cost: int  # multiply-adds spent, by `Spec.cost`
    parameters: np.ndarray  # (R, number of parameters)
    dev_predictions: np.ndarray  # (R, m_dev): classes, or values in a regression
    dev_outputs: str  # digest of the logits Z[L] on the dev set
    seconds: float  # of wall clock; in no digest

    @property
    def final(self) -> dict[str, np.ndarray]:
        """The last point of each curve, (R,): exact on train and dev after the last update."""
        return {name: curve[:, -1] for name, curve in self.curves.items()}


@dataclass(frozen=True)
class TrialView:
    """A trial as the user sees it: in the terminal, in reports and in MLflow."""

    number: int
    state: str  # running, finished, pruned, diverged, failed or interrupted
    params: dict[str, Value]
    spec: str  # digest
    data: str = ""  # digest
    value: float | None = None  # the objective; None unless finished or pruned
    steps: np.ndarray | None = None  # (P,)
    curves: dict[str, np.ndarray] = field(default_factory=dict)  # name -> (P,), replicates' mean
    final: dict[str, float] = field(default_factory=dict)
    seconds: float | None = None
    parameters: int | None = None  # number of them
    flops: int | None = None  # two for each multiply-add
    digest: str = ""  # of the result
    record: Path | None = None  # the file
    reason: str = ""  # why it failed

    @property
    def display_name(self) -> str:
        """Number and network, such as `17 relu 64-32 lr 0.03`."""
        return f"{self.number} {describe(self.params, short=True)}"


def run_trial(
    spec: Spec,
    data: Mapping[str, np.ndarray],
    watch: Callable[[Progress], Any] = lambda progress: None,
) -> Result:
    """Train the networks of `spec` on `data` and return the result.

    `data` has X_train (m, n_x) or (R, m, n_x), y_train (m,) or (R, m), X_dev and y_dev likewise; in
    a regression also `target` (2,), the mean and the scale of the target. `watch` is called with
    each point of the curves as soon as it is measured, unless the training ends there.
    """
    began = time.perf_counter()
    streams = spec.number if spec.streams is None else spec.streams
    rngs = [generator(spec.seed, TRIAL_STREAM, streams, r) for r in range(spec.replicates)]
    pieces = input_pieces(spec.hyperparameters, spec.input_shape, data, spec.operations)
    data = pieces.scaled(data)
    parameters = _start(spec, rngs)
    points: list[Progress] = []
    kept = parameters.flat.copy() if spec.hyperparameters.checkpoint == BEST else None
    values: list[float] = []
    for progress in _training(spec, parameters, data, rngs, pieces):
        points.append(progress)
        values.append(float(mean_of_replicates(progress.value(spec.objective), spec)))
        if kept is not None and best_point(spec, values) == len(values) - 1:
            kept[...] = parameters.flat
        if _is_pruned(spec, points, values) or is_out_of_patience(spec, values):
            break
        if progress.finite.any() and progress.iteration < spec.updates:
            watch(progress)
    steps = np.array([point.iteration for point in points], np.int64)
    curves = {n: np.stack([p.value(n) for p in points], axis=1) for n in (*CURVES, *spec.measured)}
    diverged = ~np.isfinite(curves["train_cost"][:, -1])
    if kept is not None and kept_point(spec, curves) < len(points) - 1:
        parameters.flat[...] = kept
    parameters.flat[diverged] = np.nan
    predictions, outputs = _on_dev(spec, parameters, data, pieces)
    return Result(
        end=_end(spec, points, values, diverged),
        steps=steps,
        curves=curves,
        cost=spec.cost(int(steps[-1])),
        parameters=parameters.flat.astype(spec.dtype, copy=False),
        dev_predictions=predictions,
        dev_outputs=digest({"dev_outputs": outputs}),
        seconds=time.perf_counter() - began,
    )


def _start(spec: Spec, rngs: list[np.random.Generator]) -> nn.Parameters:
    """Return the parameters at which the training begins."""
    by, learnt = spec.operations, spec.input_shape.learnt
    dtype = by.dtype or spec.dtype
    return nn.initialize(spec.layer_sizes, rngs, spec.initialization, dtype, learnt, by)


def _training(
    spec: Spec,
    parameters: nn.Parameters,
    data: Mapping[str, np.ndarray],
    rngs: list[np.random.Generator],
    pieces: InputPieces,
) -> Iterator[Progress]:
    scale = float(data["target"][1]) if "target" in data else 1.0
    return training.train(
        parameters,
        data,
        replace(spec.hyperparameters, iterations=spec.planned),
        stop=spec.updates,
        output=spec.output,
        curve_every=spec.curve_every,
        rngs=rngs,
        pieces=pieces,
        arithmetic=spec.operations,
        scores={
            name: partial(measure, name, scale=scale, arithmetic=spec.operations)
            for name in spec.measured
        },
    )


def _is_pruned(spec: Spec, points: list[Progress], values: list[float]) -> bool:
    """Return whether the thresholds of the spec end the training at the last of these points."""
    if points[-1].iteration == spec.updates:
        return False
    needed = dict(spec.thresholds).get(points[-1].iteration)
    return is_below(needed, values, spec.pruner, spec.maximize)


def is_below(needed: float | None, values: list[float], pruner: str, maximize: bool) -> bool:
    """Return whether a curve, up to its last value, misses the threshold; None is no threshold."""
    if needed is None:
        return False
    direction = Direction(maximize)
    value = direction.best(values) if PRUNERS[pruner].looks_at == "best" else values[-1]
    return direction.better(needed, value)


def _end(spec: Spec, points: list[Progress], values: list[float], diverged: np.ndarray) -> str:
    """Return how the training ended. `max_cost` prunes it; patience and `stop` finish it."""
    if diverged.any():
        return "diverged"
    if _is_pruned(spec, points, values):
        return "pruned"
    complete = points[-1].iteration in (spec.hyperparameters.iterations, spec.stop)
    return "finished" if complete or is_out_of_patience(spec, values) else "pruned"


def _on_dev(
    spec: Spec, parameters: nn.Parameters, data: Mapping[str, np.ndarray], pieces: InputPieces
) -> tuple[np.ndarray, np.ndarray]:
    """Return predictions (R, m) and logits (R, n[L], m) on the dev set.

    Classes have the smallest integer type that can represent them.
    """
    trained = network(parameters, spec.hyperparameters, spec.output, pieces, spec.operations)
    with np.errstate(all="ignore"):  # of a diverged replicate
        logits = trained.logits(np.asarray(data["X_dev"]).mT).astype(spec.dtype, copy=False)
        predictions = trained.output.predictions(logits)
    if predictions.dtype.kind != "f":
        predictions = predictions.astype(np.min_scalar_type(int(predictions.max())))
    return predictions, logits
