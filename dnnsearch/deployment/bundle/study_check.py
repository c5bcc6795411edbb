"""Whether the files, rows and figures of a study, made of an archive, are those of one study."""

import json

from dnnsearch.data.files.source import without_paths
from dnnsearch.deployment.bundle.archived_study import Archived, outer_folds
from dnnsearch.deployment.bundle.study_export import (
    DOCUMENT,
    LEADERBOARD,
    REPORT,
    computed,
    report_mark,
)
from dnnsearch.deployment.champion import champion_path
from dnnsearch.errors import UserError
from dnnsearch.models import model_file
from dnnsearch.reproduce.record_comparison import row_difference
from dnnsearch.storage.array_store import canonical
from dnnsearch.study import identity_file, preparation
from dnnsearch.study.definition import differences
from dnnsearch.study.leaderboard.formats import csv_text
from dnnsearch.study.leaderboard.ranking import leaderboard
from dnnsearch.study.outer_studies import outer_storage
from dnnsearch.study.stored_study import CHAMPION, DEFINITION, OpenStudy, open_study

RESOLVED = ("data", "curve_every", "pruner")  # keys of a definition that depend on the data, too


def check(study: OpenStudy, archived: Archived) -> None:
    """Raise UserError unless all of the archive, with its outer folds, is of one study."""
    _check_one(study, archived)
    if csv_text([leaderboard(study)]).encode() != archived.members[LEADERBOARD]:
        raise UserError(f"{LEADERBOARD} does not have the trials of the study")
    if not archived.members[REPORT].endswith(report_mark(archived.members)):
        raise UserError(f"{REPORT} is not of this study")
    for fold in outer_folds(archived):
        _check_one(open_study(fold.name, outer_storage(study)), fold)


def _check_one(study: OpenStudy, archived: Archived) -> None:
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
