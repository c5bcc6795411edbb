"""Pruning as a part of the spec: what a trial has to reach at each point, fixed when it is asked.

A pruner of Optuna's looks at other trials' curves while a trial runs, so its decisions depend on
who is fast. Here the same rule is boiled down to one threshold for each point of the grid, as the
study stood when the trial was asked. The thresholds travel with the spec: a pruned trial reruns to
the same end, and no worker needs to know the others.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Thresholds = tuple[tuple[int, float], ...]  # (iteration, what the trial must at least reach)


@dataclass(frozen=True)
class FinishedCurve:
    """The curve of a trial that was told, by iteration; `complete` where nothing cut it short."""

    complete: bool
    curve: Mapping[int, float]


def none(told: Sequence[FinishedCurve], steps: Sequence[int], maximize: bool) -> Thresholds:
    """Nothing is pruned."""
    return ()


def median(
    told: Sequence[FinishedCurve],
    steps: Sequence[int],
    maximize: bool,
    *,
    n_startup_trials: int,
    n_warmup_steps: int,
    n_min_trials: int,
) -> Thresholds:
    """A trial's best value so far must reach the median of the complete trials at that iteration.

    As `optuna.pruners.MedianPruner` of these arguments with `interval_steps=1` decides.
    """
    complete = [trial.curve for trial in told if trial.complete]
    if not complete or len(complete) < n_startup_trials:
        return ()
    thresholds = []
    for step in steps:
        values = [curve[step] for curve in complete if step in curve]
        if step >= n_warmup_steps and values and len(values) >= n_min_trials:
            thresholds.append((step, float(np.nanpercentile(values, 50))))
    return tuple(thresholds)


def halving(
    told: Sequence[FinishedCurve],
    steps: Sequence[int],
    maximize: bool,
    *,
    min_resource: int,
    reduction_factor: int,
) -> Thresholds:
    """At each rung a trial must be in the best 1/reduction_factor of those that came so far.

    Rung r is the first iteration of the grid from min_resource * reduction_factor**r on. As
    `optuna.pruners.SuccessiveHalvingPruner` of these arguments decides: while there are fewer
    trials than reduction_factor, only the best one goes on.
    """
    thresholds = []
    for step in _rungs(steps, min_resource, reduction_factor):
        values = sorted((t.curve[step] for t in told if step in t.curve), reverse=maximize)
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


PRUNERS: dict[str, Callable[..., Thresholds]] = {
    "none": none,
    "median": median,
    "halving": halving,
}


def thresholds(
    pruner: Mapping[str, Any], told: Sequence[FinishedCurve], steps: Sequence[int], maximize: bool
) -> Thresholds:
    """Those of a trial that is asked now; `pruner` is its name and all its arguments."""
    arguments = dict(pruner)
    return PRUNERS[arguments.pop("name")](told, steps, maximize, **arguments)
