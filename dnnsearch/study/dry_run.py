"""What a search would come to: trials, arithmetic, time and disk, before anything is written.

The sampler has not chosen yet, so the trials are drawn at random from the space. Time is measured
by training one of them for a moment on this machine; both make it an estimate.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import optuna
from optuna.samplers import RandomSampler

from dnnsearch.config.config import Config
from dnnsearch.config.search_space import check_fits, suggest
from dnnsearch.data.prepare import prepare
from dnnsearch.nn import number_of_parameters
from dnnsearch.runtime import numerics
from dnnsearch.storage.array_store import ArrayStore
from dnnsearch.storage.optuna_storage import Rows, is_there, open_storage, study_names
from dnnsearch.study.definition import Definition
from dnnsearch.study.retries import planned
from dnnsearch.study.stored_study import OpenStudy
from dnnsearch.trials.record import MAX_PARAMETER_BYTES
from dnnsearch.trials.run import run_trial
from dnnsearch.trials.spec import Spec
from dnnsearch.trials.training import CURVES

DRAWN = 200  # trials; a longer search is these, scaled
MEASURED_SECONDS = 0.3  # of training, at least
TRIAL_SECONDS = 0.03  # for each trial beside its training
START_SECONDS = 3.0  # for imports and worker processes
POINT_BYTES = 600  # of a curve's point in the rows of Optuna and MLflow, all curves together
TRIAL_BYTES = 16_000  # of a trial's other rows and of its record's text


@dataclass(frozen=True)
class CostEstimate:
    """What is still to be done of a search."""

    done: int  # trials that have ended already
    trials: int  # still to be run
    updates: int
    multiply_adds: int
    seconds: float
    disk: int  # bytes


def estimate_cost(config: Config, retry_failed: bool = False) -> CostEstimate:
    """The plan of a search with this config; raises UserError where a search would.

    Call it in a process with pinned numerics, as a search.
    """
    with tempfile.TemporaryDirectory(prefix="dnnsearch-") as folder:
        store = ArrayStore(Path(folder))
        prepared = prepare(config, store)
        check_fits(config, prepared.shape)
        definition = Definition(config, prepared, numerics.playable(config.numerics))
        done, trials = _standing(config, retry_failed)
        specs = _draw(definition, done, trials)
        if not specs:
            return CostEstimate(done, 0, 0, 0, 0.0, 0)
        speed = _speed(specs, store.open(prepared.key))
    return _summed(definition, done, trials - done, specs, speed)


def _standing(config: Config, retry_failed: bool) -> tuple[int, int]:
    """How many trials of the study have ended, and how many it is to have."""
    if not is_there(config.storage):
        return 0, config.trials
    storage = open_storage(config.storage)
    if config.study not in study_names(storage):
        return 0, config.trials
    study = OpenStudy(config.study, Rows(storage, config.study))
    done = sum(trial.state.is_finished() for trial in study.trials())
    again = planned(study, config.trials) if retry_failed else study.retries
    wanted = max([study.wanted(config.trials), *(number + 1 for number in again)])
    storage.engine.dispose()
    return done, wanted


def _draw(definition: Definition, done: int, trials: int) -> list[Spec]:
    """Trials such as the search may ask, from the first that it has not run."""
    config = definition.config
    study = optuna.create_study(sampler=RandomSampler(seed=config.seed))
    for params in definition.first_params():
        study.enqueue_trial(params)
    numbers = range(min(trials, done + DRAWN))
    return [definition.spec(n, suggest(study.ask(), config), []) for n in numbers][done:]


def _speed(specs: list[Spec], data: Mapping[str, np.ndarray]) -> float:
    """Cost per second of a training of middling size."""
    spec = sorted(specs, key=_cost)[len(specs) // 2]
    longest, iterations = spec.updates, 16
    while True:
        iterations = min(2 * iterations, longest)
        hyper = replace(spec.hyperparameters, iterations=iterations)
        seconds = run_trial(replace(spec, hyperparameters=hyper), data).seconds
        if seconds > MEASURED_SECONDS or iterations == longest:
            return spec.cost(iterations) / seconds


def _cost(spec: Spec) -> int:
    return spec.cost(spec.updates)


def _summed(
    definition: Definition, done: int, trials: int, specs: list[Spec], speed: float
) -> CostEstimate:
    config = definition.config
    scale = trials / len(specs)
    workers = config.workers if isinstance(config.workers, int) else config.parallelism
    seconds = scale * sum(map(_cost, specs)) / speed / min(workers, config.parallelism)
    disk = sum(_bytes(spec, definition.prepared.shape.dev) for spec in specs)
    return CostEstimate(
        done=done,
        trials=trials,
        updates=round(scale * sum(spec.updates for spec in specs)),
        multiply_adds=round(scale * sum(s.multiply_adds(s.updates) for s in specs)),
        seconds=START_SECONDS + TRIAL_SECONDS * trials + seconds,
        disk=round(scale * disk),
    )


def _bytes(spec: Spec, dev_examples: int) -> int:
    """A record lies in the folder of records and, as an artifact, with MLflow."""
    points = spec.updates // spec.curve_every + 2
    weights = number_of_parameters(spec.layer_sizes) * np.dtype(spec.dtype).itemsize
    replicates = spec.replicates
    curves = 8 * points * (1 + len(CURVES) * replicates)
    kept = weights * replicates if weights * replicates <= MAX_PARAMETER_BYTES else 0
    record = kept + curves + 8 * dev_examples * replicates
    return 2 * record + POINT_BYTES * points + TRIAL_BYTES
