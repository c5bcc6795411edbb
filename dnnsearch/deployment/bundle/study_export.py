"""From a study to the members of its archive: what defines it, its rows, its files.

No path of this machine and no address is among them, and the rows of the data only if the user asks
for that. The same study has the same members, whenever they are written.
"""

import hashlib
import html
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from optuna.distributions import distribution_to_json
from optuna.trial import FrozenTrial

from dnnsearch.data.files.source import PATHS
from dnnsearch.deployment.bundle.archive import PLACE, Members, encode
from dnnsearch.deployment.champion import PROMOTIONS, champion_path
from dnnsearch.errors import UserError
from dnnsearch.models.model_file import ENDING
from dnnsearch.storage.array_store import canonical
from dnnsearch.storage.regular_file import Unreadable, read_regular
from dnnsearch.study import identity_file, preparation
from dnnsearch.study.baselines import baselines_file
from dnnsearch.study.computing_code import CODE
from dnnsearch.study.evaluation_log import ATTRIBUTE
from dnnsearch.study.leaderboard.formats import csv_text
from dnnsearch.study.leaderboard.ranking import leaderboard
from dnnsearch.study.outer_studies import outer_studies
from dnnsearch.study.source_commits import SOURCES
from dnnsearch.study.stored_study import (
    CHAMPION,
    CONFIG,
    DEFINITION,
    EXPERIMENT,
    IDENTITY,
    OUTER,
    PROFILE,
    RETRIES,
    OpenStudy,
)
from dnnsearch.trials.record import Record, encode_failure
from dnnsearch.trials.record_file import named

DOCUMENT, LEADERBOARD, REPORT = "study.json", "leaderboard.csv", "report.html"
RECORDS, DATA = "records/", "data/"  # before the names of members
# The attributes of a study that another machine needs; CONFIG is written without its places.
KEPT = (
    *(DEFINITION, IDENTITY, EXPERIMENT, PROFILE, RETRIES, CODE, SOURCES),
    *(preparation.PREPARATION, ATTRIBUTE, CHAMPION, OUTER),
)
PLACES = ("storage", "records", "tracking", "workers")  # of a config: each machine has its own


def export(study: OpenStudy, with_data: bool, page: Callable[[], str]) -> bytes:
    """Return the archive of a study; the files of its data are in it if `with_data`.

    The studies of the outer folds, of which the study keeps a figure, are in it if all are here.
    `page` returns the report on the study as HTML. Raise UserError if a trial is unfinished, or if
    a record, or a file of the data that is asked for, is missing or not the one of the study.
    """
    members = _own(study)
    members[LEADERBOARD] = csv_text([leaderboard(study)]).encode()
    for k, fold in enumerate(outer_studies(study), start=1):
        members |= {outer_prefix(k) + name: content for name, content in _own(fold).items()}
    members[REPORT] = _report(study, report_mark(members), page)
    sources = dict(_sources(study))
    members |= {DATA + name: content for name, content in sources.items()} if with_data else {}
    return encode(members)


def _own(study: OpenStudy) -> dict[str, bytes]:
    """Return the members that are of one study alone: its files and what defines it."""
    return {**dict(_files(study)), DOCUMENT: _json(_document(study))}


def outer_prefix(fold: int) -> str:
    """Return what stands before the names of the members of an outer fold, from 1 on."""
    return f"outer-{fold}/"


def report_mark(members: Members) -> bytes:
    """Return the end of a report, which says of which study it is: the digest of all other members.

    The files of the data are not among them.
    """
    others = {n: c for n, c in members.items() if n != REPORT and not n.startswith(DATA)}
    listed = {name: hashlib.sha256(content).hexdigest() for name, content in others.items()}
    return f"\n<!-- of {hashlib.sha256(canonical(listed).encode()).hexdigest()} -->\n".encode()


def _report(study: OpenStudy, mark: bytes, page: Callable[[], str]) -> bytes:
    """Return the report that was made of exactly this study, else a new one, which is kept.

    It may depend on the machine, and on whether the data are there.
    """
    kept = _content(study.records.folder / REPORT)
    if kept is not None and kept.endswith(mark):
        return kept
    text = page()
    for path in (str(study.config.data[key]) for key in data_members(study.config.data)):
        if Path(path).name != path:
            text = text.replace(html.escape(path), html.escape(Path(path).name))
    made = text.encode() + mark
    with suppress(UserError, OSError):  # then the next export makes it again
        study.records.put_side_file(REPORT, made)
    return made


