"""Which hyperparameters come next: Optuna's samplers, on a study in memory.

The twin is Optuna's own study, kept in memory and always lived through from trial 0. Each trial is
asked with a fresh sampler seeded from the study's seed and the trial's number, so a suggestion
depends on what was told before it and on nothing else.
"""

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.exceptions import ExperimentalWarning
from optuna.samplers import BaseSampler, QMCSampler, RandomSampler, TPESampler
from optuna.search_space import IntersectionSearchSpace
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from dnnsearch.config.config import Config
from dnnsearch.config.search_space import suggest
from dnnsearch.study.pruning import FinishedCurve
from dnnsearch.trials.metrics import METRICS
from dnnsearch.trials.record import Record
from dnnsearch.trials.spec import Hyperparameters, Value, generator

optuna.logging.set_verbosity(optuna.logging.ERROR)
SAMPLER_STREAM = 1  # the first element of the spawn key of every sampler's seed
CONDITIONAL = "units_"  # asked only for the layers that exist


class RememberingTPE(TPESampler):
    """Optuna's multivariate TPE sampler, of a study that knows what its trials have in common.

    A fresh sampler would look at all of them again, which takes longer with each.
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
    """Optuna's QMC sampler, told not to fix its space by the first trial's depth."""

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        space = super().infer_relative_search_space(study, trial)
        return {name: d for name, d in space.items() if not name.startswith(CONDITIONAL)}


Sampler = Callable[[Mapping[str, Any], int, int, IntersectionSearchSpace], BaseSampler]


def _tpe(
    arguments: Mapping[str, Any], study_seed: int, trial_seed: int, common: IntersectionSearchSpace
) -> BaseSampler:
    return RememberingTPE(common, **arguments, seed=trial_seed)


def _random(
    arguments: Mapping[str, Any], study_seed: int, trial_seed: int, common: IntersectionSearchSpace
) -> BaseSampler:
    return RandomSampler(seed=trial_seed)


def _qmc(
    arguments: Mapping[str, Any], study_seed: int, trial_seed: int, common: IntersectionSearchSpace
) -> BaseSampler:
    """The sequence is scrambled once for the study; what it cannot hold is drawn for the trial."""
    with warnings.catch_warnings():  # that it may change: Optuna's version is pinned by the study
        warnings.simplefilter("ignore", ExperimentalWarning)
        return UnconditionalQMC(
            **arguments,
            seed=study_seed,
            independent_sampler=RandomSampler(seed=trial_seed),
            warn_independent_sampling=False,
        )


SAMPLERS: dict[str, Sampler] = {
    "tpe": _tpe,
    "random": _random,
    "qmc": _qmc,
}
STATES = {
    "finished": TrialState.COMPLETE,
    "pruned": TrialState.PRUNED,
    "diverged": TrialState.PRUNED,  # without intermediate values: no bad value counts as good
    "failed": TrialState.FAIL,
}


class ReplayedStudy:
    """The study as the sampler sees it."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.arguments = dict(config.definition()["sampler"])
        self.sampler = SAMPLERS[self.arguments.pop("name")]
        self._common = IntersectionSearchSpace(include_pruned=True)
        self.told: list[FinishedCurve] = []
        self._asked: dict[int, optuna.Trial] = {}
        self.study = optuna.create_study(
            direction=StudyDirection[METRICS[config.objective].direction.name.upper()],
            pruner=optuna.pruners.NopPruner(),
        )

    def _fresh_sampler(self, number: int) -> BaseSampler:
        seed = self.config.seed
        trial_seed = int(generator(seed, SAMPLER_STREAM, number).integers(2**32))
        return self.sampler(self.arguments, seed, trial_seed, self._common)

    def ask(
        self, number: int, given: Mapping[str, Value] | None
    ) -> tuple[FrozenTrial, Hyperparameters]:
        """The next trial; `given` are values that it shall have, whatever the sampler thinks."""
        self.study.sampler = self._fresh_sampler(number)
        if given is not None:
            self.study.enqueue_trial(dict(given))
        trial = self._asked[number] = self.study.ask()
        assert trial.number == number
        hyperparameters = suggest(trial, self.config)
        return self.study.get_trials(deepcopy=False)[number], hyperparameters

    def tell(self, number: int, record: Record) -> None:
        """Let the sampler know; a pruned trial's curve reaches it as intermediate values."""
        curve = objective_curve(record)
        if record.end == "pruned":
            for step, value in curve.items():
                self._asked[number].report(value, step)
        del self._asked[number]
        if curve:
            self.told.append(FinishedCurve(record.end == "finished", curve))
        self.study.tell(number, optuna_value(record), STATES[record.end])


def optuna_value(record: Record) -> float | None:
    """The value that Optuna has; a pruned trial's stands among its intermediate values only."""
    return record.value if record.end == "finished" else None


def objective_curve(record: Record) -> dict[int, float]:
    """The objective by iteration; none of a diverged trial, whose good points would mislead."""
    if record.end not in ("finished", "pruned"):
        return {}
    values = record.curves[record.spec.objective].mean(axis=0)
    return dict(zip(record.arrays["steps"].tolist(), values.tolist(), strict=True))
