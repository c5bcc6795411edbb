"""Where a promoted model goes: a file beside the records, a version in MLflow, and the crown.

The champion is the version with the alias, and the file that `predict STUDY` takes without it; a
new model takes its place only if it is better than guessing and, on the same test set, better than
the present champion. An alias that is on another study's version, of the same name, is taken only
by the same rule.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dnnsearch.deployment.champion import Champion, Report, champion, fetched, holder, is_of, keep
from dnnsearch.errors import UserError
from dnnsearch.models.ensemble import Model
from dnnsearch.models.model_file import ENDING, digest
from dnnsearch.promotion.candidates import memo
from dnnsearch.promotion.evaluation import Evaluation
from dnnsearch.study.stored_study import OpenStudy
from dnnsearch.study.trial_views import study_info
from dnnsearch.tracking import UNTRACKED

if TYPE_CHECKING:
    from dnnsearch.tracking.registry import Version

TEST_TAG = "dnnsearch.test"  # which test set a version's figures are of


@dataclass(frozen=True)
class Registered:
    """What became of a model."""

    file: str
    version: str  # models:/STUDY/N; empty where MLflow has none
    is_champion: bool
    why: str  # in words


def register_champion(
    study: OpenStudy,
    look: Evaluation,
    content: bytes,
    found: bool,
    figures: dict[str, Any],
    tell: Report,
) -> Registered:
    """Keep and register the model; raises UserError when the disk refuses.

    That MLflow is away loses nothing: it is told in words, and the same command tries again.
    """
    trial = look.refitted.candidate.trial
    name = f"{trial:05d}-{digest(content)[:16]}{ENDING}"
    memo(study).put_side_file(name, content)
    file = str(memo(study).folder / name)
    try:
        registered = _register(study, look, content, figures)
        present = champion(study, tell)
    except UserError as error:
        return Registered(file, "", False, f"not registered, the same command tries again: {error}")
    is_champion, why = _judge(look, content, found, present)
    uri = registered.uri if registered else ""
    if is_champion:
        try:
            why += _give_alias(study, look, content, registered)
        except UserError as error:
            return Registered(file, uri, False, f"no alias, the same command tries again: {error}")
        keep(study, content)  # last, for MLflow may fail
    return Registered(file, uri, is_champion, why)


def _register(
    study: OpenStudy, look: Evaluation, content: bytes, figures: dict[str, Any]
) -> "Version | None":
    if study.config.tracking == UNTRACKED:
        return None
    from dnnsearch.tracking.registry import register

    objective = study.config.objective.removeprefix("dev_")
    values = {kind: f"{figures[kind]['value']:.6g}" for kind in ("ensemble", "single")}
    tags = {f"dnnsearch.test_{objective}.{kind}": value for kind, value in values.items()}
    return register(
        study.config.tracking,
        study_info(study),
        content,
        look.refitted.candidate.trial,
        tags={TEST_TAG: look.test, **tags},
        example=look.model.inputs.typical(),
    )


def _give_alias(
    study: OpenStudy, look: Evaluation, content: bytes, registered: "Version | None"
) -> str:
    """Words for where the alias stays with another study of that name."""
    if registered is None:
        return ""
    from dnnsearch.tracking import registry

    other = holder(study)
    if other is not None and not is_of(study, other):
        may, why = _judge(look, content, True, fetched(study, other))
        if not may:
            return f"; in MLflow {other.uri}, of another study of this name, stays champion: {why}"
    registry.set_champion(study.config.tracking, registered)
    return ""


def _judge(
    look: Evaluation, content: bytes, found: bool, present: Champion | None
) -> tuple[bool, str]:
    """Whether it is to be the champion in place of the present one, and why."""
    if present is not None and present.content == content:
        return True, "it is the champion already"
    if not found:
        return False, "it is not better than guessing"
    if present is None:
        return True, "the first champion of this study"
    rival = present.model
    if not _same_test(rival, look.model):
        return False, "the present champion was tested on other data, so they cannot be compared"
    if look.beats(rival, maximize=look.refitted.record.spec.maximize):
        return True, f"better than the champion so far ({_name(rival)}) on the same test set"
    return False, f"not better than the champion ({_name(rival)}) on the same test set"


def _same_test(a: Model, b: Model) -> bool:
    return all(a.provenance.get(key) == b.provenance.get(key) for key in ("data", "split"))


def _name(model: Model) -> str:
    return f"trial {model.provenance.get('trial')}"
