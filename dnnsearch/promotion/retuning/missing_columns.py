"""New data without a column that the old study has: which one, and what can be done."""

import shlex
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from dnnsearch.data.files.read import read
from dnnsearch.data.files.source import data_name, is_file
from dnnsearch.errors import UserError
from dnnsearch.runtime.cli_process import program_name
from dnnsearch.validators import nearest_unused, shortened

MAX_NAMES = 5


def check_new_file(data: Mapping[str, Any]) -> None:
    """Raise UserError if the file of a `data` section lacks a column that the section names.

    Call it after an error: it reads the file again. A file that cannot be read is left to that.
    """
    if not is_file(data):
        return
    try:
        columns = [str(name) for name in read(data).frame.columns]
    except ValueError:
        return
    named = [name for name in data.get("columns", {}) if name != "*"]
    check_columns([*named, *filter(None, [data.get("target")])], columns, "the study", data)


def check_columns(
    needed: Collection[str], columns: Sequence[str], owner: str, data: Mapping[str, Any]
) -> None:
    """Raise UserError, with what can be done, if `columns` of new data lack a needed one."""
    missing = [name for name in needed if name not in columns]
    if not missing:
        return
    lack = shortened(map(repr, missing), MAX_NAMES)
    meant = nearest_unused(missing[0], columns, needed)
    if data.get("target") in missing:
        raise UserError(
            f"the new data lack {lack}{meant}, which {owner} needs; they have "
            f"{shortened(columns, MAX_NAMES)}: networks learn from the true values of the target, "
            f"{data['target']!r}, so add them"
        )
    target = f" --target {shlex.quote(str(data['target']))}" if data.get("target") else ""
    new = f"{program_name()} new {shlex.quote(str(data.get('file', data_name(data))))}{target}"
    raise UserError(
        f"the new data lack {lack}{meant}, which {owner} needs; they have "
        f"{shortened(columns, MAX_NAMES)}: rename the column, or add it, empty if its role is "
        f"`ignored`; for a study without it: {new}"
    )
