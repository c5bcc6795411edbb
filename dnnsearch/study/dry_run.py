"""Estimate the cost of a search: trials, arithmetic, time and disk; nothing is written.

The sampler has not chosen the trials yet, so they are drawn at random from the space. Time is
measured by training one of them for a moment on this machine. Both make it an estimate.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import optuna
from optuna.samplers import RandomSampler

from dnnsearch.config.config import Config
from dnnsearch.config.search_space import suggest
from dnnsearch.runtime import numerics
from dnnsearch.storage.array_store import ArrayStore
from dnnsearch.storage.optuna_storage import Rows, is_there, open_storage, study_names
from dnnsearch.study.definition import Definition, resolve_definition
from dnnsearch.study.retries import retries_of
from dnnsearch.study.stored_study import OpenStudy
from dnnsearch.study.study_creation import check_study
from dnnsearch.trials.record import MAX_PARAMETER_BYTES
from dnnsearch.trials.run import run_trial
from dnnsearch.trials.spec import Spec
from dnnsearch.trials.training import CURVES

MAX_DRAWN_TRIALS = 200  # the cost of a longer search is scaled from these
MIN_MEASURED_SECONDS = 0.3
SECONDS_PER_TRIAL = 0.03  # in addition to its training
START_SECONDS = 3.0  # for imports and worker processes
BYTES_PER_POINT = 600  # of all curves together, in the rows of Optuna and MLflow
BYTES_PER_TRIAL = 16_000  # of its other rows and of its record's text


@dataclass(frozen=True)
class CostEstimate:
    """The part of a search that is still to be run."""

    done: int  # trials that have ended already
    trials: int  # still to be run
    updates: int
    multiply_adds: int
    seconds: float
    disk: int  # bytes


def estimate_cost(
    config: Config, retry_failed: bool = False, accept_code: bool = False
) -> CostEstimate:
    """Estimate a search with this config; raises UserError if the search would.

    That another process works on the study is no error. The process must have pinned numerics, as
    for a search.
    """
    numerics.require(config.numerics)
    with tempfile.TemporaryDirectory(prefix="dnnsearch-") as folder:
        store = ArrayStore(Path(folder))
        definition = resolve_definition(config, store)
        done, trials = _count_trials(definition, store, retry_failed, accept_code)
        specs = _draw(definition, done, trials)
        if not specs:
            return CostEstimate(done, 0, 0, 0, 0.0, 0)
        speed = _speed(specs, store.open(definition.prepared.key))
    return _summed(definition, done, trials - done, specs, speed)


def _count_trials(
    definition: Definition, store: ArrayStore, retry_failed: bool, accept_code: bool
) -> tuple[int, int]:
    """Return how many trials of the study have ended, and how many it is to have.

    Raise UserError if the search would not go on with the study.
    """
    config = definition.config
    if not is_there(config.storage):
        return 0, config.trials
    storage = open_storage(config.storage)
    if config.study not in study_names(storage):
        return 0, config.trials
    study = OpenStudy(config.study, Rows(storage, config.study))
    check_study(study.rows, definition, store, accept_code)
    done = sum(trial.state.is_finished() for trial in study.trials())
    retries = retries_of(study, config.trials) if retry_failed else study.retries
    total = max([study.total_trials(config.trials), *(number + 1 for number in retries)])
    storage.engine.dispose()
    return done, total


def _draw(definition: Definition, done: int, trials: int) -> list[Spec]:
    """Draw specs that the search may ask, from the first trial that has not ended."""
    config = definition.config
    study = optuna.create_study(sampler=RandomSampler(seed=config.seed))
    for params in definition.first_params():
        study.enqueue_trial(params)
    numbers = range(min(trials, done + MAX_DRAWN_TRIALS))
    return [definition.spec(n, suggest(study.ask(), config), []) for n in numbers][done:]


def _speed(specs: list[Spec], data: Mapping[str, np.ndarray]) -> float:
    """Measure the training of the spec with the median cost; return its cost per second."""
    spec = sorted(specs, key=_cost)[len(specs) // 2]
    longest, iterations = spec.updates, 16
    while True:
        iterations = min(2 * iterations, longest)
        hyper = replace(spec.hyperparameters, iterations=iterations)
        seconds = run_trial(replace(spec, hyperparameters=hyper), data).seconds
        if seconds > MIN_MEASURED_SECONDS or iterations == longest:
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
        seconds=START_SECONDS + SECONDS_PER_TRIAL * trials + seconds,
        disk=round(scale * disk),
    )


def _bytes(spec: Spec, dev_examples: int) -> int:
    """Estimate a trial's disk space; its record is stored twice, in its folder and in MLflow."""
    points = spec.updates // spec.curve_every + 2
    weights = spec.size * np.dtype(spec.dtype).itemsize
    replicates = spec.replicates
    curves = 8 * points * (1 + len(CURVES) * replicates)
    kept = weights * replicates if weights * replicates <= MAX_PARAMETER_BYTES else 0
    record = kept + curves + 8 * dev_examples * replicates
    return 2 * record + BYTES_PER_POINT * points + BYTES_PER_TRIAL
