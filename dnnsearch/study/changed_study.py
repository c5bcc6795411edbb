"""How the definition or the data of a study differ from the stored ones, in words for the user."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from dnnsearch.data.files.source import contents, is_file
from dnnsearch.data.prepare import Prepared
from dnnsearch.errors import UserError
from dnnsearch.runtime.cli_process import program_name
from dnnsearch.storage.array_store import ArrayStore
from dnnsearch.study.definition import differences
from dnnsearch.study.reading_difference import check_reading
from dnnsearch.study.stored_study import OpenStudy
from dnnsearch.validators import counted, short_digests

FOLLOWING = {"first", "data_digest", "split_digest", "arrays"}  # from other keys and the data
TRY_FIRST = "try_first"  # a key with a list of whole configurations


def changed_keys(stored: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """Return the keys that a user gives and whose values differ, each with both, in short."""
    old = {key: value for key, value in stored.items() if key not in FOLLOWING}
    new = {key: value for key, value in wanted.items() if key not in FOLLOWING}
    first = old.pop(TRY_FIRST, []), new.pop(TRY_FIRST, [])
    found = differences(old, new)
    if first[0] != first[1]:
        was, now = first_configurations(first)
        found.append(f"{TRY_FIRST} (was {was}, is {now})")
    named = (re.sub(r"^data\.contents\.(\w+)", r"the content of data.\1", text) for text in found)
    return [short_digests(text) for text in named]


def first_configurations(given: Sequence[Sequence[Any] | None]) -> list[str]:
    """Return how many configurations each `try_first` has; lists of one length are told apart."""
    texts: list[str] = []
    for one in given:
        count = len(one or [])
        first = next(two for two in given if len(two or []) == count)
        noun = "configuration" if one == first else "other configuration"
        texts.append(counted(count, noun) if count else "none")
    return texts


def changed_files(stored: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    """Return the files with another content; nothing if the data differ in any other way too.

    Both are the `data` of a definition.
    """
    then, now = stored.get("contents", {}), wanted.get("contents", {})
    if not then or {**stored, "contents": now} != wanted:
        return ""
    changed = [name for name in now if then.get(name) != now[name]]
    return "; ".join(f"{n} was {then.get(n, '')[:12]}..., is {now[n][:12]}..." for n in changed)


def check_data(study: OpenStudy, prepared: Prepared, store: ArrayStore) -> None:
    """Raise UserError, with what can be done, if data that are prepared now are not the study's."""
    check_reading(study, prepared, store)
    stored = study.definition
    if (prepared.data_digest, prepared.split_digest) == (
        stored["data_digest"],
        stored["split_digest"],
    ):
        return
    data = study.config.data
    what = f"the data of study {study.name} have changed since it was run"
    if not is_file(data):
        raise UserError(f"{what}: restore them, or start a new study with --study NAME")
    files = changed_files(stored["data"], {**stored["data"], "contents": contents(data)})
    again = f"{program_name()} retune {study.name} --data FILE"
    raise UserError(
        f"{what}{f': {files}' if files else ''}; restore them, or search the new rows: {again}"
    )
