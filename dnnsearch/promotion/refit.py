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
from dnnsearch.models.mixture import weighted_mean
from dnnsearch.promotion.candidates import REFIT, Candidate, Trainer, fresh
from dnnsearch.promotion.confirmation import Confirmed
from dnnsearch.promotion.ensemble_choice import choose_ensemble
from dnnsearch.promotion.fitted_pieces import MIN_ROWS, Fitted, Member, Tried, fit_pieces
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
    others: tuple[Record, ...] = ()  # of the other members of an ensemble

    @cached_property
    def name(self) -> str:
        """The model's name in the log: the digest of the spec, and of the pieces if it has any."""
        fitted, digest = self.fitted or Fitted(), self.record.spec.digest
        if not fitted.names:
            return digest
        members = [[list(one) for one in fitted.members]] if fitted.members else []
        return hashlib.sha256(canonical([digest, fitted.names, *members]).encode()).hexdigest()

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


def with_pieces(refitted: Refit, trainer: Trainer, confirmed: Confirmed) -> Refit:
    """Return the refit with what is fitted on the dev outputs of the confirmed networks.

    If several configurations answer together, the others are refitted, too.
    """
    dev = confirmed.dev
    if dev is None or len(dev.y) < MIN_ROWS:
        return replace(refitted, fitted=Fitted())
    first = confirmed.chosen.index(refitted.candidate)
    weights, tried = [int(k == first) for k in range(len(confirmed.chosen))], []
    if len(weights) > 1:
        found, ensemble = choose_ensemble(dev, first, [one.trial for one in confirmed.chosen])
        if ensemble.taken:
            refitted, ensemble = _refit_others(refitted, trainer, confirmed, found, ensemble)
            weights = found if ensemble.taken else weights
        tried.append(ensemble)
    outputs = weighted_mean(dev.of_candidates, weights)
    members = [one for one, weight in zip(confirmed.chosen, weights, strict=True) if weight]
    weighted = any(bool(one.hyperparameters.class_weights) for one in members)
    fitted, known = fit_pieces(dev, outputs, weighted), refitted.fitted or Fitted()
    tried += fitted.tried
    return replace(refitted, fitted=replace(fitted, members=known.members, tried=tried))


def _refit_others(
    refitted: Refit, trainer: Trainer, confirmed: Confirmed, weights: list[int], ensemble: Tried
) -> tuple[Refit, Tried]:
    """Refit the other members of an ensemble; if one diverges, the ensemble is not taken."""
    pairs = [pair for pair in zip(confirmed.chosen, weights, strict=True) if pair[1]]
    pairs.sort(key=lambda pair: pair[0] is not refitted.candidate)  # the chosen one first
    replicates = refitted.record.spec.replicates
    specs = [refit_spec(trainer.definition, refitted.prepared, one, replicates) for one, _ in pairs]
    others = trainer.train(specs[1:])
    if bad := [str(one.spec.number) for one in others if one.end != "finished"]:
        note = f"a network of trial {', '.join(bad)} diverged on train and dev together"
        return refitted, replace(ensemble, note=note)
    members = tuple(
        Member(one.trial, weight, spec.digest)
        for (one, weight), spec in zip(pairs, specs, strict=True)
    )
    return replace(refitted, others=tuple(others), fitted=Fitted(members=members)), ensemble


def members_of(refitted: Refit, confirmed: Confirmed) -> list[Candidate]:
    """Return the configurations of the model, in its order."""
    by_trial = {one.trial: one for one in confirmed.chosen}
    members = refitted.fitted.members if refitted.fitted else ()
    return [by_trial[one.trial] for one in members] or [refitted.candidate]


def model(study: OpenStudy, refitted: Refit) -> Model:
    """Return the ensemble of the refitted networks, with its preprocessing."""
    record = refitted.record
    origin = {**provenance(study, study.record(refitted.candidate.trial)), "refit": record.digest}
    if refitted.name != record.spec.digest:
        origin["promoted"] = refitted.name
    fitted = refitted.fitted or Fitted()
    first, *others = (
        assemble(
            one.spec,
            one.arrays["parameters"],
            refitted.prepared,
            refitted.arrays,
            study.config.data,
            origin,
        )
        for one in (record, *refitted.others)
    )
    weights = tuple(one.weight for one in fitted.members) or (1,)
    return replace(first, calibration=fitted.calibration, others=tuple(others), weights=weights)
