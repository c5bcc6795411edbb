"""Where a promoted model is stored: a file next to the records, a version in MLflow, the alias.

The champion is the version with MLflow's alias `champion`, and a file that `predict STUDY` uses
without MLflow. A new model replaces it only if it is better than guessing and better than the
present champion on the same test set. The same rule holds if the alias is on a version of another
study with the same name.
"""

from dataclasses import dataclass

from dnnsearch.deployment.champion import (
    Champion,
    Report,
    belongs_to,
    champion_version,
    download,
    find_champion,
    save_champion,
)
from dnnsearch.errors import UserError
from dnnsearch.models.ensemble import Model
from dnnsearch.models.model_file import ENDING, digest, encode_answers
from dnnsearch.promotion.candidates import memo
from dnnsearch.promotion.evaluation import Evaluation, send_openings
from dnnsearch.runtime.cli_process import command_line
from dnnsearch.study.promoted_figure import PromotedFigure, promoted_figure
from dnnsearch.study.shown_files import shown_files
from dnnsearch.study.stored_study import OpenStudy
from dnnsearch.study.test_set_history import History
from dnnsearch.study.trial_views import study_info
from dnnsearch.tracking import UNTRACKED
from dnnsearch.tracking.version import Version


@dataclass(frozen=True)
class Registered:
    """Where a model is stored, and whether it is the champion."""

    file: str
    version: str  # models:/STUDY/N; empty if MLflow has none
    is_champion: bool
    why: str


def register_champion(
    study: OpenStudy,
    evaluation: Evaluation,
    content: bytes,
    found: bool,
    opened: History,
    report: Report,
) -> Registered:
    """Store and register the model; make it the champion if it is better than the present one.

    If MLflow fails, the file is kept, and `why` says what MLflow lacks and which command sends it.
    Raise UserError if the file cannot be written.
    """
    trial = evaluation.refitted.candidate.trial
    name = f"{trial:05d}-{digest(content)[:16]}{ENDING}"
    memo(study).put_side_file(name, content)
    file = str(memo(study).folder / name)
    try:
        registered = _register(study, evaluation, content, opened)
        present = find_champion(study, report)
    except UserError as error:
        return Registered(file, "", False, _lacking("the model and its alias", error))
    is_champion, why = _judge(evaluation, content, found, present)
    uri = registered.uri if registered else ""
    if is_champion:
        try:
            why += _set_alias(study, evaluation, content, registered)
        except UserError as error:
            return Registered(file, uri, False, _lacking("the alias", error))
        save_champion(study, content)  # last, because MLflow may fail
    send_openings(study, report)  # and whose figure it is that the study has now
    return Registered(file, uri, is_champion, why)


def _lacking(what: str, error: UserError) -> str:
    """Return what MLflow lacks, why, and the command that sends it later and trains nothing."""
    return f"MLflow lacks {what} ({error}); the file is kept; when it works: {command_line()}"


def _register(
    study: OpenStudy,
    evaluation: Evaluation,
    content: bytes,
    opened: History,
) -> Version | None:
    if study.config.tracking == UNTRACKED:
        return None
    from dnnsearch.tracking.registry import register
    from dnnsearch.tracking.test_set_tags import OPENING_TAG, OPENINGS_TAG, TEST_SET_TAG

    objective, scores = study.config.objective.removeprefix("dev_"), evaluation.scored.figures
    values = {kind: f"{scores[kind]['value']:.6g}" for kind in ("ensemble", "single")}
    tags = {f"dnnsearch.test_{objective}.{kind}": value for kind, value in values.items()}
    figure = promoted_figure(study, evaluation.name)
    return register(
        study.config.tracking,
        study_info(study),
        content,
        evaluation.refitted.candidate.trial,
        tags={
            TEST_SET_TAG: evaluation.test,
            OPENINGS_TAG: str(len(opened.openings)),
            OPENING_TAG: str(opened.place(evaluation.name)),
            **tags,
        },
        metrics=figure.metrics() if figure else {},
        description=_description(figure),
        example=evaluation.model.inputs.typical(),
        files=shown_files(study, also=[evaluation.refitted.candidate.trial]),
    )


def _description(figure: PromotedFigure | None) -> str:
    return " ".join(figure.sentences()) if figure else ""


def _set_alias(
    study: OpenStudy, evaluation: Evaluation, content: bytes, registered: Version | None
) -> str:
    """Set the alias; return a note if it stays with another study of the same name, else ""."""
    if registered is None:
        return ""
    from dnnsearch.tracking import registry

    other = champion_version(study)
    if other is not None and not belongs_to(study, other):
        is_better, why = _judge(evaluation, content, True, download(study, other))
        if not is_better:
            return f"; in MLflow {other.uri}, of another study of this name, stays champion: {why}"
    description = _description(promoted_figure(study, evaluation.name))
    registry.set_champion(study.config.tracking, registered, description)
    return ""


def describe_champion(study: OpenStudy, report: Report) -> None:
    """Describe the study's champion in MLflow by the figures of now; if MLflow is away, say so."""
    try:
        version = champion_version(study)
        if version is not None and belongs_to(study, version):
            from dnnsearch.tracking import registry

            figure = promoted_figure(study)
            registry.set_champion(study.config.tracking, version, _description(figure))
    except UserError as error:
        report(f"MLflow does not describe the champion by the figure of the procedure yet: {error}")


def _is_same(model: Model, rival: Model) -> bool:
    """Return whether the rival has the same networks and lacks only the scores for intervals."""
    is_same = encode_answers(model) == encode_answers(rival)
    has_refit = model.provenance.get("refit") == rival.provenance.get("refit")
    return is_same and has_refit and rival.conformal is None


def _judge(
    evaluation: Evaluation, content: bytes, found: bool, present: Champion | None
) -> tuple[bool, str]:
    """Return whether the model replaces the present champion, and why."""
    if present is not None and present.content == content:
        return True, "it is the champion already"
    if not found:
        return False, "it is not better than guessing"
    if present is None:
        return True, "the first champion of this study"
    rival = present.model
    if _is_same(evaluation.model, rival):
        return True, "it is the champion already, now with scores for intervals"
    ours, theirs = evaluation.model.provenance, rival.provenance
    if any(ours.get(key) != theirs.get(key) for key in ("data", "split")):
        return False, "the present champion was tested on other data, so they cannot be compared"
    name = f"trial {theirs.get('trial')}"
    if evaluation.beats(rival, maximize=evaluation.refitted.record.spec.maximize):
        return True, f"better than the previous champion ({name}) on the same test set"
    return False, f"not better than the champion ({name}) on the same test set"
