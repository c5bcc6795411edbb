"""Optuna's samplers, changed where a study that is replayed trial by trial needs it."""

from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import QMCSampler, TPESampler
from optuna.search_space import IntersectionSearchSpace
from optuna.trial import FrozenTrial

CONDITIONAL = "units_"  # names of hyperparameters that are asked only for the layers that exist


class RememberingTPE(TPESampler):
    """Optuna's multivariate TPE sampler with a search space that outlives it.

    A new sampler would look through all trials for the hyperparameters that they have in common,
    which takes longer with each trial.
    """

    def __init__(self, common: IntersectionSearchSpace, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._common = common

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        space = self._common.calculate(study, use_cache=True)
        return {name: d for name, d in space.items() if not d.single()}


class UnconditionalQMC(QMCSampler):
    """Optuna's QMC sampler, whose search space does not depend on the first trial's depth."""

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        space = super().infer_relative_search_space(study, trial)
        return {name: d for name, d in space.items() if not name.startswith(CONDITIONAL)}
