"""A study's file that is unchanged but read in another way: which columns, and what can be done.

That is no change of the data, so no command may call it one.
"""

from collections.abc import Mapping
from typing import Any

from dnnsearch.data import model_inputs
from dnnsearch.data.files.reading_version import Reading
from dnnsearch.data.files.source import contents, without_paths
from dnnsearch.data.prepare import Prepared
from dnnsearch.errors import DamagedFile, UserError
from dnnsearch.storage.array_store import ArrayStore, DamagedArrays
from dnnsearch.study import preparation
from dnnsearch.study.stored_study import OpenStudy
from dnnsearch.validators import shortened

MAX_NAMES = 5


def check_reading(study: OpenStudy, prepared: Prepared, store: ArrayStore) -> None:
    """Raise UserError if `prepared`, of the study's own config, is its file read otherwise."""
    if _is_read_otherwise(study, prepared.data_digest):
        columns = changed_columns(study, prepared, store)
        raise UserError(difference(study, Reading.of(study.config.data), columns))


def check_digest(study: OpenStudy, data_digest: str) -> None:
    """Raise UserError if this digest of the data is of the study's file read otherwise."""
    if _is_read_otherwise(study, data_digest):
        raise UserError(difference(study, Reading.of(study.config.data), []))


def _is_read_otherwise(study: OpenStudy, data_digest: str) -> bool:
    """Return whether the digest of the data differs, but neither the file nor the config does."""
    definition, data = study.definition, study.config.data
    if "contents" not in definition["data"] or data_digest == definition["data_digest"]:
        return False
    now = {**without_paths(data), "contents": contents(data)}
    return {**definition["data"], "reading": 0} == {**now, "reading": 0}


def only_reading_differs(stored: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Return whether two definitions differ in nothing but how one file is read."""
    follows = ("data_digest", "split_digest", "arrays")  # from how it is read
    old, new = (
        {
            **{k: v for k, v in one.items() if k not in follows},
            "data": {**one["data"], "reading": 0},
        }
        for one in (stored, wanted)
    )
    return old == new and "contents" in wanted["data"]


def difference(study: OpenStudy, now: Reading, columns: list[str]) -> str:
    """Return the refusal; `now` is the reading of the config, `columns` are read otherwise."""
    began = Reading.of(study.definition["data"])
    which = f"{shortened(map(repr, columns), MAX_NAMES)} of its" if columns else "its"
    what = f"study {study.name} began with reading {began.version}, and {which} unchanged file is"
    new = "or start a new study with --study NAME"
    if now != began:
        return f"{what} read otherwise since: set data.reading={began.version}, {new}"
    return f"{what} read otherwise by this version of dnnsearch: use the one that began it, {new}"


def changed_columns(study: OpenStudy, prepared: Prepared, store: ArrayStore) -> list[str]:
    """Return the target and the columns that become other inputs than when the study began.

    They are not known, and none is returned, if that was not kept.
    """
    try:
        kept = preparation.read(study)
        now = model_inputs.fitted(store.open(prepared.test_key))
    except (DamagedFile, DamagedArrays, KeyError):
        return []
    if kept is None:
        return []
    then, arrays = kept
    is_other = then.classes != prepared.classes
    target = [study.config.data.get("target", "target")] if is_other else []
    old = model_inputs.inputs(arrays, then.feature_names)
    return target + old.changed(model_inputs.inputs(now, prepared.feature_names))
