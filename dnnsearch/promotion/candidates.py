"""The best configurations of a study, and networks of each with seeds that no trial has used.

Such a training has an ordinary spec and an ordinary record, in a folder of its own next to the
study's records, so a promotion that was killed resumes from the records.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from dnnsearch.config.search_space import complete
from dnnsearch.deployment.champion import PROMOTIONS, Report
from dnnsearch.errors import DamagedFile, UserError
from dnnsearch.storage.array_store import ArrayStore
from dnnsearch.study.coordinator import Workers
from dnnsearch.study.definition import Definition
from dnnsearch.study.leaderboard.ranking import leaderboard
from dnnsearch.study.stored_study import OpenStudy
from dnnsearch.trials.hyperparameters import Hyperparameters
from dnnsearch.trials.record import Record
from dnnsearch.trials.record_store import RecordMemo, Records
from dnnsearch.trials.schedules import DECAYING
from dnnsearch.trials.spec import Spec, generator
from dnnsearch.workers import Done, Failed, Progressed

PROMOTION_STREAM = 2  # the first element of the spawn key of a promotion's own seeds
CONFIRM, REFIT, ABLATE, COMPARE = range(4)  # the second element: the purpose of a training
MIN_CROSS_VALIDATION_ROUNDS = 4
START = 0  # the trial that every search starts with


@dataclass(frozen=True)
class Candidate:
    """A configuration of the study."""

    trial: int  # the best trial with this configuration
    value: float  # the trial's value in the search
    hyperparameters: Hyperparameters
    multiply_adds: int  # the cost of training one network
    stop: int | None = None  # updates of a refit: the mean of the confirmations' best points


class TrainingMeter:
    """Counts the trainings of a promotion; `show` gets how many are done, and of how many."""

    def __init__(self, trainings: int, show: Callable[[float, int], object]) -> None:
        self._total, self._show = trainings, show
        self._ended = 0
        self._parts: dict[int, float] = {}  # number of the trial -> part of its training
        show(0, trainings)

    def expect(self, trainings: int) -> None:
        """So many more trainings follow, which may be more than were planned."""
        self._total = max(self._total, self._ended + trainings)

    def end(self, number: int) -> None:
        """A training has ended, now or in an earlier run."""
        self._ended += 1
        self.part(number, 0.0)

    def part(self, number: int, share: float) -> None:
        """A training has made this share of its updates."""
        self._parts[number] = share
        self._show(self._ended + sum(self._parts.values()), self._total)


@dataclass(frozen=True)
class Trainer:
    """What a promotion trains with, and where its records are stored."""

    study: OpenStudy
    definition: Definition
    records: Records
    workers: Workers
    store: ArrayStore
    report: Report
    meter: TrainingMeter = field(default_factory=lambda: TrainingMeter(0, lambda done, total: None))
    names: Sequence[str] = ()  # of the configurations, if a spec's number is not that of a trial

    def train(self, specs: Sequence[Spec]) -> list[Record]:
        """Return the records of the specs, one for each trial; train only those that are missing.

        Raise UserError if a training fails.
        """
        known = RecordMemo(self.records, self.report)
        self.meter.expect(len(specs))
        records = {spec.number: known.find(spec) for spec in specs}
        missing = {spec.number: spec for spec in specs if records[spec.number] is None}
        for number in records.keys() - missing.keys():
            self.meter.end(number)
        for spec in missing.values():
            self.workers.submit(spec)
        while missing:
            for event in self.workers.poll(0.5):
                if isinstance(event, Failed):
                    name = self._name(event.number)
                    raise UserError(f"{name} failed when trained again: {event.cause}")
                if isinstance(event, Progressed):
                    planned = missing[event.number].hyperparameters.iterations
                    self.meter.part(event.number, event.iteration / planned)
                if isinstance(event, Done):
                    self.meter.end(event.number)
                    records[event.number] = self.records.save(event.packed)
                    del missing[event.number]
        return [record for spec in specs if (record := records[spec.number])]

    def _name(self, number: int) -> str:
        return self.names[number] if self.names else f"trial {number}"


def candidates(
    study: OpenStudy, definition: Definition, top: int, of: Collection[int] | None = None
) -> list[Candidate]:
    """Return the best `top` configurations, each once, best first; `of` leaves only these trials.

    Raise UserError if the study has no finished trial.
    """
    found: dict[Hyperparameters, Candidate] = {}
    board = leaderboard(study)
    if not board.ranked:
        raise UserError(f"study {study.name} has no finished trial yet: there is none to promote")
    rows = {trial.number: trial for trial in study.trials()}
    for row in board.ranked:
        hyper = complete(rows[row.number].params, study.config)
        if of is not None and row.number not in of:
            continue
        if hyper not in found and len(found) < top:
            found[hyper] = _candidate(definition, row.number, row.value or 0.0, hyper)
    return list(found.values())


def _candidate(
    definition: Definition, trial: int, value: float, hyperparameters: Hyperparameters
) -> Candidate:
    spec = replace(definition.spec(trial, hyperparameters, []), replicates=1)
    cost = spec.multiply_adds(hyperparameters.iterations)
    return Candidate(trial, value, hyperparameters, cost)


def start_of(study: OpenStudy, definition: Definition) -> Candidate | None:
    """Return trial 0, from which the search started; None if it has no value."""
    first = next((row for row in leaderboard(study).ranked if row.number == START), None)
    if first is None or first.value is None:
        return None
    hyper = hyperparameters_of(study, START)
    return _candidate(definition, START, first.value, hyper)


def contestants(chosen: list[Candidate], start: Candidate | None) -> list[Candidate]:
    """Return the chosen ones, and the start unless its configuration is one of theirs."""
    known = [one.hyperparameters for one in chosen]
    return [*chosen, start] if start and start.hyperparameters not in known else chosen


def hyperparameters_of(study: OpenStudy, trial: int) -> Hyperparameters:
    """Return the hyperparameters of a trial; raise UserError if the study has no such trial."""
    for row in study.trials():
        if row.number == trial:
            return complete(row.params, study.config)
    raise UserError(f"study {study.name} has no trial {trial}")


def rounds(definition: Definition, replicates: int) -> int:
    """Return how often a configuration is trained; with folds, a round is a cross-validation.

    With folds there are enough rounds for `replicates` networks, and at least 4, to measure the
    spread of the seeds.
    """
    folds = definition.config.folds
    return max(MIN_CROSS_VALIDATION_ROUNDS, -(-replicates // folds)) if folds else 1


def fresh(
    definition: Definition,
    trial: int,
    hyperparameters: Hyperparameters,
    replicates: int,
    purpose: int,
    round_number: int = 0,
    *,
    streams: int | None = None,
    seed: int | None = None,
) -> Spec:
    """Return the spec of a training with seeds that no trial of the study has used.

    The seed is drawn from a stream of the study's seed, or of another `seed`, that no trial uses:
    trials use the streams (0, number, replicate). Trainings with the same `streams` have the same
    random numbers. No pruner and no limit ends the training early; a limit
    that shortened the schedule of the search shortens this one, too.
    """
    of = definition.config.seed if seed is None else seed
    stream = generator(of, PROMOTION_STREAM, purpose, round_number)
    fresh_seed = int(stream.integers(2**32))
    spec = definition.spec(trial, hyperparameters, [])
    stacked = definition.config.folds if purpose != REFIT else None
    return replace(
        spec,
        hyperparameters=_unlimited(spec),
        seed=fresh_seed,
        streams=streams,
        replicates=stacked or replicates,
        max_cost=None,
        pruner="none",
        thresholds=(),
        keep=True,
    )


def _unlimited(spec: Spec) -> Hyperparameters:
    """Return hyperparameters by which the rate falls as in the spec, without the spec's limit."""
    hyper = spec.hyperparameters
    return replace(hyper, iterations=spec.planned) if hyper.schedule in DECAYING else hyper


def memo(study: OpenStudy) -> Records:
    """Return the store of the records of a study's promotions."""
    return Records(Path(study.records.folder), PROMOTIONS, maker="promotion")


def refit_record(study: OpenStudy, entry: Mapping[str, Any]) -> Record | None:
    """Return the record of the networks that an entry scored; None if it is not there."""
    try:
        records = memo(study).every(entry["trial"])
    except DamagedFile:
        return None
    wanted = entry.get("refit", entry["model"])  # a model with pieces has a name of its own
    return next((one for one in records if one.spec.digest == wanted), None)


def confirmations(study: OpenStudy, trial: int) -> list[Record]:
    """Return the stored records of a trial's configuration with fresh seeds, trained on train only.

    After several promotions, these are the ones with the most networks per record.
    """
    searched = study.record(trial).spec
    found = [
        record
        for record in memo(study).every(trial)
        if record.spec.arrays == searched.arrays
        and record.spec.hyperparameters == _unlimited(searched)
        and record.end == "finished"
    ]
    most = max((record.spec.replicates for record in found), default=0)
    return [record for record in found if record.spec.replicates == most]