def data_members(data: Mapping[str, Any]) -> dict[str, str]:
    """Return key -> name of the member, of each file that a config's `data` names."""
    named_files = {key: str(data[key]) for key in PATHS if data.get(key)}
    return {key: f"{key}{''.join(Path(path).suffixes[-2:])}" for key, path in named_files.items()}


def _sources(study: OpenStudy) -> Iterator[tuple[str, bytes]]:
    """Yield the files of the data that are here."""
    data = study.config.data
    for key, name in data_members(data).items():
        if (content := _content(Path(data[key]))) is not None and PLACE.fullmatch(name):
            yield name, content


def enclosed(study: OpenStudy) -> list[str]:
    """Return the files that `with_data` encloses; raise UserError if one is not the study's."""
    data, found = study.config.data, dict(_sources(study))
    stated = study.definition["data"].get("contents", {})
    for key, name in data_members(data).items():
        if name not in found:
            raise UserError(f"{data[key]} cannot be enclosed: there is no such file")
        if key in stated and stated[key] != hashlib.sha256(found[name]).hexdigest():
            raise UserError(f"{data[key]} cannot be enclosed: it has changed since the study began")
    return [str(data[key]) for key in data_members(data)]


def _files(study: OpenStudy) -> Iterator[tuple[str, bytes]]:
    """Yield the files beside the records that are the study's own, verified if they have digests.

    Of the folder of promotions it is all: whoever reads there looks for the digest of a spec.
    """
    folder = study.records.folder
    for row in study.ended_trials():
        record, path = study.record(row.number), study.path(row.number)
        yield RECORDS + path.name, _portable(record) or path.read_bytes()
    for name, content in preparation.files(study).items():
        yield RECORDS + name, content
    others = [identity_file.path(study), champion_path(study), folder / baselines_file.FILE]
    promoted = folder / PROMOTIONS
    others += [*named(promoted), *sorted(promoted.glob(f"*{ENDING}"))]
    for path in others:
        if (found := _content(path)) is not None:
            yield RECORDS + path.relative_to(folder).as_posix(), found


def _portable(record: Record) -> bytes:
    """Return the record of a failure without its traceback, which has paths; else nothing.

    The digest of a record does not cover the traceback.
    """
    if record.end != "failed":
        return b""
    return encode_failure(record.spec, record.document["cause"], "")


def _content(path: Path) -> bytes | None:
    try:
        return read_regular(path)
    except Unreadable as error:
        raise UserError(f"{path} cannot be read: {error}") from None


def _document(study: OpenStudy) -> dict[str, Any]:
    attributes = study.rows.attributes
    config = {key: v for key, v in attributes[CONFIG].items() if key not in PLACES}
    data = dict(config["data"])
    names = {key: Path(data[key]).name for key in data_members(data)}
    return {
        "study": study.name,
        "config": {**config, "data": {**data, **names}},
        "attributes": {key: attributes[key] for key in KEPT if key in attributes},
        "trials": [_trial(row) for row in study.ended_trials()],
        "computed": computed(study),
        "fingerprint": study.fingerprint(),
    }


def computed(study: OpenStudy) -> list[dict[str, Any]]:
    """Return which trials were trained under which versions and numerics, by their records."""
    found: dict[str, dict[str, Any]] = {}
    for row in study.ended_trials():
        made = study.record(row.number).document["made"]
        state = {key: made[key] for key in ("versions", "numerics") if key in made}
        found.setdefault(canonical(state), {**state, "trials": []})["trials"].append(row.number)
    return list(found.values())


def _trial(row: FrozenTrial) -> dict[str, Any]:
    return {
        "state": row.state.name,
        "values": row.values,
        "params": row.params,
        "distributions": {n: distribution_to_json(d) for n, d in row.distributions.items()},
        "curve": sorted(row.intermediate_values.items()),
        "attributes": row.user_attrs,
        "system": row.system_attrs,
        "began": _time(row.datetime_start),
        "ended": _time(row.datetime_complete),
    }


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, indent=1, sort_keys=True).encode()
