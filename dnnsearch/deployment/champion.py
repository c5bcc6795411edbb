"""Find the champion of a study, and save it.

The alias `champion` in MLflow's registry decides, because all machines see it. A file next to the
records is this machine's copy; it decides if the study is not tracked, or if MLflow is away.
Studies of the same name may share both the registered model and the folder of records. So each
study has its own file, and the alias counts only if it is on a version of the same study. How a
champion is chosen is not known here.
"""

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dnnsearch.errors import DamagedFile, UserError
from dnnsearch.models.ensemble import Model
from dnnsearch.models.model_file import ENDING, decode, digest
from dnnsearch.runtime.cli_process import program_name
from dnnsearch.storage.regular_file import Unreadable, read_regular
from dnnsearch.study.stored_study import CHAMPION, IDENTITY, OpenStudy
from dnnsearch.tracking import has_store, version_rows
from dnnsearch.tracking.version import Version
from dnnsearch.trials.record_file import DIGEST_PREFIX
from dnnsearch.urls import sqlite_path

Report = Callable[[str], object]
PROMOTIONS = "promotion"  # the folder next to the records with what promotions trained


@dataclass(frozen=True)
class Champion:
    """The content of a model file, and its path or models:/ URI."""

    content: bytes
    place: str
    advice: str = ""  # what to do if the file is damaged

    @property
    def model(self) -> Model:
        """The decoded model; raise DamagedFile if the file is damaged."""
        try:
            return decode(self.content, self.place)
        except UserError as error:
            raise DamagedFile(f"{error}{self.advice}") from None


def find_champion(study: OpenStudy, report: Report) -> Champion | None:
    """Return the champion by MLflow's alias, else the local copy; None if there is neither.

    If MLflow is away, return the local copy and pass one line to `report`; raise UserError if there
    is no local copy either.
    """
    local = _local_copy(study)
    try:
        version = champion_version(study)
        if version is not None and belongs_to(study, version):
            if local is not None and digest(local.content) == version.digest:
                return local
            return download(study, version)
    except UserError as error:
        if local is None:
            raise
        report(f"{error}; using the local copy {local.place}, which may not be the latest")
    if local is not None:
        _check_own(study, local)
    return local


def champion_version(study: OpenStudy) -> Version | None:
    """Return the version with MLflow's alias, perhaps another study's; None if there is none.

    Raise UserError if MLflow is away.
    """
    uri = study.config.tracking
    if not has_store(uri):
        return None
    if (path := sqlite_path(uri)) is not None:
        with suppress(sqlite3.Error, version_rows.UnknownTables):  # MLflow says what is wrong
            return version_rows.champion_version(path, study.name)
    from dnnsearch.tracking import registry  # imports MLflow, which takes seconds

    return registry.champion_version(uri, study.name)


def belongs_to(study: OpenStudy, version: Version) -> bool:
    """Return whether the version belongs to this study, not to another one of the same name."""
    return version.identity == str(study.attributes[IDENTITY])


def download(study: OpenStudy, version: Version) -> Champion:
    """Download the model file of a version.

    Raise UserError if MLflow is away, or if the version is not a model of dnnsearch.
    """
    from dnnsearch.tracking import registry

    return Champion(registry.content_of(study.config.tracking, version.uri), version.uri)


def champion_path(study: OpenStudy) -> Path:
    """Return the path of the local copy; the study's identity is in its name."""
    return study.records.folder / f"champion-{study.attributes[IDENTITY][:DIGEST_PREFIX]}{ENDING}"


def save_champion(study: OpenStudy, content: bytes) -> None:
    """Save a model file as the local copy; raise UserError if it cannot be written.

    The study's attributes get its digest first, next to the previous one: if the process is killed
    before the file is written, the local copy still has a known digest.
    """
    known = study.rows.attributes.get(CHAMPION, [])
    study.rows.set_attribute(CHAMPION, [*known, digest(content)])
    study.records.put_side_file(champion_path(study).name, content)
    study.rows.set_attribute(CHAMPION, [digest(content)])


def no_champion(study: OpenStudy) -> UserError:
    """Return the error for a study that was never promoted, or whose promotion was rejected."""
    which, trial = f"study {study.name}", f"{study.name}/NUMBER is the model of a trial"
    command = f"`{program_name()} promote {study.name}`"
    promoted = sorted(Path(study.records.folder, PROMOTIONS).glob(f"*{ENDING}"))
    if promoted:
        why = f"the promoted model {promoted[-1]} was not made champion, and {command} says why"
        return UserError(f"{which} has no champion: {why}; {trial}")
    return UserError(f"{which} has no champion yet: {command} finds one; {trial}")


def _local_copy(study: OpenStudy) -> Champion | None:
    """Return the local copy, not yet verified; None if there is none."""
    file = champion_path(study)
    advice = f"; restore it, or remove it and run: {program_name()} promote {study.name}"
    try:
        content = read_regular(file)
    except Unreadable as error:
        raise DamagedFile(f"the champion {file} cannot be used: {error}{advice}") from None
    return None if content is None else Champion(content, str(file), advice)


def _check_own(study: OpenStudy, local: Champion) -> None:
    """Raise DamagedFile if the file is another model than the one that was local.

    Of older studies no digest is known: the model states its study's data and its trial's record.
    """
    if known := study.rows.attributes.get(CHAMPION):
        is_own = digest(local.content) in known
    else:
        origin, definition = local.model.provenance, study.definition
        stated = [origin.get(name) for name in ("data", "split", "record")]
        asked = [row.user_attrs.get("dnnsearch", {}).get("digest") for row in study.trials()]
        is_own = stated[:2] == [definition["data_digest"], definition["split_digest"]]
        is_own = is_own and stated[2] in asked
    if not is_own:
        raise DamagedFile(f"{local.place} is not the champion of study {study.name}{local.advice}")
