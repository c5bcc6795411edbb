"""The sampler that keeps its search space suggests what a new sampler of Optuna's would."""

import numpy as np
import optuna
import pytest
from optuna.samplers import TPESampler
from optuna.search_space import IntersectionSearchSpace
from optuna.trial import Trial, TrialState

from dnnsearch.config.optuna_samplers import RememberingTPE
from dnnsearch.config.samplers import SAMPLERS

ARGUMENTS = SAMPLERS["tpe"].arguments
ENDS = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)


def suggested(trial: Trial) -> dict[str, float]:
    """Units only of the layers that there are, more layers later on, and one that has no choice."""
    layers = trial.suggest_int("layers", 1, 2 if trial.number < 12 else 3)
    units = {f"units_{i}": trial.suggest_int(f"units_{i}", 8, 64, log=True) for i in range(layers)}
    trial.suggest_float("learning_rate", 0.1, 0.1)
    return {"layers": layers, "momentum": trial.suggest_float("momentum", 0.5, 0.9), **units}


@pytest.mark.parametrize("seed", range(4))
def test_it_suggests_what_a_fresh_sampler_of_optunas_would_in_whatever_order_trials_end(
    seed: int,
) -> None:
    common = IntersectionSearchSpace(include_pruned=True)
    fresh, remembering = optuna.create_study(), optuna.create_study()
    rng = np.random.default_rng(seed)
    flying: list[int] = []
    for number in range(60):
        fresh.sampler = TPESampler(**ARGUMENTS, seed=number)
        remembering.sampler = RememberingTPE(common, **ARGUMENTS, seed=number)
        pairs = [study.ask() for study in (fresh, remembering)]
        assert suggested(pairs[0]) == suggested(pairs[1])
        flying.append(number)
        if len(flying) == 6:  # one of those in flight ends, in some way
            ended = flying.pop(int(rng.integers(6)))
            state = ENDS[int(rng.choice(3, p=[0.7, 0.2, 0.1]))]
            value = float(rng.normal()) if state == TrialState.COMPLETE else None
            for study in (fresh, remembering):
                study.tell(ended, value, state=state)
