"""The winner trained on all that may be learnt from: train and dev together, test never.

It makes as many updates as in the search, so that on more examples they are fewer epochs: what the
search chose was learning rate and updates together, and nothing is left to say when to stop. The
preparation is fitted on the same rows. The dev curves of such a training are of examples that it
has learnt, and say nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from dnnsearch.data.prepare import Prepared, prepare
from dnnsearch.deployment.trial_model import provenance
from dnnsearch.errors import UserError
from dnnsearch.models.ensemble import Model, assemble
from dnnsearch.promotion.candidates import REFIT, Candidate, Tell, fresh, memo, train
from dnnsearch.storage.array_store import ArrayStore
from dnnsearch.study.definition import Definition
from dnnsearch.study.stored_study import OpenStudy
from dnnsearch.trials.record import Record
from dnnsearch.trials.spec import Spec
from dnnsearch.workers import LocalWorkers


@dataclass(frozen=True)
class Refit:
    """Networks of one configuration, trained on train and dev."""

    candidate: Candidate
    record: Record
    prepared: Prepared
    arrays: Mapping[str, np.ndarray]  # as they lie with the test set
    y_train: np.ndarray
    diverged: list[Candidate]  # those that were preferred to it, but did not stay finite


def refit_spec(definition: Definition, whole: Prepared, one: Candidate, replicates: int) -> Spec:
    """The spec of the refit."""
    on_all = replace(definition, prepared=whole)
    spec = fresh(on_all, one.trial, one.hyperparameters, replicates, REFIT)
    return replace(spec, curve_every=definition.curve_every)


def refit(
    study: OpenStudy,
    definition: Definition,
    preferred: list[Candidate],
    replicates: int,
    workers: LocalWorkers,
    store: ArrayStore,
    tell: Tell,
) -> Refit:
    """The first of the preferred whose networks all stay finite; UserError where none's do."""
    whole = prepare(study.config, store, whole=True)
    for place, one in enumerate(preferred):
        spec = refit_spec(definition, whole, one, replicates)
        (record,) = train([spec], memo(study), workers, tell)
        if record.end == "finished":
            y_train = np.asarray(store.open(whole.key)["y_train"])
            test = store.open(whole.test_key)
            return Refit(one, record, whole, test, y_train, preferred[:place])
        tell(f"trial {one.trial}: on train and dev together a network diverged")
    raise UserError(f"study {study.name}: on train and dev together every configuration diverged")


def model(study: OpenStudy, refitted: Refit) -> Model:
    """The ensemble, with its preparation inside."""
    record = refitted.record
    origin = {**provenance(study, study.record(refitted.candidate.trial)), "refit": record.digest}
    return assemble(
        record.spec,
        record.arrays["parameters"],
        refitted.prepared,
        refitted.arrays,
        study.config.data,
        origin,
    )
