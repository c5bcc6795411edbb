"""A user's table with predictions: its own columns unchanged, the model's columns after them.

The table is read, predicted and written part by part. This module does not know where the model
comes from.
"""

import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pandas as pd

from dnnsearch.data import raw_columns
from dnnsearch.data.answer_names import appended_names
from dnnsearch.data.files.open_bytes import rereadable
from dnnsearch.data.files.prediction_rows import rows_of
from dnnsearch.data.files.write_table import written
from dnnsearch.data.unusual_rows import RowWatch
from dnnsearch.errors import UserError
from dnnsearch.models import interval_answers, refused_rows
from dnnsearch.models.ensemble import Model
from dnnsearch.models.imputed_columns import imputed_note
from dnnsearch.validators import cut, nearest, shortened

Warn = Callable[[str], object]
MISSING_CHOICES = ("refuse", "impute")  # what to do if the table lacks a column


def check_missing_choice(missing_columns: str) -> None:
    """Raise UserError if this is not one of `MISSING_CHOICES`."""
    if missing_columns not in MISSING_CHOICES:
        raise UserError(
            f"missing must be one of {', '.join(MISSING_CHOICES)}, but got {missing_columns!r}"
        )


def predict_file(
    model: Model,
    path: Path,
    missing_columns: str = "refuse",
    warn: Warn = warnings.warn,
    level: float | None = None,
) -> Iterator[pd.DataFrame]:
    """Yield the table of a file part by part, with the columns of `model.answers` after its own.

    `warn` is given, at the end, what the user should know of the rows. Raise UserError if a column
    of the model is missing, unless such columns are to be imputed, and for rows that cannot be read
    or predicted.
    """
    try:
        with rereadable(path) as again:
            yield from _predicted(model, path, again, missing_columns, warn, level)
    except ValueError as error:
        raise UserError(str(error)) from None


def _predicted(
    model: Model,
    path: Path,
    again: Path,
    missing_columns: str,
    warn: Warn,
    level: float | None,
) -> Iterator[pd.DataFrame]:
    """Yield the parts of the file `again`, a copy if `path`, its name, is a pipe."""
    rows = rows_of(again, model.form, model.inputs.kinds)
    check_level(model, level)
    check_columns(model, rows.names, str(path), missing_columns, level)
    first, watch = 1, _watch(model, rows.names)
    try:
        for part in rows.parts():
            yield _with_answers(model, part, missing_columns, watch, rows.decimal, level)
            first += len(part)
    except ValueError as error:
        raise UserError(f"{path}, from row {first} on: {error}") from None
    _say(model, watch, warn)


def _say(model: Model, watch: RowWatch, warn: Warn) -> None:
    """Pass on what the user should know of the rows: imputed columns, and what is unusual."""
    imputed = imputed_note(model.inputs, watch.imputed)
    for line in [*([imputed] if imputed else []), *watch.lines()]:
        warn(line)


def _watch(model: Model, names: list[str]) -> RowWatch:
    stripped = {name.strip() for name in names}
    return RowWatch(frozenset(name for name in model.inputs.kinds if name not in stripped))


def predict_table(
    model: Model,
    table: pd.DataFrame,
    missing_columns: str = "refuse",
    warn: Warn = warnings.warn,
    level: float | None = None,
) -> pd.DataFrame:
    """Return a table with the columns of `model.answers`; raise UserError as `predict_file`."""
    names = [str(name) for name in table.columns]
    check_level(model, level)
    check_columns(model, names, "the table", missing_columns, level)
    watch = _watch(model, names)
    try:
        answers = _with_answers(model, table, missing_columns, watch, None, level)
    except ValueError as error:
        raise UserError(f"the table: {error}") from None
    _say(model, watch, warn)
    return answers


def _with_answers(
    model: Model,
    table: pd.DataFrame,
    missing_columns: str,
    watch: RowWatch,
    decimal: str | None,
    level: float | None,
) -> pd.DataFrame:
    """Return the table with its predictions; raise ValueError for rows without one."""
    frame = table.set_axis([str(name).strip() for name in table.columns], axis=1)
    if model.inputs.kinds:
        frame = frame[[name for name in model.inputs.kinds if name in frame.columns]]
    frame = model.inputs.filled(frame) if missing_columns == "impute" else frame
    answers = pd.DataFrame(
        interval_answers.answers(model, frame, decimal, watch, level), index=table.index
    )
    answers.columns = pd.Index(_names(model, level))
    return pd.concat([table, answers], axis=1)


def check_level(model: Model, level: float | None) -> None:
    """Raise UserError if the model cannot give intervals of this level."""
    try:
        if level is not None:
            interval_answers.check_level(model, level)
    except ValueError as error:
        raise UserError(str(error)) from None


def _names(model: Model, level: float | None) -> list[str]:
    """Return the names of the model's columns in a table that may have its inputs and target."""
    return appended_names(
        interval_answers.columns_at(model, level), [*model.inputs.kinds, model.target_name]
    )


def check_columns(
    model: Model,
    names: list[str],
    place: str,
    missing_columns: str,
    level: float | None = None,
) -> None:
    """Raise UserError if a column of the model is missing, doubled, or named like a prediction."""
    stripped = [name.strip() for name in names]
    there = [name for name in model.inputs.kinds if name in stripped]
    if model.inputs.kinds and not there and missing_columns == "impute":
        raise UserError(f"{place}: {_without_any(model, stripped)}")
    if len(there) < len(model.inputs.kinds) and missing_columns == "refuse":
        is_foreign = not there and not nearest(next(iter(model.inputs.kinds)), stripped)
        missing = refused_rows.missing_columns(stripped, model.inputs.kinds, model.target_name)
        advised = f"{missing}: rename a column, or use --missing impute"
        raise UserError(f"{place}: {_without_any(model, stripped) if is_foreign else advised}")
    try:
        raw_columns.check_columns(stripped, there)
    except ValueError as error:
        raise UserError(f"{place}: {error}") from None
    for name in _names(model, level):
        if name in stripped:
            raise UserError(f"{place}: column {name!r} is there already: rename it or leave it out")


def _without_any(model: Model, names: list[str]) -> str:
    """Return that a table with these columns has none of the model's, in words."""
    kinds = model.inputs.kinds
    what = "numbers" if set(kinds.values()) == {"number"} else "values"
    needed = f"each row must have {len(kinds)} {what}, in the columns {shortened(kinds, 3)}"
    return f"{needed}, but none of them is there: the columns are {shortened(map(cut, names), 5)}"


def write(parts: Iterable[pd.DataFrame], out: Path) -> int:
    """Write the parts of a table to a file; return the number of rows.

    Raise UserError for an unknown suffix, and if the disk refuses. After any error, also one that
    the parts raise, no file is left.
    """
    count = 0
    try:
        with written(out) as write_part:
            for part in parts:
                write_part(part)
                count += len(part)
    except (OSError, ValueError) as error:
        raise UserError(f"{out} cannot be written: {error}") from None
    return count
