"""A decaying rate makes curves cross late: does median pruning then lose the eventual best trial?

The curves are recorded from real trainings of the same configurations with both schedules, on
several tables: on a single one the best trial may be lost more often with either.
"""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from dnnsearch.trials.pruning import PRUNERS, FinishedCurve, thresholds
from dnnsearch.trials.record import decode, encode
from dnnsearch.trials.run import is_below, run_trial
from tests.support.golden import spec_of

ITERATIONS, EVERY, ORDERS, TABLES = 200, 10, 50, 4
STEPS = [*range(0, ITERATIONS, EVERY)]


def table(seed: int) -> dict[str, Any]:
    """Return two noisy classes in 12 dimensions, whose border is curved."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((400, 12)).astype(np.float32)
    drive = X[:, 0] * X[:, 1] + X[:, 2] ** 2 - 1 + X[:, 3] + 0.7 * rng.standard_normal(400)
    y = (drive > 0).astype(np.int64)
    return {"X_train": X[:300], "y_train": y[:300], "X_dev": X[300:], "y_dev": y[300:]}


@cache
def recorded(schedule: str, rule: str, seed: int) -> list[FinishedCurve]:
    """Return the curves of the dev cost of 24 configurations on one table."""
    found, arrays = [], table(seed)
    for i, rate in enumerate(np.geomspace(0.01, 1, 12)):
        for units in ((4,), (32, 16)):
            scale = 0.1 if rule == "adam" else 1.0
            changes = {"learning_rate": float(rate) * scale, "units": units, "number": i}
            changes |= {"schedule": schedule, "descent": rule, "iterations": ITERATIONS}
            changes |= {"output": "sigmoid", "outputs": 1, "train_examples": 300}
            spec = replace(spec_of(changes), curve_every=EVERY)
            record = decode(encode(spec, run_trial(spec, arrays), {}))
            values = record.curves["dev_cost"][0].tolist()
            found.append(FinishedCurve(True, dict(zip(record.arrays["steps"].tolist(), values))))
    return found


def share_of_lost_best(curves: list[FinishedCurve], pruner: str) -> float:
    """Return in which share of random orders of the trials the eventual best one is pruned."""
    best = min(range(len(curves)), key=lambda i: curves[i].curve[ITERATIONS])
    arguments = {"name": pruner, **PRUNERS[pruner].arguments(EVERY)}
    lost = 0
    for seed in range(ORDERS):
        order = np.random.default_rng(seed).permutation(len(curves)).tolist()
        before = [curves[i] for i in order[: order.index(best)]]
        needed = dict(thresholds(arguments, before, STEPS, maximize=False))
        values = list(curves[best].curve.values())
        lost += any(
            is_below(needed.get(step), values[: k + 1], pruner, maximize=False)
            for k, step in enumerate(STEPS)
        )
    return lost / ORDERS


@pytest.mark.parametrize("rule", [pytest.param("momentum", marks=pytest.mark.proof), "adam"])
@pytest.mark.parametrize("pruner", ["median", "halving"])
def test_the_eventual_best_is_pruned_no_more_often_with_cosine(pruner: str, rule: str) -> None:
    constant, cosine = (
        np.mean([share_of_lost_best(recorded(schedule, rule, s), pruner) for s in range(TABLES)])
        for schedule in ("constant", "cosine")
    )
    assert cosine <= constant
