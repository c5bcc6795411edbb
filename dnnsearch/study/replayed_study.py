"""Which hyperparameters come next: Optuna's samplers, on a study in memory.

The twin is Optuna's own study, kept in memory and always lived through from trial 0. Each trial is
asked with a fresh sampler seeded from the study's seed and the trial's number, so a suggestion
depends on what was told before it and on nothing else.
"""

from collections.abc import Mapping

import optuna
from optuna.samplers import BaseSampler
from optuna.search_space import IntersectionSearchSpace
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from dnnsearch.config.config import Config
from dnnsearch.config.samplers import SamplerContext, new_sampler
from dnnsearch.config.search_space import suggest
from dnnsearch.trials.pruning import FinishedCurve
from dnnsearch.trials.record import Record
from dnnsearch.trials.spec import OBJECTIVES, Hyperparameters, Value, generator

optuna.logging.set_verbosity(optuna.logging.ERROR)
SAMPLER_STREAM = 1  # the first element of the spawn key of every sampler's seed


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
        self._common = IntersectionSearchSpace(include_pruned=True)
        self.told: list[FinishedCurve] = []
        self._asked: dict[int, optuna.Trial] = {}
        self.study = optuna.create_study(
            direction=StudyDirection[OBJECTIVES[config.objective].upper()],
            pruner=optuna.pruners.NopPruner(),
        )

    def _fresh_sampler(self, number: int) -> BaseSampler:
        seed = self.config.seed
        trial_seed = int(generator(seed, SAMPLER_STREAM, number).integers(2**32))
        return new_sampler(self.config.sampler, SamplerContext(seed, trial_seed, self._common))

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
