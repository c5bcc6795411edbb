"""Build the model of a trial from its record."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from dnnsearch.config.config import parse_config
from dnnsearch.data.prepare import INDEX, Prepared, checked_entry, prepare
from dnnsearch.errors import UserError
from dnnsearch.models.ensemble import Model, assemble
from dnnsearch.reproduce.retraining import parameters_again
from dnnsearch.runtime import numerics
from dnnsearch.runtime.pinned_call import pinned_call, requested
from dnnsearch.storage.array_store import ArrayStore, DamagedArrays, default_root
from dnnsearch.study import preparation
from dnnsearch.study.changed_study import check_data
from dnnsearch.study.preparation import Preparation
from dnnsearch.study.stored_study import OpenStudy
from dnnsearch.trials.record import Record, versions

PREPARED = "prepared.json"


def model(study: OpenStudy, record: Record) -> Model:
    """Return the trained model of a record.

    Raise UserError if the trial failed, or if its data are no longer available.
    """
    spec = record.spec
    if record.end == "failed":
        raise UserError(f"trial {spec.number} of study {study.name} failed: it has no network")
    found = _from_side_file(study, record)
    if found is None:
        cached = prepared_of(study, record)
        found = cached, ArrayStore(default_root()).open(cached.test_key)
    prepared, arrays = found
    flat = parameters(study, record)
    origin = provenance(study, record)
    return assemble(spec, flat, prepared, arrays, study.config.data, origin)


def provenance(study: OpenStudy, record: Record) -> dict[str, Any]:
    """Return the origin of a model with a trial's configuration, for the model file."""
    spec = record.spec
    return {
        "study": study.name,
        "trial": spec.number,
        "record": record.digest,
        "data": spec.data,
        "split": spec.split,
        "versions": versions(),
    }


def parameters(study: OpenStudy, record: Record) -> np.ndarray:
    """Return the final parameters (replicates, number of parameters).

    If they were too large for the record, train the trial again.
    """
    if "parameters" in record.arrays:
        return record.arrays["parameters"]
    return parameters_again(study.config, record.spec)


def _from_side_file(study: OpenStudy, record: Record) -> Preparation | None:
    """Read the side file next to the records, which studies on a user's file have."""
    found = preparation.read(study)
    return found if found and found[0].key == record.spec.arrays else None


def prepared_of(study: OpenStudy, record: Record, *, with_train: bool = False) -> Prepared:
    """Return the prepared data of a trial; prepare them again if they are missing or damaged.

    Train and dev are checked only `with_train`: a model needs only what is stored with the test
    set. Raise UserError if the data have changed since the study was run.
    """
    store = ArrayStore(default_root())
    found = _look_up(store, record.spec.arrays, with_train)
    if found and (found.data_digest, found.split_digest) == (record.spec.data, record.spec.split):
        return found
    pins = numerics.supported_pins(record.spec.numerics)
    with pinned_call(prepare_again, pins, study.config.document()) as process:
        document = json.loads((process.wait() / PREPARED).read_text("utf-8"))
    prepared = Prepared.from_dict(document)
    check_data(study, prepared, store)
    return prepared


def prepare_again(folder: Path) -> None:
    """Prepare the data of a config as a search does; runs in a process of its own."""
    config = parse_config(requested(folder), "the study's config", "study")
    numerics.check(numerics.supported_pins(config.numerics))
    prepared = prepare(config, ArrayStore(default_root()))
    (folder / PREPARED).write_text(json.dumps(prepared.as_dict()), encoding="utf-8")


def _look_up(store: ArrayStore, key: str, with_train: bool) -> Prepared | None:
    """Return the entry of the store's index for the arrays `key`; None if none has whole arrays."""
    for path in (store.root / INDEX).glob("*.json"):
        try:
            prepared = checked_entry(json.loads(path.read_bytes()))
            if prepared.key == key:
                for address in (prepared.key, prepared.test_key)[0 if with_train else 1 :]:
                    store.open(address)
                return prepared
        except (ValueError, KeyError, TypeError, OSError, DamagedArrays):
            continue  # damaged: the data are prepared again
    return None
