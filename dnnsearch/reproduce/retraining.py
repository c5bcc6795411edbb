"""Train one trial again, in a process that cannot see the recorded result.

The process gets the study's config and the trial's spec, but no result. It loads the data from
their source into an array store of its own, so that a changed data set or split is found, and has
the trial trained by a worker process as in a search.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from dnnsearch.config.config import Config, parse_config
from dnnsearch.data.prepare import prepare
from dnnsearch.data.restored_arrays import open_restored, restore
from dnnsearch.errors import UserError
from dnnsearch.reproduce.record_comparison import spec_difference
from dnnsearch.runtime import numerics
from dnnsearch.runtime.pinned_call import PinnedCall, pinned_call, requested
from dnnsearch.storage.array_store import ArrayStore, DamagedArrays
from dnnsearch.study.definition import Definition
from dnnsearch.trials.record import Record, decode
from dnnsearch.trials.run import run_trial
from dnnsearch.trials.spec import Spec
from dnnsearch.workers import Done, Failed, LocalWorkers

# Names in the folder of the process.
SPEC = "spec.json"
RECORD = "record.npz"
PARAMETERS = "parameters.npy"
ARRAYS = "arrays"


@dataclass(frozen=True)
class Retrained:
    """The spec that is derived now and, unless it differs from the recorded one, the result."""

    spec: Spec
    record: Record | None


@contextmanager
def retraining(config: Config, spec: Spec) -> Iterator[PinnedCall]:
    """Start to train the trial again; `result` waits for the process that is yielded."""
    request = {"config": config.document(), "spec": spec.as_dict()}
    with pinned_call(train_again, numerics.supported_pins(spec.numerics), request) as process:
        yield process


def result(process: PinnedCall) -> Retrained:
    """Wait for the process and return its result; raises UserError if it could not train."""
    folder = process.wait()
    spec = Spec.from_dict(json.loads((folder / SPEC).read_text("utf-8")))
    record = folder / RECORD
    return Retrained(spec, decode(record.read_bytes()) if record.exists() else None)


def train_again(folder: Path) -> None:
    """Derive the spec again, and train it if it is the recorded one; runs in the process."""
    config, recorded, now = _derive(folder)
    (folder / SPEC).write_text(json.dumps(now.as_dict()), encoding="utf-8")
    if not spec_difference(recorded, now):
        (folder / RECORD).write_bytes(_train(config, now, folder / ARRAYS))


def _derive(folder: Path) -> tuple[Config, Spec, Spec]:
    """Return the config, the recorded spec, and the one that config and data give now."""
    request = requested(folder)
    recorded = Spec.from_dict(request["spec"])
    config = parse_config(request["config"], "the study's config", "study")
    pins = numerics.supported_pins(recorded.numerics)
    numerics.check(pins)
    prepared = prepare(config, ArrayStore(folder / ARRAYS))
    now = Definition(config, prepared, pins).spec(recorded.number, recorded.hyperparameters, [])
    return config, recorded, replace(now, thresholds=recorded.thresholds)


def _train(config: Config, spec: Spec, store: Path) -> bytes:
    """Return the packed record; raises UserError if the training fails."""
    lost_data = partial(restore, config, ArrayStore(store))
    workers = LocalWorkers(1, spec.numerics, store, lost_data)
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
    """Train again and return the final parameters, (R, P): R replicates of P parameters.

    It is for trials whose parameters are too large for the record. Raises UserError if the data
    cannot be loaded, or if another spec is derived from them than the recorded one.
    """
    request = {"config": config.document(), "spec": spec.as_dict()}
    with pinned_call(keep_parameters, numerics.supported_pins(spec.numerics), request) as process:
        return np.asarray(np.load(process.wait() / PARAMETERS))


def keep_parameters(folder: Path) -> None:
    """Train, and write the final parameters; runs in the process."""
    config, recorded, spec = _derive(folder)
    if difference := spec_difference(recorded, spec):
        raise UserError(f"trial {spec.number} cannot be trained again: {difference}")
    store = ArrayStore(folder / ARRAYS)
    arrays = open_restored(config, store, spec.arrays)
    parameters = run_trial(spec, arrays).parameters
    try:
        store.check(arrays, spec.arrays)
    except DamagedArrays as error:
        raise UserError(f"the data changed during the training, run it again: {error}") from None
    np.save(folder / PARAMETERS, parameters)
