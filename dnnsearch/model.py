"""A trained network with the preparation of its data inside: raw rows in, classes out."""

import contextlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dnnsearch import numerics
from dnnsearch.arrays import ArrayStore, DamagedArrays, default_root
from dnnsearch.config import parse_config
from dnnsearch.errors import UserError
from dnnsearch.inputs import NAME, Inputs, inputs, unpacked
from dnnsearch.isolation import isolated, requested
from dnnsearch.nn import Network, Parameters
from dnnsearch.record import Record
from dnnsearch.records import SHORT
from dnnsearch.retraining import parameters_again
from dnnsearch.study.reading import OpenStudy
from dnnsearch.tables import INDEX, Prepared, prepare

PREPARED = "prepared.json"


@dataclass(frozen=True)
class Model:
    """The network of one trial; R replicates vote with the mean of their logits."""

    network: Network  # its parameters are (R, P)
    inputs: Inputs  # of raw rows
    classes: np.ndarray  # (classes,): integers where the labels are, else text; none: a regression
    target: np.ndarray  # (2,): mean and scale of a regression's target

    def logits(self, X: Any) -> np.ndarray:
        """Z[L] (n[L], m) of raw rows X, m of them; raises ValueError for rows of another form."""
        columns = self.inputs.apply(X, self.network.parameters.flat.dtype).mT
        return np.asarray(self.network.logits(columns).mean(axis=0))

    def predict(self, X: Any) -> np.ndarray:
        """The classes (m,) of raw rows X; in a regression the values, in the target's unit."""
        if len(self.classes) == 0:
            mean, scale = self.target
            return np.asarray(self.logits(X)[0] * scale + mean, np.float64)
        return np.asarray(self.classes[self.network.output.predictions(self.logits(X))])

    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of each class, (m, classes), for raw rows X."""
        if len(self.classes) == 0:
            raise ValueError("a regression has no classes: use predict")
        outputs = self.network.output.activation.function(self.logits(X), None)
        return (np.concatenate([1 - outputs, outputs]) if len(outputs) == 1 else outputs).T


def model(study: OpenStudy, record: Record) -> Model:
    """The trained network of a record; raises UserError where its data cannot be had any more."""
    spec = record.spec
    if record.end == "failed":
        raise UserError(f"trial {spec.number} of study {study.name} failed: it has no network")
    prepared, arrays = _kept(study, record) or _cached(study, record)
    flat = parameters(study, record)
    network = Network(
        Parameters.from_flat(spec.layer_sizes, flat), spec.hyperparameters.activation, spec.output
    )
    target = np.asarray(arrays.get("target", [0.0, 1.0]), np.float64)
    return Model(network, inputs(arrays), labels(prepared.classes), target)


def parameters(study: OpenStudy, record: Record) -> np.ndarray:
    """The final parameters (R, P), from the record; larger ones are trained again."""
    if "parameters" in record.arrays:
        return record.arrays["parameters"]
    return parameters_again(study.config, record.spec)


def labels(names: Sequence[str]) -> np.ndarray:
    """The classes as a person has them in a table: integers where all names spell one."""
    try:
        numbers = [int(name) for name in names]
    except ValueError:
        return np.array(names)
    return np.array(numbers if [str(n) for n in numbers] == [*names] else names)


Preparation = tuple[Prepared, Mapping[str, np.ndarray]]


def _kept(study: OpenStudy, record: Record) -> Preparation | None:
    """What lies beside the records of a study on a person's file."""
    content = study.records.beside(NAME.format(record.spec.arrays[:SHORT]))
    with contextlib.suppress(DamagedArrays):
        found = unpacked(content) if content else None
        return found if found and found[0].key == record.spec.arrays else None
    return None


def _cached(study: OpenStudy, record: Record) -> Preparation:
    prepared = prepared_of(study, record)
    return prepared, ArrayStore(default_root()).open(prepared.test_key)


def prepared_of(study: OpenStudy, record: Record) -> Prepared:
    """What was prepared for the trial; if the cache has lost it, prepared again."""
    store = ArrayStore(default_root())
    found = _look_up(store, record.spec.arrays)
    if found:
        return found
    pins = numerics.playable(record.spec.numerics)
    with isolated(prepare_again, pins, study.config.document()) as process:
        document = json.loads((process.wait() / PREPARED).read_text())
    prepared = Prepared.from_dict(document)
    if prepared.data_digest != record.spec.data or prepared.split_digest != record.spec.split:
        raise UserError(f"the data of study {study.name} have changed since it was run")
    return prepared


def prepare_again(folder: Path) -> None:
    """In a process of its own: prepare the data of a config, as a search does."""
    config = parse_config(requested(folder), "the study's config", "study")
    numerics.check(numerics.playable(config.numerics))
    prepared = prepare(config, ArrayStore(default_root()))
    (folder / PREPARED).write_text(json.dumps(prepared.as_dict()))


def _look_up(store: ArrayStore, key: str) -> Prepared | None:
    """The entry of the store's index that leads to the arrays `key`."""
    for path in (store.root / INDEX).glob("*.json"):
        try:
            prepared = Prepared.from_dict(json.loads(path.read_bytes())["prepared"])
            if prepared.key == key:
                store.open(prepared.test_key)
                return prepared
        except (ValueError, KeyError, TypeError, OSError, DamagedArrays):
            continue  # damaged: then it is prepared again
    return None
