"""The winner, trained on train and dev together; the test set is never used.

It makes as many updates as in the search, so on more examples it trains for fewer epochs: the
search chose learning rate and updates together, and no dev set is left to decide when to stop.
If the search kept the best point of each training, a refit has the same schedule of the learning
rate, and ends after the mean number of updates at the best points of the confirmations.
The preprocessing is fitted on the same rows. The dev curves of a refit are meaningless, because
the dev examples are part of its training set.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from dnnsearch.config.config import Config
from dnnsearch.data.equal_rows import seen
from dnnsearch.data.prepare import Prepared, prepare
from dnnsearch.data.restored_arrays import open_restored
from dnnsearch.deployment.trial_model import provenance
from dnnsearch.errors import UserError
from dnnsearch.models.ensemble import Model, assemble
from dnnsearch.promotion.candidates import REFIT, Candidate, Trainer, fresh
from dnnsearch.promotion.confirmation import Confirmed
from dnnsearch.promotion.fitted_pieces import Fitted, fit_pieces
from dnnsearch.storage.array_store import ArrayStore, canonical
from dnnsearch.study.definition import Definition
from dnnsearch.study.stored_study import OpenStudy
from dnnsearch.trials.hyperparameter_row import LAST
from dnnsearch.trials.record import Record
from dnnsearch.trials.spec import Spec


@dataclass(frozen=True)
class Refit:
    """Networks of one configuration, trained on train and dev."""

    candidate: Candidate
    record: Record
    prepared: Prepared
    arrays: Mapping[str, np.ndarray]  # the prepared test set, with means and scales
    y_train: np.ndarray
    known: int  # test examples that train or dev have, in all inputs of the networks
    diverged: list[Candidate]  # preferred to this one, but diverged
    fitted: Fitted | None = None  # on dev; None if nothing was tried, as by older versions

    @cached_property
    def name(self) -> str:
        """The model's name in the log: the digest of the spec, and of the pieces if it has any."""
        digest = self.record.spec.digest
        pieces = self.fitted.names if self.fitted else []
        return (
            hashlib.sha256(canonical([digest, pieces]).encode()).hexdigest() if pieces else digest
        )

    @property
    def logged(self) -> dict[str, Any]:
        """What the log has of the pieces; nothing if none was tried."""
        if self.fitted is None:
            return {}
        document = self.fitted.document()
        return {"fitted": document, **({"refit": self.record.spec.digest} if document else {})}


def refit_spec(definition: Definition, whole: Prepared, one: Candidate, replicates: int) -> Spec:
    """Return the spec of a refit on `whole`, which is train and dev together."""
    on_all = replace(definition, prepared=whole)
    hyper = replace(one.hyperparameters, checkpoint=LAST, patience=None)
    spec = fresh(on_all, one.trial, hyper, replicates, REFIT)
    return replace(spec, curve_every=definition.curve_every, stop=one.stop)


def refit(trainer: Trainer, preferred: list[Candidate], replicates: int) -> Refit:
    """Refit the preferred candidates in order; return the first whose networks all stay finite.

    Raise UserError if all diverge or a training fails.
    """
    config = trainer.definition.config
    whole = prepare(config, trainer.store, whole=True)
    for rank, one in enumerate(preferred):
        spec = refit_spec(trainer.definition, whole, one, replicates)
        (record,) = trainer.train([spec])
        if record.end == "finished":
            return refit_of(config, trainer.store, whole, one, record, preferred[:rank])
        trainer.report(f"trial {one.trial}: a network diverged on train and dev together")
    raise UserError(
        f"study {trainer.study.name}: every configuration diverged on train and dev together"
    )


def refit_of(
    config: Config,
    store: ArrayStore,
    whole: Prepared,
    candidate: Candidate,
    record: Record,
    diverged: Sequence[Candidate] = (),
) -> Refit:
    """Return a refit from its record, with the arrays that belong to it."""
    train_arrays = open_restored(config, store, whole.key)
    test = open_restored(config, store, whole.test_key)
    known = int(seen(train_arrays["X_train"], test["X_test"]).sum())
    y_train = np.asarray(train_arrays["y_train"])
    return Refit(candidate, record, whole, test, y_train, known, list(diverged))


def with_pieces(refitted: Refit, confirmed: Confirmed) -> Refit:
    """Return the refit with what is fitted on the dev outputs of the confirmed networks."""
    dev, one = confirmed.dev, refitted.candidate
    if dev is None:
        return refitted
    outputs = dev.of_candidates[confirmed.chosen.index(one)]
    weighted = bool(one.hyperparameters.class_weights)
    return replace(refitted, fitted=fit_pieces(dev, outputs, weighted))


def model(study: OpenStudy, refitted: Refit) -> Model:
    """Return the ensemble of the refitted networks, with its preprocessing."""
    record = refitted.record
    origin = {**provenance(study, study.record(refitted.candidate.trial)), "refit": record.digest}
    if refitted.name != record.spec.digest:
        origin["promoted"] = refitted.name
    plain = assemble(
        record.spec,
        record.arrays["parameters"],
        refitted.prepared,
        refitted.arrays,
        study.config.data,
        origin,
    )
    return replace(plain, calibration=refitted.fitted.calibration if refitted.fitted else None)
