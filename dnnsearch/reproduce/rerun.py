"""Train a trial again and give the verdict: identical, or the first difference.

The record is the reference. The result of the new training is compared with it, then its copies in
Optuna's storage and in MLflow.
"""

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dnnsearch.errors import UserError
from dnnsearch.reproduce.record_comparison import (
    ADVICE,
    UNEXPLAINED,
    cause,
    row_difference,
    run_difference,
    spec_difference,
    training_difference,
)
from dnnsearch.reproduce.retraining import Retrained, result, retraining
from dnnsearch.reproduce.rounding import explained_units
from dnnsearch.study.computing_code import other_code
from dnnsearch.study.reading_difference import check_digest
from dnnsearch.study.stored_study import EXPERIMENT, IDENTITY, OpenStudy, as_trial, open_study
from dnnsearch.study.trial_views import ended_view
from dnnsearch.tracking import has_store, tracking_uri
from dnnsearch.trials.record import Record, inconsistencies

if TYPE_CHECKING:  # it imports MLflow for seconds, during which the trial is trained
    from dnnsearch.tracking.read_runs import PublishedTrial


@dataclass
class Verdict:
    """The result of a rerun; `differences` is empty if everything compared is identical."""

    run: str  # STUDY/NUMBER
    compared: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    rounding: str = ""  # a difference that is only rounding, with its cause
    notes: list[str] = field(default_factory=list)  # what could not be compared, and why

    @property
    def exit_code(self) -> int:
        """0 if everything is identical, else 1."""
        return 1 if self.differences or self.rounding else 0

    @property
    def words(self) -> str:
        """`identical`, `equal within rounding: ...`, or `different:` and the first difference."""
        if self.differences:
            return f"different: {self.differences[0]}"
        return f"equal within rounding: {self.rounding}" if self.rounding else "identical"

    @property
    def lines(self) -> list[str]:
        """The text for the user; the first line has the verdict."""
        lines = [f"{self.run} {self.words}"]
        lines += [f"  also: {difference}" for difference in self.differences[1:]]
        lines += [f"  {ADVICE}"] if self.exit_code else []
        lines.append(f"  compared: {'; '.join(self.compared)}")
        return lines + [f"  note: {note}" for note in self.notes]


def rerun(run: str, storage: str) -> Verdict:
    """Train the trial `run` again and compare everything.

    `run` is STUDY/NUMBER or the id of an MLflow run. Raises UserError if there is no such trial, if
    it has not ended, or if its record or its data cannot be read.
    """
    published = None
    if re.fullmatch(r"[0-9a-f]{32}", run):
        from dnnsearch.tracking.read_runs import read_run  # imports MLflow, which takes seconds

        published = read_run(tracking_uri(), run)
    name, number = (published.study, published.number) if published else _parse(run)
    study = open_study(name, storage)
    record = _record(study, number)
    verdict = Verdict(f"{name}/{number}")
    if record.end == "failed":
        verdict.notes.append(
            f"it failed, and a failure is not trained again: {record.document['cause']}"
        )
        _compare_copies(verdict, study, record, published)
        return verdict
    with retraining(study.config, record.spec) as training:
        copies = Verdict(verdict.run)
        _compare_copies(copies, study, record, published)
        retrained = result(training)
        check_digest(study, retrained.spec.data)
        _compare_training(verdict, record, retrained, other_code(study.attributes))
    verdict.compared += copies.compared
    verdict.differences += copies.differences
    verdict.notes += copies.notes
    return verdict


def _parse(run: str) -> tuple[str, int]:
    if found := as_trial(run):
        return found
    raise UserError(f"RUN must be STUDY/NUMBER or the id of an MLflow run, but got {run!r}")


def _record(study: OpenStudy, number: int) -> Record:
    trials = study.trials()
    if number >= len(trials):
        raise UserError(f"study {study.name} has {len(trials)} trials and no trial {number}")
    if not trials[number].state.is_finished():
        raise UserError(f"trial {number} of study {study.name} has not ended yet")
    return study.stated_record(number)


def _compare_training(
    verdict: Verdict, record: Record, retrained: Retrained, other_code: str
) -> None:
    verdict.compared.append("data, split, seed and the rest of the spec")
    if retrained.record is None:
        verdict.differences.append(spec_difference(record.spec, retrained.spec))
        return
    points = len(record.arrays["steps"])
    verdict.compared.append(
        f"{len(record.curves)} curves of {points} points, parameters, predictions"
    )
    difference = training_difference(record, retrained.record)
    why = cause(record, retrained.record, other_code)
    _judge(verdict, difference, record, retrained.record, why)


def _judge(verdict: Verdict, difference: str, record: Record, now: Record, why: str) -> None:
    """Add to the verdict: rounding, another difference, or none although the versions differ."""
    units = explained_units(record, now)
    if difference and units is not None:
        verdict.rounding = f"{difference} ({units:.0f} units in the last place at most, by {why})"
    elif difference:
        damaged = inconsistencies(record)
        verdict.differences.append(difference if damaged else f"{difference} ({why})")
    elif not why.startswith(UNEXPLAINED):
        verdict.notes.append(f"the same in spite of {why}")


def _compare_copies(
    verdict: Verdict, study: OpenStudy, record: Record, published: "PublishedTrial | None"
) -> None:
    number = record.spec.number
    verdict.compared.append("Optuna's row")
    if difference := row_difference(record, study.trials()[number]):
        verdict.differences.append(f"Optuna's row: {difference}")
    try:
        run = published or _find_mlflow_run(study, number)
    except UserError as error:
        verdict.notes.append(f"MLflow's copy was not compared: {error}")
        return
    verdict.compared.append("MLflow's run")
    path = study.path(number)
    if difference := run_difference(
        ended_view(record, path), path.read_bytes(), run, record.spec.objective
    ):
        verdict.differences.append(f"MLflow's run {run.run_id}: {difference}")


def _find_mlflow_run(study: OpenStudy, number: int) -> "PublishedTrial":
    """Return MLflow's run of the trial; raises UserError if there is none."""
    uri = study.config.tracking
    if not has_store(uri):
        raise UserError(f"there is no MLflow to read: the study's tracking is {uri}")
    from dnnsearch.tracking.read_runs import find_trial

    experiment, identity = study.attributes[EXPERIMENT], study.attributes[IDENTITY]
    run = find_trial(uri, experiment, study.name, number, identity)
    if run is None:
        raise UserError(f"there is no run of the trial at {uri}")
    return run
