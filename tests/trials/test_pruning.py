"""Our thresholds against Optuna's own pruners, on random curves and one trial after another."""

from collections.abc import Mapping

import numpy as np
import optuna
from hypothesis import given
from hypothesis import strategies as st
from optuna.trial import TrialState

from dnnsearch.trials.pruning import FinishedCurve, thresholds
from dnnsearch.trials.run import is_below

STEPS = range(0, 100, 10)
LAST = 100
values = st.one_of(st.floats(-1, 1), st.integers(-2, 2).map(float))
curves = st.lists(
    st.lists(values, min_size=1, max_size=len(STEPS)), min_size=1, max_size=25
)  # short ones belong to trials with fewer iterations


def optunas(
    pruner: optuna.pruners.BasePruner, curves: list[list[float]], maximize: bool
) -> list[int]:
    """How many points each trial lives to see."""
    study = optuna.create_study(direction="maximize" if maximize else "minimize", pruner=pruner)
    lengths = []
    for curve in curves:
        trial, length = study.ask(), 0
        pruned = False
        for step, value in zip(STEPS, curve, strict=False):
            trial.report(value, step)
            length += 1
            pruned = trial.should_prune()
            if pruned:
                break
        lengths.append(length)
        study.tell(trial, None if pruned else 0.0, TrialState.PRUNED if pruned else None)
    return lengths


def ours(pruner: Mapping[str, object], curves: list[list[float]], maximize: bool) -> list[int]:
    told: list[FinishedCurve] = []
    lengths = []
    for curve in curves:
        needed = dict(thresholds(pruner, told, STEPS, maximize))
        seen: dict[int, float] = {}
        pruned = False
        for step, value in zip(STEPS, curve, strict=False):
            seen[step] = value
            pruned = is_below(needed.get(step), list(seen.values()), str(pruner["name"]), maximize)
            if pruned:
                break
        lengths.append(len(seen))
        told.append(FinishedCurve(not pruned, seen))
    return lengths


@given(curves, st.booleans(), st.integers(0, 5), st.integers(0, 50), st.integers(1, 3))
def test_median_decides_as_optunas_median_pruner(
    curves: list[list[float]], maximize: bool, startup: int, warmup: int, least: int
) -> None:
    pruner = optuna.pruners.MedianPruner(startup, warmup, 1, n_min_trials=least)
    arguments = {"n_startup_trials": startup, "n_warmup_steps": warmup, "n_min_trials": least}
    assert ours({"name": "median", **arguments}, curves, maximize) == optunas(
        pruner, curves, maximize
    )


@given(curves, st.booleans(), st.integers(10, 40), st.integers(2, 4))
def test_halving_decides_as_optunas_successive_halving_pruner(
    curves: list[list[float]], maximize: bool, least: int, factor: int
) -> None:
    pruner = optuna.pruners.SuccessiveHalvingPruner(
        min_resource=least, reduction_factor=factor, min_early_stopping_rate=0, bootstrap_count=0
    )
    arguments = {"min_resource": least, "reduction_factor": factor}
    assert ours({"name": "halving", **arguments}, curves, maximize) == optunas(
        pruner, curves, maximize
    )


def test_a_planted_error_in_the_threshold_is_seen() -> None:
    """The comparison above can fail: with another quantile the decisions differ."""
    rng = np.random.default_rng(0)
    curves = rng.standard_normal((30, 10)).tolist()
    arguments = {"n_startup_trials": 5, "n_warmup_steps": 0, "n_min_trials": 1}
    theirs = optunas(optuna.pruners.PercentilePruner(25.0, 5, 0, 1), curves, True)
    assert ours({"name": "median", **arguments}, curves, True) != theirs
