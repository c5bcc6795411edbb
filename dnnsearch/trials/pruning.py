"""Pruning as a part of the spec: the values that a trial must reach, fixed when it is asked.

Optuna's pruners compare a running trial with the other trials at that moment, so their decisions
depend on how fast each worker is. Here the same rule becomes one threshold for each point of the
grid, computed from the trials that had been told when the trial was asked. The thresholds are
stored in the spec: a pruned trial reruns to the same end, and a worker needs no other trial.

To add a pruner, write its threshold function and add one row to `PRUNERS`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

Thresholds = tuple[tuple[int, float], ...]  # (iteration, value that the trial must reach there)


@dataclass(frozen=True)
class FinishedCurve:
    """The objective of a told trial by iteration; `complete` if the trial was not pruned."""

    complete: bool
    curve: Mapping[int, float]


def none(finished: Sequence[FinishedCurve], steps: Sequence[int], maximize: bool) -> Thresholds:
    """Return no thresholds: no trial is pruned."""
    return ()


def median(
    finished: Sequence[FinishedCurve],
    steps: Sequence[int],
    maximize: bool,
    *,
    n_startup_trials: int,
    n_warmup_steps: int,
    n_min_trials: int,
) -> Thresholds:
    """Return the median of the complete trials at each iteration of `steps`.

    The decisions are those of `optuna.pruners.MedianPruner` with these arguments and
    `interval_steps=1`.
    """
    complete = [trial.curve for trial in finished if trial.complete]
    if not complete or len(complete) < n_startup_trials:
        return ()
    thresholds = []
    for step in steps:
        values = [curve[step] for curve in complete if step in curve]
        if step >= n_warmup_steps and values and len(values) >= n_min_trials:
            thresholds.append((step, float(np.nanpercentile(values, 50))))
    return tuple(thresholds)


def halving(
    finished: Sequence[FinishedCurve],
    steps: Sequence[int],
    maximize: bool,
    *,
    min_resource: int,
    reduction_factor: int,
) -> Thresholds:
    """Return for each rung the last value that is among the best 1/reduction_factor there.

    Rung r is the first iteration in `steps` that is at least min_resource * reduction_factor**r.
    The decisions are those of `optuna.pruners.SuccessiveHalvingPruner` with these arguments: while
    fewer than reduction_factor trials have reached a rung, only the best one continues.
    """
    thresholds = []
    for step in _rungs(steps, min_resource, reduction_factor):
        values = sorted((t.curve[step] for t in finished if step in t.curve), reverse=maximize)
        promoted = max((len(values) + 1) // reduction_factor, 1)
        if len(values) >= promoted:
            thresholds.append((step, values[promoted - 1]))
    return tuple(thresholds)


def _rungs(steps: Sequence[int], min_resource: int, reduction_factor: int) -> list[int]:
    rungs, resource = [], min_resource
    for step in steps:
        if step >= resource:
            rungs.append(step)
            resource *= reduction_factor
    return rungs


@dataclass(frozen=True)
class Pruner:
    """One way to prune."""

    thresholds: Callable[..., Thresholds]  # of (finished, steps, maximize, **arguments)
    arguments: Callable[[int], dict[str, Any]]  # of curve_every, the updates between two points
    min_points: int  # of the longest trial's curve, if the config has `curve_every: auto`
    looks_at: Literal["best", "last"]  # value of the curve that is compared with the threshold


PRUNERS = {
    "none": Pruner(none, lambda every: {}, min_points=4, looks_at="last"),
    "median": Pruner(
        median,
        lambda every: {"n_startup_trials": 5, "n_warmup_steps": 5 * every, "n_min_trials": 1},
        min_points=10,
        looks_at="best",
    ),
    "halving": Pruner(
        halving,
        lambda every: {"min_resource": 4 * every, "reduction_factor": 3},
        min_points=10,
        looks_at="last",
    ),
}


def pruner_definition(name: str, curve_every: int) -> dict[str, Any]:
    """Return the pruner's name and all its arguments, as the study's definition stores them.

    Arguments that count iterations are multiples of `curve_every`, so they lie on the curves' grid.
    """
    return {"name": name, **PRUNERS[name].arguments(curve_every)}


def thresholds(
    pruner: Mapping[str, Any],
    finished: Sequence[FinishedCurve],
    steps: Sequence[int],
    maximize: bool,
) -> Thresholds:
    """Return the thresholds of a trial that is asked now.

    `pruner` is what `pruner_definition` returns, `finished` are the trials told before, `steps` the
    iterations of the trial's curve.
    """
    arguments = dict(pruner)
    name = arguments.pop("name")
    return PRUNERS[name].thresholds(finished, steps, maximize, **arguments)
