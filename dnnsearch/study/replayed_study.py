"""Which hyperparameters come next: Optuna's samplers, on a study in memory.

The study is one of Optuna's, kept in memory and always replayed from trial 0. Each trial is asked
with a new sampler seeded from the study's seed and the trial's number, so a suggestion depends on
what was told before it and on nothing else.
"""

from collections.abc import Mapping

import optuna
from optuna.search_space import IntersectionSearchSpace
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from dnnsearch.config.config import Config
from dnnsearch.config.samplers import SamplerContext, new_sampler
from dnnsearch.config.search_space import suggest
from dnnsearch.runtime.numerics import EXACT
from dnnsearch.trials.checkpoint import mean_of_replicates
from dnnsearch.trials.hyperparameter_row import Value
from dnnsearch.trials.hyperparameters import Hyperparameters
from dnnsearch.trials.metrics import METRICS
from dnnsearch.trials.pruning import FinishedCurve
from dnnsearch.trials.record import Record
from dnnsearch.trials.spec import generator

optuna.logging.set_verbosity(optuna.logging.ERROR)
SAMPLER_STREAM = 1  # first element of the spawn key of every sampler's seed


STATES = {
    "finished": TrialState.COMPLETE,
    "pruned": TrialState.PRUNED,
    "diverged": TrialState.PRUNED,  # without intermediate values, which could look good
    "failed": TrialState.FAIL,
}


class ReplayedStudy:
    """The study as the sampler sees it."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self._search_space = IntersectionSearchSpace(include_pruned=True)
        self.finished_curves: list[FinishedCurve] = []
        self._asked: dict[int, optuna.Trial] = {}
        self.study = optuna.create_study(
            direction=StudyDirection[METRICS[config.objective].direction.name.upper()],
            pruner=optuna.pruners.NopPruner(),
        )

    def ask(
        self, number: int, preset: Mapping[str, Value] | None
    ) -> tuple[FrozenTrial, Hyperparameters]:
        """Ask the next trial, which has this number; return it with its hyperparameters.

        `preset` are Optuna's params that the trial gets instead of the sampler's choice.
        """
        seed = self.config.seed
        trial_seed = int(generator(seed, SAMPLER_STREAM, number).integers(2**32))
        context = SamplerContext(seed, trial_seed, self._search_space)
        self.study.sampler = new_sampler(
            self.config.sampler, context, self.config.numerics == EXACT
        )
        if preset is not None:
            self.study.enqueue_trial(dict(preset))
        trial = self._asked[number] = self.study.ask()
        assert trial.number == number
        hyperparameters = suggest(trial, self.config)
        return self.study.get_trials(deepcopy=False)[number], hyperparameters

    def tell(self, number: int, record: Record) -> None:
        """Tell the sampler; a pruned trial's curve is reported as intermediate values."""
        curve = objective_curve(record)
        if record.end == "pruned":
            for step, value in curve.items():
                self._asked[number].report(value, step)
        del self._asked[number]
        if curve:
            curve = {**curve, **_after_the_end(record)}
            self.finished_curves.append(FinishedCurve(record.end == "finished", curve))
        self.study.tell(number, optuna_value(record), STATES[record.end])


def optuna_value(record: Record) -> float | None:
    """Return the value that Optuna stores: the objective if the trial is finished, else None."""
    return record.value if record.end == "finished" else None


def _after_the_end(record: Record) -> dict[int, float]:
    """Return the kept value at the later points of a training that patience has ended."""
    spec = record.spec
    if record.end != "finished" or record.value is None:
        return {}
    grid = (*range(0, spec.updates, spec.curve_every), spec.updates)
    return {step: record.value for step in grid if step > record.iterations}


def objective_curve(record: Record) -> dict[int, float]:
    """Return iteration -> objective, the mean over the replicates.

    It is empty for a diverged trial, whose good points would mislead the sampler.
    """
    if record.end not in ("finished", "pruned"):
        return {}
    values = mean_of_replicates(record.curves[record.spec.objective], record.spec)
    return dict(zip(record.arrays["steps"].tolist(), values.tolist(), strict=True))
