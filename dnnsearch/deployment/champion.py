"""Who a study's champion is, asked in one place.

MLflow's alias says it, for all machines see that one; a file beside the records is this machine's
copy, and says it where nothing is tracked or MLflow is away. Studies of one name may share both the
registered model and the folder of records: each has a file of its own, and the alias counts only
where it is on a version of the study itself. How a champion is chosen is not known here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dnnsearch.errors import UserError
from dnnsearch.models.ensemble import Model
from dnnsearch.models.model_file import ENDING, decode, digest
from dnnsearch.runtime.cli_process import program_name
from dnnsearch.study.stored_study import IDENTITY, OpenStudy
from dnnsearch.tracking import UNTRACKED, database
from dnnsearch.trials.record_store import DIGEST_PREFIX

if TYPE_CHECKING:
    from dnnsearch.tracking.registry import Version

Report = Callable[[str], object]
PROMOTIONS = "promotion"  # the folder beside the records that has what was trained for them


@dataclass(frozen=True)
class Champion:
    """A model file, and where it is from."""

    content: bytes
    place: str

    @property
    def model(self) -> Model:
        """Raises UserError where the file is damaged."""
        return decode(self.content, self.place)


def champion(study: OpenStudy, tell: Report) -> Champion | None:
    """That of MLflow's alias, else the one that is kept here; None without either.

    `tell` is told when MLflow is away and the kept one has to do. UserError where there is none.
    """
    kept = _kept(study)
    try:
        crowned = holder(study)
        if crowned is None or not is_of(study, crowned):
            return kept
        if kept is not None and digest(kept.content) == crowned.digest:
            return kept
        return fetched(study, crowned)
    except UserError as error:
        if kept is None:
            raise
        tell(f"{error}; {kept.place} is taken for the champion, and may not be the latest")
        return kept


def holder(study: OpenStudy) -> "Version | None":
    """What has the alias in MLflow, perhaps another study's. UserError when MLflow is away."""
    uri = study.config.tracking
    path = database.sqlite_path(uri)
    if uri == UNTRACKED or (path and not path.exists()):
        return None
    from dnnsearch.tracking import registry  # MLflow takes its seconds

    return registry.champion(uri, study.name)


def is_of(study: OpenStudy, version: "Version") -> bool:
    """Whether it is a version of this very study, not of another one of its name."""
    return version.identity == str(study.attributes[IDENTITY])


def fetched(study: OpenStudy, version: "Version") -> Champion:
    """Raises UserError where MLflow is away or has no model of ours there."""
    from dnnsearch.tracking import registry

    return Champion(registry.content_of(study.config.tracking, version.uri), version.uri)


def path(study: OpenStudy) -> Path:
    """Where this machine keeps the champion, by the study's identity."""
    return study.records.folder / f"champion-{study.attributes[IDENTITY][:DIGEST_PREFIX]}{ENDING}"


def keep(study: OpenStudy, content: bytes) -> None:
    """Keep a model file as the study's champion; raises UserError when the disk refuses."""
    study.records.put_side_file(path(study).name, content)


def no_champion(study: OpenStudy) -> UserError:
    """What is to be said before any promotion, and after one that crowned nothing."""
    which, trial = f"study {study.name}", f"{study.name}/NUMBER is the model of a trial"
    command = f"`{program_name()} promote {study.name}`"
    promoted = sorted(Path(study.records.folder, PROMOTIONS).glob(f"*{ENDING}"))
    if promoted:
        why = f"what was promoted, {promoted[-1]}, is not it, and {command} says why"
        return UserError(f"{which} has no champion: {why}; {trial}")
    return UserError(f"{which} has no champion yet: {command} finds one; {trial}")


def _kept(study: OpenStudy) -> Champion | None:
    file = path(study)
    return Champion(file.read_bytes(), str(file)) if file.is_file() else None
