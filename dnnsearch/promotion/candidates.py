"""The best few configurations of a study, and networks of each that no trial has seen the seeds of.

A fresh training is an ordinary spec with an ordinary record, kept in a folder of its own beside the
study's records: killed and started again, a promotion goes on where it was.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dnnsearch.config.search_space import complete
from dnnsearch.deployment.champion import PROMOTIONS
from dnnsearch.errors import UserError
from dnnsearch.study.definition import Definition
from dnnsearch.study.leaderboard.ranking import leaderboard
from dnnsearch.study.stored_study import OpenStudy
from dnnsearch.trials.record import Record
from dnnsearch.trials.record_store import Records
from dnnsearch.trials.spec import Hyperparameters, Spec, generator
from dnnsearch.workers import Done, Failed, LocalWorkers

PROMOTION_STREAM = 2  # the first element of the spawn key of a promotion's own seeds
CONFIRM, REFIT = 0, 1  # what the second is for
FEWEST_ROUNDS = 4  # of cross-validation
Tell = Callable[[str], object]


@dataclass(frozen=True)
class Candidate:
    """A configuration of the study."""

    trial: int  # the best that had it
    value: float  # which that trial came to in the search
    hyperparameters: Hyperparameters
    multiply_adds: int  # of a training of one network: the price


def candidates(study: OpenStudy, definition: Definition, top: int) -> list[Candidate]:
    """The best `top` configurations, each once, the best first; UserError while there is none."""
    found: dict[Hyperparameters, Candidate] = {}
    board = leaderboard(study)
    if not board.ranked:
        raise UserError(f"study {study.name} has no finished trial yet: there is none to promote")
    rows = {trial.number: trial for trial in study.trials()}
    for row in board.ranked:
        hyper = complete(rows[row.number].params, study.config)
        if hyper not in found and len(found) < top:
            spec = replace(definition.spec(row.number, hyper, []), replicates=1)
            price = spec.multiply_adds(hyper.iterations)
            found[hyper] = Candidate(row.number, row.value or 0.0, hyper, price)
    return list(found.values())


def rounds(definition: Definition, replicates: int) -> int:
    """How often a configuration is trained; with folds each time is a whole cross-validation.

    That is so often that there are at least `replicates` networks, and a spread to be seen.
    """
    folds = definition.config.folds
    return max(FEWEST_ROUNDS, -(-replicates // folds)) if folds else 1


def fresh(
    definition: Definition,
    trial: int,
    hyperparameters: Hyperparameters,
    replicates: int,
    purpose: int,
    turn: int = 0,
) -> Spec:
    """The spec of a training with seeds that no trial of the study has.

    The seed is drawn from the study's, so that the streams of a trial, the children (0, number,
    replicate) of the study's own, are others. Nothing cuts it short: neither a pruner nor a limit.
    """
    seed = int(generator(definition.config.seed, PROMOTION_STREAM, purpose, turn).integers(2**32))
    spec = definition.spec(trial, hyperparameters, [])
    stacked = definition.config.folds if purpose == CONFIRM else None
    return replace(
        spec,
        seed=seed,
        replicates=stacked or replicates,
        max_cost=None,
        pruner="none",
        thresholds=(),
        keep=True,
    )


def memo(study: OpenStudy) -> Records:
    """Where the records of fresh trainings are."""
    return Records(Path(study.records.folder), PROMOTIONS)


def confirmations(study: OpenStudy, trial: int) -> list[Record]:
    """Those of a trial's configuration that are here: fresh seeds, trained on train alone.

    Of several promotions, those with the most networks in a stack.
    """
    searched = study.record(trial).spec
    mine = [
        record
        for record in memo(study).every(trial)
        if record.spec.arrays == searched.arrays
        and record.spec.hyperparameters == searched.hyperparameters
        and record.end == "finished"
    ]
    most = max((record.spec.replicates for record in mine), default=0)
    return [record for record in mine if record.spec.replicates == most]


def train(specs: Sequence[Spec], memo: Records, workers: LocalWorkers, tell: Tell) -> list[Record]:
    """The records of the specs, of different trials; what the memo has is not trained again.

    Raises UserError where a training fails.
    """
    records = {spec.number: memo.find(spec) for spec in specs}
    missing = {spec.number: spec for spec in specs if records[spec.number] is None}
    for spec in missing.values():
        workers.submit(spec)
    while missing:
        for event in workers.poll(0.5):
            if isinstance(event, Failed):
                raise UserError(f"trained again, trial {event.number} failed: {event.cause}")
            if isinstance(event, Done):
                records[event.number] = memo.keep(event.packed)
                spec = missing.pop(event.number)
                tell(f"trial {spec.number}: {spec.replicates} networks trained")
    return [record for spec in specs if (record := records[spec.number])]
