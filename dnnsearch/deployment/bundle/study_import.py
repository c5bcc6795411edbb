"""From an archive to a study of another machine, every digest of which is checked.

The study is made in a temporary folder first and checked there, so that a file that is refused
leaves nothing behind. `verify` repeats it there; `import` then makes it in the user's places.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dnnsearch.deployment.bundle.archive import Members
from dnnsearch.deployment.bundle.archived_study import Archived, config_of, outer_folds, parsed
from dnnsearch.deployment.bundle.study_check import check
from dnnsearch.deployment.bundle.study_export import (
    DATA,
    DOCUMENT,
    KEPT,
    RECORDS,
    REPORT,
    data_members,
)
from dnnsearch.errors import UserError
from dnnsearch.storage.atomic_write import write_whole
from dnnsearch.storage.optuna_storage import Rows, create_study, open_storage, study_names
from dnnsearch.storage.study_lock import study_lock
from dnnsearch.study.outer_studies import folder, outer_storage
from dnnsearch.study.stored_study import CONFIG, DEFINITION, OpenStudy
from dnnsearch.tracking import UNTRACKED
from dnnsearch.trials.metrics import METRICS
from dnnsearch.trials.record_file import DIGEST_PREFIX
from dnnsearch.trials.record_store import Records
from dnnsearch.urls import without_password


@dataclass(frozen=True)
class Places:
    """Where a study is made, and the file of its data, if the user names it."""

    storage: str
    records: str
    tracking: str
    data: Path | None = None


@contextmanager
def opened(members: Members, place: str, data: Path | None) -> Iterator[OpenStudy]:
    """Yield the study of an archive, checked, in a temporary folder; it is not tracked.

    Its data are the file `data`, else those that are enclosed. Raise UserError, which names the
    archive as `place`, if anything in it does not fit together.
    """
    with tempfile.TemporaryDirectory(prefix="dnnsearch-") as temporary:
        folder = Path(temporary)
        storage, records = f"sqlite:///{folder / 'optuna.db'}", str(folder / "records")
        places = Places(storage, records, UNTRACKED, data)
        with _refused(place, f"{folder}/"):
            archived = parsed(members)
            study = _made(archived, places, folder)
            check(study, archived)
        yield study


def numerics_of(members: Members, place: str) -> str:
    """Return the numerics that a study's config asks for; raise UserError as `opened`."""
    with _refused(place):
        return config_of(json.loads(members[DOCUMENT]), {}).numerics


def require_data(members: Members, place: str, data: Path | None) -> None:
    """Raise UserError if the study's data are neither given, nor enclosed, nor here."""
    if data is not None:
        return
    with _refused(place):
        own = json.loads(members[DOCUMENT])["config"]["data"]
        for key, name in data_members(own).items():
            if DATA + name not in members and not Path(own[key]).exists():
                raise UserError(
                    f"its data are not enclosed, and {own[key]} is not here: give them with --data "
                    "FILE, or enclose them with `dnnsearch export --with-data`"
                )


def other_data(members: Members, data: Path) -> str:
    """Return that `data` is not the file that the study was made of; empty if it is."""
    document = json.loads(members[DOCUMENT])
    stated = document["attributes"][DEFINITION]["data"].get("contents", {}).get("file")
    found = hashlib.sha256(data.read_bytes()).hexdigest()
    if found == stated:
        return ""
    return (
        f"{data} is not the file that it was made of: the SHA-256 of that one is "
        f"{str(stated)[:DIGEST_PREFIX]}..., and of this one {found[:DIGEST_PREFIX]}..."
    )


_MALFORMED = (AttributeError, ArithmeticError, LookupError, RecursionError, TypeError, ValueError)


@contextmanager
def _refused(place: str, hidden: str = "") -> Iterator[None]:
    """Raise what goes wrong as a UserError of one line, without the text `hidden`."""
    try:
        yield
    except UserError as error:
        raise UserError(f"{place}: {error}".replace(hidden, "")) from None
    except _MALFORMED as error:
        what = f"{type(error).__name__} {error}".splitlines()[0][:200]
        raise UserError(f"{place}: does not have the parts of a study: {what}") from None


def import_study(members: Members, place: str, places: Places) -> OpenStudy:
    """Make the study of an archive in the user's places; return it.

    Raise UserError if the archive does not fit together, or if there is a study, or there are
    records, of this name: then nothing is written.
    """
    with opened(members, place, places.data):
        archived = parsed(members)
    storage = open_storage(places.storage, create=True)
    folder = Records(Path(places.records), archived.name).folder
    with study_lock(places.storage, archived.name, "import"):
        if archived.name in study_names(storage):
            raise UserError(f"there is a study {archived.name} in {places.storage} already")
        if folder.exists():
            raise UserError(f"{folder} exists: it may have the records of another study")
        target = Path(f"{archived.name}-data")
        if target.exists() and _has_data(members):
            raise UserError(f"{target} exists, and the data of the study would be written there")
        try:
            return _made(archived, places, target)
        except BaseException:
            _remove(storage, archived.name, folder)
            raise


def _remove(storage: Any, name: str, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    if name in study_names(storage):
        Rows(storage, name).remove()


def _has_data(members: Members) -> bool:
    return any(name.startswith(DATA) for name in members)


def _made(archived: Archived, places: Places, data_folder: Path) -> OpenStudy:
    """Make the study and, next to its records, those of its outer folds."""
    study = _made_one(archived, places, data_folder)
    for fold in outer_folds(archived):
        place = folder(study)
        place.mkdir(parents=True, exist_ok=True)
        own = replace(places, storage=outer_storage(study), records=str(place / "records"))
        _made_one(fold, replace(own, tracking=UNTRACKED), data_folder)
    return study


def _made_one(archived: Archived, places: Places, data_folder: Path) -> OpenStudy:
    """Write files and rows; the config comes last, so that a part of a study is none."""
    document, name = archived.document, archived.name
    data = _data(archived, places, data_folder)
    own = {"storage": places.storage, "records": places.records, "tracking": places.tracking}
    config = config_of(document, {**own, "data": data})
    records = Records(Path(places.records), name)
    for member, content in archived.members.items():
        if member.startswith(RECORDS):
            write_whole(records.folder / member.removeprefix(RECORDS), content)
    if (page := archived.members.get(REPORT)) is not None:  # an outer fold has none
        records.put_side_file(REPORT, page)
    storage = open_storage(places.storage, create=True)
    create_study(storage, name, METRICS[config.objective].direction.name)
    rows = Rows(storage, name)
    rows.name_value(config.objective)
    for row in archived.rows:
        rows.add(row)
    for key in KEPT:
        if key in document["attributes"]:
            rows.set_attribute(key, document["attributes"][key])
    stored = config.document()
    for key in ("storage", "tracking"):
        stored[key] = without_password(stored[key])
    rows.set_attribute(CONFIG, stored)
    return OpenStudy(name, rows)


def _data(archived: Archived, places: Places, folder: Path) -> dict[str, Any]:
    """Return the config's `data` with the paths of here; write the files that are enclosed."""
    data = dict(archived.document["config"]["data"])
    if places.data is not None:
        return {**data, "file": str(places.data)}
    for key, name in data_members(data).items():
        if (content := archived.members.get(DATA + name)) is not None:
            write_whole(folder / name, content)
            data[key] = str(folder / name)
    return data
