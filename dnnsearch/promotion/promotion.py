"""A study's best configurations confirmed, one of them refitted, tested, written and registered.

Everything that computes is kept in records, so that a promotion that was killed goes on where it
was, to the same bits. What cannot be repeated, a look at the test set, is counted.
"""

from dataclasses import dataclass
from typing import Any

from dnnsearch.errors import UserError
from dnnsearch.models.model_file import encode
from dnnsearch.promotion.candidates import Candidate, Tell
from dnnsearch.promotion.confirmation import Confirmed, confirm
from dnnsearch.promotion.evaluation import Evaluation, found_something, identity
from dnnsearch.promotion.refit import Refit, model, refit
from dnnsearch.promotion.registration import Registered, register_champion
from dnnsearch.runtime import numerics
from dnnsearch.storage.array_store import ArrayStore, default_root
from dnnsearch.storage.study_lock import study_lock
from dnnsearch.study.definition import Definition, resolve_definition
from dnnsearch.study.stored_study import OpenStudy
from dnnsearch.study.worker_factory import local_workers
from dnnsearch.tracking import UNTRACKED, check_uri


@dataclass(frozen=True)
class Promotion:
    """What came of it."""

    study: str
    objective: str
    folds: int | None
    confirmed: Confirmed
    winner: Candidate
    diverged: list[Candidate]  # when refitted, of those that were preferred to the winner
    replicates: int
    figures: dict[str, Any]  # on the test set: ensemble, single, guess, examples
    openings: list[dict[str, Any]]  # of this test set, the first first
    found: bool  # more than guessing has
    crowned: Registered


def promote(
    study: OpenStudy, top: int, replicates: int, workers: int | None, tell: Tell
) -> Promotion:
    """Call it in a process with pinned numerics, as a search.

    Raises UserError while somebody works on the study, when it has no finished trial, when its data
    have changed, and when every candidate diverges.
    """
    store = ArrayStore(default_root())
    definition = resolved_study(study, store)
    numerics.check(definition.numerics)
    if study.config.tracking != UNTRACKED:
        check_uri(study.config.tracking)
    with study_lock(study.rows.storage.url, study.name):
        count = workers or study.config.processes
        with local_workers(definition, count, default_root()) as pool:
            confirmed = confirm(study, definition, top, replicates, pool, store, tell)
            preferred = confirmed.preferred
            refitted = refit(study, definition, preferred, replicates, pool, store, tell)
        return _conclude(study, definition, confirmed, refitted, tell)


def resolved_study(study: OpenStudy, store: ArrayStore) -> Definition:
    """The study's definition with its data; raises UserError where these have changed."""
    definition = resolve_definition(study.config, store)
    there = (definition.prepared.data_digest, definition.prepared.split_digest)
    if there != (study.definition["data_digest"], study.definition["split_digest"]):
        raise UserError(f"the data of study {study.name} have changed since it was run")
    return definition


def _conclude(
    study: OpenStudy, definition: Definition, confirmed: Confirmed, refitted: Refit, tell: Tell
) -> Promotion:
    """The test set, the model file and the registry, which MLflow may take its seconds for."""
    promoted = model(study, refitted)
    look = Evaluation(study, identity(definition), refitted, promoted)
    tell("the test set")
    figures = look.figures
    found = found_something(figures, definition.maximize)
    crowned = register_champion(study, look, encode(promoted), found, figures, tell)
    return Promotion(
        study=study.name,
        objective=study.config.objective,
        folds=study.config.folds,
        confirmed=confirmed,
        winner=refitted.candidate,
        diverged=refitted.diverged,
        replicates=promoted.replicates,
        figures=figures,
        openings=look.book.of(look.test),
        found=found,
        crowned=crowned,
    )
