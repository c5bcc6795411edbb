"""From an archive to a study of another machine, every digest of which is checked.

The study is made in a temporary folder first and checked there, so that a file that is refused
leaves nothing behind. `verify` repeats it there; `import` then makes it in the user's places.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from optuna.distributions import json_to_distribution
from optuna.trial import FrozenTrial, TrialState

from dnnsearch.config.config import Config, parse_config
from dnnsearch.data.files.source import PATHS, without_paths
from dnnsearch.deployment.bundle.archive import Members
from dnnsearch.deployment.bundle.study_export import (
    DATA,
    DOCUMENT,
    KEPT,
    LEADERBOARD,
    PLACES,
    RECORDS,
    REPORT,
    computed,
    data_members,
    report_mark,
)
from dnnsearch.deployment.champion import champion_path
from dnnsearch.errors import UserError
from dnnsearch.models import model_file
from dnnsearch.reproduce.record_comparison import row_difference
from dnnsearch.storage.array_store import canonical
from dnnsearch.storage.atomic_write import write_whole
from dnnsearch.storage.optuna_storage import Rows, create_study, open_storage, study_names
from dnnsearch.storage.study_lock import study_lock
from dnnsearch.study import identity_file, preparation
from dnnsearch.study.definition import differences
from dnnsearch.study.identity_file import IDENTITY_PATTERN
from dnnsearch.study.leaderboard.formats import csv_text
from dnnsearch.study.leaderboard.ranking import leaderboard
from dnnsearch.study.stored_study import CHAMPION, CONFIG, DEFINITION, IDENTITY, OpenStudy
from dnnsearch.tracking import UNTRACKED
from dnnsearch.trials.metrics import METRICS
from dnnsearch.trials.record_file import DIGEST_PREFIX
from dnnsearch.trials.record_store import Records
from dnnsearch.urls import without_password

RESOLVED = ("data", "curve_every", "pruner")  # keys of a definition that depend on the data, too


@dataclass(frozen=True)
class Places:
    """Where a study is made, and the file of its data, if the user names it."""

    storage: str
    records: str
    tracking: str
    data: Path | None = None


@dataclass(frozen=True)
class Archived:
    """What an archive says, parsed and not yet checked."""

    document: Mapping[str, Any]
    members: Members
    name: str
    rows: list[FrozenTrial]


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
            archived = _parsed(members)
            study = _made(archived, places, folder)
            _check(study, archived)
        yield study


def numerics_of(members: Members, place: str) -> str:
    """Return the numerics that a study's config asks for; raise UserError as `opened`."""
    with _refused(place):
        return _config(json.loads(members[DOCUMENT]), {}).numerics


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
        archived = _parsed(members)
    storage = open_storage(places.storage, create=True)
    folder = Records(Path(places.records), archived.name).folder
    with study_lock(places.storage, archived.name):
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


def _parsed(members: Members) -> Archived:
    document = json.loads(members[DOCUMENT])
    config = _config(document, {})
    rows = [_row(number, one) for number, one in enumerate(document["trials"])]
    if config.study != document["study"]:
        raise UserError(f"{DOCUMENT}: it is of two studies")
    if not IDENTITY_PATTERN.fullmatch(document["attributes"][IDENTITY]):
        raise UserError(f"{DOCUMENT}: the study has no identity")
    return Archived(document, members, config.study, rows)


def _config(document: Mapping[str, Any], places: Mapping[str, Any]) -> Config:
    if foreign := [key for key in PLACES if key in document["config"]]:
        raise UserError(f"{DOCUMENT}: config: {foreign[0]} must not be there: it is of a machine")
    for path in (document["config"]["data"].get(key) for key in PATHS):
        if path is not None and Path(path).name != path:
            raise UserError(f"{DOCUMENT}: config: data must name files without folders")
    given = {**document["config"], **places}
    return parse_config(given, DOCUMENT, str(document["study"]))


def _row(number: int, one: Mapping[str, Any]) -> FrozenTrial:
    return FrozenTrial(
        number=number,
        state=TrialState[one["state"]],
        value=None,
        values=one["values"],
        params=one["params"],
        distributions={n: json_to_distribution(d) for n, d in one["distributions"].items()},
        intermediate_values={int(step): float(value) for step, value in one["curve"]},
        user_attrs=one["attributes"],
        system_attrs=one["system"],
        datetime_start=_time(one["began"]),
        datetime_complete=_time(one["ended"]),
        trial_id=-1,
    )


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _made(archived: Archived, places: Places, data_folder: Path) -> OpenStudy:
    """Write files and rows; the config comes last, so that a part of a study is none."""
    document, name = archived.document, archived.name
    data = _data(archived, places, data_folder)
    own = {"storage": places.storage, "records": places.records, "tracking": places.tracking}
    config = _config(document, {**own, "data": data})
    records = Records(Path(places.records), name)
    for member, content in archived.members.items():
        if member.startswith(RECORDS):
            write_whole(records.folder / member.removeprefix(RECORDS), content)
    records.put_side_file(REPORT, archived.members[REPORT])
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


def _check(study: OpenStudy, archived: Archived) -> None:
    """Raise UserError unless records, rows, files and figures are those of one study."""
    document = archived.document
    wanted = json.loads(canonical(study.config.definition()))
    stated = {key: document["attributes"][DEFINITION].get(key) for key in wanted}
    known = {key: value for key, value in wanted.items() if key not in RESOLVED}
    stated_data = {k: v for k, v in stated["data"].items() if k != "contents"}
    asked = {**known, "data": json.loads(canonical(without_paths(study.config.data)))}
    found = {**{key: stated[key] for key in known}, "data": stated_data}
    if changed := differences(found, asked):
        raise UserError(f"its config does not lead to its definition: {changed[0]}")
    for row in study.ended_trials():
        record = study.record(row.number)
        if different := row_difference(record, row):
            raise UserError(f"trial {row.number}: its row is not that of its record: {different}")
    if study.fingerprint() != document["fingerprint"]:
        raise UserError("its fingerprint is not that of its records")
    if computed(study) != document["computed"]:
        raise UserError(f"{DOCUMENT}: its versions are not those of its records")
    if csv_text([leaderboard(study)]).encode() != archived.members[LEADERBOARD]:
        raise UserError(f"{LEADERBOARD} does not have the trials of the study")
    if not archived.members[REPORT].endswith(report_mark(archived.members)):
        raise UserError(f"{REPORT} is not of this study")
    preparation.files(study)
    noted = identity_file.read(study)
    if noted is None or noted.study != study.name:
        raise UserError("the file of its identity is missing or damaged")
    _check_champion(study)


def _check_champion(study: OpenStudy) -> None:
    known = study.attributes.get(CHAMPION, [])
    path = champion_path(study)
    if path.is_file():
        model_file.read(path)
        if known and model_file.digest(path.read_bytes()) not in known:
            raise UserError("its champion is not the one that was promoted")
