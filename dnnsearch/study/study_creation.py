"""A study opened to be written: locked, then created, or compared with its stored definition."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from optuna.storages import RDBStorage

from dnnsearch.data.files.reading_version import Reading
from dnnsearch.data.restored_arrays import restore
from dnnsearch.errors import UserError
from dnnsearch.runtime.cli_process import program_name
from dnnsearch.storage.array_store import ArrayStore, default_root
from dnnsearch.storage.optuna_storage import Rows, create_study, open_storage, study_names
from dnnsearch.storage.postgresql_lock import LockCheck
from dnnsearch.storage.study_lock import study_lock
from dnnsearch.study import identity_file, preparation
from dnnsearch.study.changed_study import changed_files, changed_keys
from dnnsearch.study.computing_code import CODE, check_code, is_known_code
from dnnsearch.study.definition import Definition, differences
from dnnsearch.study.reading_difference import changed_columns, difference, only_reading_differs
from dnnsearch.study.stored_study import (
    CONFIG,
    DEFINITION,
    EXPERIMENT,
    GIVEN,
    IDENTITY,
    PROFILE,
    RETRIES,
    OpenStudy,
)
from dnnsearch.trials.metrics import METRICS
from dnnsearch.urls import without_password


@contextmanager
def open_for_writing(
    definition: Definition, accept_code: bool = False
) -> Iterator[tuple[OpenStudy, LockCheck]]:
    """Yield the study of this definition, and a check that raises LostLock if its lock was lost.

    Raises UserError if another process works on the study, if a study of this name has another
    definition, if other code computed it (unless that is accepted), or if the storage cannot be
    used.
    """
    config = definition.config
    storage = open_storage(config.storage, create=True)
    with study_lock(config.storage, config.study) as check_lock:
        rows = create_or_check_study(storage, definition)
        check_code(rows, accept_code)
        study = OpenStudy(config.study, rows)
        if definition.prepared.contents:
            restore(config, ArrayStore(default_root()), definition.prepared.test_key)
        preparation.keep(study, definition.prepared)
        identity_file.keep(study)
        yield study, check_lock


def create_or_check_study(storage: RDBStorage, definition: Definition) -> Rows:
    """Return the study's rows; creates the study if there is none.

    It takes up the identity that the records have of a study with this definition.
    Raises UserError if a study of this name has another definition.
    """
    config = definition.config
    wanted = definition.as_dict()
    if config.study not in study_names(storage):
        create_study(storage, config.study, METRICS[config.objective].direction.name)
    rows = Rows(storage, config.study)
    if _is_new(rows):
        known = identity_file.find(config, wanted)
        rows.set_attribute(IDENTITY, known.identity if known else uuid.uuid4().hex)
        if known and known.retries:
            rows.set_attribute(RETRIES, dict(known.retries))
        if known and known.given:
            rows.set_attribute(GIVEN, dict(known.given))
        if known and known.code:
            rows.set_attribute(CODE, list(known.code))
        rows.name_value(config.objective)
        rows.set_attribute(EXPERIMENT, config.experiment)
        rows.set_attribute(PROFILE, asdict(definition.prepared.shape))
        rows.set_attribute(DEFINITION, wanted)
    else:
        _check_definition(rows, definition, ArrayStore(default_root()))
    document = config.document()
    for key in ("storage", "tracking"):
        document[key] = without_password(document[key])
    rows.set_attribute(CONFIG, document)
    return rows


def check_study(rows: Rows, definition: Definition, store: ArrayStore, accept_code: bool) -> None:
    """Raise UserError if a search would refuse to go on with this study; nothing is written.

    `store` has the prepared data of the definition.
    """
    if not _is_new(rows):
        _check_definition(rows, definition, store)
        is_known_code(rows, accept_code)


def _is_new(rows: Rows) -> bool:
    """Return whether the study was made a moment ago, or a search was killed as it made it."""
    return DEFINITION not in rows.attributes and not rows.trials()


def _check_definition(rows: Rows, definition: Definition, store: ArrayStore) -> None:
    stored, wanted = rows.attributes.get(DEFINITION), definition.as_dict()
    if stored != wanted:
        _check_same_reading(OpenStudy(rows.study, rows), stored, definition, store)
        _refuse(rows.study, stored, wanted)


def _check_same_reading(
    study: OpenStudy, stored: dict[str, Any] | None, definition: Definition, store: ArrayStore
) -> None:
    """Raise UserError if the only difference is how the file is read."""
    if stored and only_reading_differs(stored, definition.as_dict()):
        now = Reading.of(definition.config.data)
        raise UserError(difference(study, now, changed_columns(study, definition.prepared, store)))


def _refuse(study: str, stored: dict[str, Any] | None, wanted: dict[str, Any]) -> None:
    if stored is None:
        raise UserError(
            f"study {study} was not created by dnnsearch; choose another name with --study NAME"
        )
    if changed := changed_files(stored.get("data", {}), wanted["data"]):
        raise UserError(
            f"the data have changed since study {study} was started: {changed}; search the new "
            f"rows beside the old study: {program_name()} retune {study} --data FILE; or start a "
            f"new one with --study NAME; or remove the old one: {program_name()} rm {study}"
        )
    keys = changed_keys(stored, wanted) or differences(stored, wanted)
    raise UserError(
        f"study {study} exists with another definition: {'; '.join(keys)}; "
        f"resume it with the old definition, start a new study with --study NAME, or remove it "
        f"with: {program_name()} rm {study}"
    )
