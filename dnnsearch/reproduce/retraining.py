"""One trial trained again, where no result can be seen.

The process that does it is given the study's config and what was asked of the trial, nothing of
what came out. It loads the data from their source into an array store of its own, so that a data
set or a split that has changed is found, and has the trial trained by a worker like every other.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from dnnsearch.config.config import Config, parse_config
from dnnsearch.data.prepare import prepare
from dnnsearch.errors import UserError
from dnnsearch.reproduce.record_comparison import spec_difference
from dnnsearch.runtime import numerics
from dnnsearch.runtime.pinned_call import PinnedCall, pinned_call, requested
from dnnsearch.storage.array_store import ArrayStore
from dnnsearch.study.definition import Definition
from dnnsearch.trials.record import Record, decode
from dnnsearch.trials.run import run_trial
from dnnsearch.trials.spec import Spec
from dnnsearch.workers import Done, Failed, LocalWorkers

SPEC, RECORD, PARAMETERS, ARRAYS = "spec.json", "record.npz", "parameters.npy", "arrays"


@dataclass(frozen=True)
class Retrained:
    """What the definition asks now and, unless that differs from the record, what came of it."""

    spec: Spec
    record: Record | None


@contextmanager
def retraining(config: Config, spec: Spec) -> Iterator[PinnedCall]:
    """Begin to train the trial again; `result` waits for it."""
    request = {"config": config.document(), "spec": spec.as_dict()}
    with pinned_call(train_again, numerics.playable(spec.numerics), request) as process:
        yield process


def result(process: PinnedCall) -> Retrained:
    """Raises UserError where the training could not be done."""
    folder = process.wait()
    spec = Spec.from_dict(json.loads((folder / SPEC).read_text()))
    record = folder / RECORD
    return Retrained(spec, decode(record.read_bytes()) if record.exists() else None)


def train_again(folder: Path) -> None:
    """In the process: derive the spec anew, and train it if it is the one that was recorded."""
    recorded, now = _derive(folder)
    (folder / SPEC).write_text(json.dumps(now.as_dict()))
    if not spec_difference(recorded, now):
        (folder / RECORD).write_bytes(_train(now, folder / ARRAYS))


def _derive(folder: Path) -> tuple[Spec, Spec]:
    """The recorded spec, and the one that the config and its data give now."""
    request = requested(folder)
    recorded = Spec.from_dict(request["spec"])
    config = parse_config(request["config"], "the study's config", "study")
    pins = numerics.playable(recorded.numerics)
    numerics.check(pins)
    prepared = prepare(config, ArrayStore(folder / ARRAYS))
    now = Definition(config, prepared, pins).spec(recorded.number, recorded.hyperparameters, [])
    return recorded, replace(now, thresholds=recorded.thresholds)


def _train(spec: Spec, store: Path) -> bytes:
    """The packed record; raises UserError where the training fails."""
    workers = LocalWorkers(1, spec.numerics, store)
    try:
        workers.submit(spec)
        while True:
            for event in workers.poll(1.0):
                if isinstance(event, Done):
                    return event.packed
                if isinstance(event, Failed):
                    raise UserError(f"trained again, the trial failed: {event.cause}")
    finally:
        workers.close()


def parameters_again(config: Config, spec: Spec) -> np.ndarray:
    """The final parameters (R, P) of a trial whose record is too small to hold them.

    Raises UserError where the data cannot be loaded.
    """
    request = {"config": config.document(), "spec": spec.as_dict()}
    with pinned_call(keep_parameters, numerics.playable(spec.numerics), request) as process:
        return np.asarray(np.load(process.wait() / PARAMETERS))


def keep_parameters(folder: Path) -> None:
    """In the process: train, and write the final parameters."""
    _, spec = _derive(folder)
    parameters = run_trial(spec, ArrayStore(folder / ARRAYS).open(spec.arrays)).parameters
    np.save(folder / PARAMETERS, parameters)
