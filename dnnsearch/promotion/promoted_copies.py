"""Every copy of a study's promoted models, compared with the promotions that were repeated.

The champion's file, MLflow's version with the alias, and the models beside the records of the
promotions: `predict` and `serve` answer by one of them.
"""

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path

import numpy as np

from dnnsearch.deployment.champion import (
    PROMOTIONS,
    belongs_to,
    champion_path,
    champion_version,
    download,
)
from dnnsearch.errors import DamagedFile, UserError
from dnnsearch.models import model_file
from dnnsearch.models.ensemble import Model
from dnnsearch.models.model_file import encode_answers
from dnnsearch.promotion.champion_fingerprint import champion_digest, local_champion
from dnnsearch.promotion.logged_figures import as_logged_before, figures_tolerance
from dnnsearch.promotion.repeated import Repeated
from dnnsearch.reproduce.verify import Different
from dnnsearch.study.stored_study import OpenStudy


def check_copies(
    study: OpenStudy, repeated: Sequence[Repeated], is_complete: bool
) -> tuple[str, list[str]]:
    """Return the fingerprint of the local champion, empty if there is none, and notes.

    Raise Different if a copy is damaged, or answers otherwise than the promotion that made it, or
    if none of the repeated promotions, with all of the log repeated, made the champion.
    """
    fingerprint, notes = "", list[str]()
    try:
        for place, kept, is_champion in _copies(study, notes):
            made = [one for one in repeated if _made(kept, one)]
            for one in made[:1]:
                _compare_answers(kept, one, place)
                _compare_intervals(kept, one, place)
                if place == _local_place(study):
                    scored = as_logged_before(one.entry, one.scored)
                    refit = one.refitted.record.digest
                    fingerprint = champion_digest(refit, scored.outputs, scored.figures)
            if is_complete and not made and is_champion:
                raise Different(f"{place} is not what any promotion in the log makes again")
            if is_complete and not made:  # perhaps of another study of this name
                notes.append(f"  note: {place} is of no promotion in the log")
    except UserError as error:
        raise Different(str(error)) from None
    return fingerprint, notes


def _local_place(study: OpenStudy) -> str:
    return f"the champion {champion_path(study)}"


def _copies(study: OpenStudy, notes: list[str]) -> Iterator[tuple[str, Model, bool]]:
    """Yield for each copy its name in words, the model, and whether it is the champion.

    Add a note if MLflow's cannot be had.
    """
    local = local_champion(study)
    if local is not None:
        yield _local_place(study), local, True
    for path in sorted(Path(study.records.folder, PROMOTIONS).glob(f"*{model_file.ENDING}")):
        promoted = model_file.read(path)
        if model_file.digest(path.read_bytes())[:16] not in path.name:
            raise Different(f"the promoted model {path} was changed: its name has another digest")
        yield f"the promoted model {path}", promoted, False
    try:
        version = champion_version(study)
        if version is None or not belongs_to(study, version):
            return
        registered = download(study, version)
    except DamagedFile:
        raise
    except UserError as error:
        notes.append(f"  note: the champion in MLflow is not compared: {error}")
        return
    yield f"the champion in MLflow, {registered.place},", registered.model, True


def _compare_answers(kept: Model, one: Repeated, path: str) -> None:
    """Raise Different if the champion makes other answers of the same networks.

    Where the networks are equal but for rounding, so are its scales, and words alone are compared.
    """
    answers = _words if one.rounding else encode_answers
    if answers(kept) != answers(one.model):
        rule = "its classes, columns or scales are not those of the data"
        raise Different(f"{path}: {rule}")


def _words(model: Model) -> tuple[object, ...]:
    names = [str(name) for name in model.classes.tolist()]
    return model.task, names, list(model.inputs.kinds.items()), model.target_name, dict(model.form)


def _compare_intervals(kept: Model, one: Repeated, path: str) -> None:
    """Raise Different if the champion's scores for intervals are not those that dev gives again.

    A champion of before has none, and of a log of before the confirmed networks are not known.
    """
    stored, now = kept.conformal, one.model.conformal
    if stored is None or now is None:
        return
    tolerance = figures_tolerance(one.entry, one.scored, one.refitted.record.spec.dtype)
    had, has = (np.append(each.scores, each.noise) for each in (stored, now))
    if had.shape != has.shape or not np.allclose(had, has, tolerance, tolerance):
        raise Different(f"{path}: its scores for intervals are not those of dev")


def _made(kept: Model, one: Repeated) -> bool:
    """Return whether the promotion made the champion, as far as rounding lets it be seen."""
    if kept.provenance.get("trial") != one.entry["trial"]:
        return False
    if kept.provenance.get("promoted") != one.model.provenance.get("promoted"):
        return False
    ours, theirs = ([m.parameters.flat for m in (top, *top.others)] for top in (one.model, kept))
    if one.rounding:
        return [flat.shape for flat in ours] == [flat.shape for flat in theirs]
    is_same = all(np.array_equal(a, b) for a, b in zip_longest(ours, theirs))
    followed = [(top.calibration, top.weights) for top in (one.model, kept)]
    return is_same and followed[0] == followed[1]
