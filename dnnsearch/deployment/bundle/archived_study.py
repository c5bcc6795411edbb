"""What an archive says of a study, parsed and not yet checked."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from optuna.distributions import json_to_distribution
from optuna.trial import FrozenTrial, TrialState

from dnnsearch.config.config import Config, parse_config
from dnnsearch.data.files.source import PATHS
from dnnsearch.deployment.bundle.archive import Members
from dnnsearch.deployment.bundle.study_export import DATA, DOCUMENT, PLACES, outer_prefix
from dnnsearch.errors import UserError
from dnnsearch.study.identity_file import IDENTITY_PATTERN
from dnnsearch.study.stored_study import IDENTITY


@dataclass(frozen=True)
class Archived:
    """What an archive says of one study."""

    document: Mapping[str, Any]
    members: Members
    name: str
    rows: list[FrozenTrial]


def parsed(members: Members) -> Archived:
    document = json.loads(members[DOCUMENT])
    config = config_of(document, {})
    rows = [_row(number, one) for number, one in enumerate(document["trials"])]
    if config.study != document["study"]:
        raise UserError(f"{DOCUMENT}: it is of two studies")
    if not IDENTITY_PATTERN.fullmatch(document["attributes"][IDENTITY]):
        raise UserError(f"{DOCUMENT}: the study has no identity")
    return Archived(document, members, config.study, rows)


def outer_folds(archived: Archived) -> list[Archived]:
    """Return the studies of the outer folds, in order; each has the data of the study."""
    members = archived.members
    found: list[Archived] = []
    data = {name: content for name, content in members.items() if name.startswith(DATA)}
    while (prefix := outer_prefix(len(found) + 1)) + DOCUMENT in members:
        own = {n.removeprefix(prefix): c for n, c in members.items() if n.startswith(prefix)}
        found.append(parsed({**own, **data}))
    return found


def config_of(document: Mapping[str, Any], places: Mapping[str, Any]) -> Config:
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
