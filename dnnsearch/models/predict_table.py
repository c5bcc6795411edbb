"""What a model says of a person's table: their own columns as they were, its answers beside them.

The table is read, answered and written part by part. Nothing here knows where the model is from.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

from dnnsearch.data.files.number_formats import respelled
from dnnsearch.data.files.prediction_rows import rows_of
from dnnsearch.data.files.sheet import GAPS, MISSING, with_columns
from dnnsearch.data.files.write_table import written
from dnnsearch.errors import UserError
from dnnsearch.models.ensemble import Model
from dnnsearch.validators import nearest

GROUPED = r"[-+]?[1-9]\d{0,2}(\.\d{3})+"
LACKING = ("refuse", "impute")  # what is done with a column that the table has not


def check_way(lacking: str) -> None:
    """Raises UserError for what is none of `LACKING`."""
    if lacking not in LACKING:
        raise UserError(f"missing must be one of {', '.join(LACKING)}, but got {lacking!r}")


def predict_file(model: Model, path: Path, lacking: str = "refuse") -> Iterator[pd.DataFrame]:
    """The table of a file, part by part, with the columns of `model.answers` behind its own.

    Raises UserError where the model needs a column that is not there, unless such are to be
    imputed, and for rows that cannot be read or answered.
    """
    try:
        rows = rows_of(path, model.form, model.inputs.kinds)
    except ValueError as error:
        raise UserError(str(error)) from None
    check_columns(model, rows.names, str(path), lacking)
    first = 1
    try:
        for part in rows.parts():
            yield _with_answers(model, part, lacking, rows.decimal)
            first += len(part)
    except ValueError as error:
        raise UserError(f"{path}, from row {first} on: {error}") from None


def predict_table(model: Model, table: pd.DataFrame, lacking: str = "refuse") -> pd.DataFrame:
    """The same of a table that is there. Raises UserError as `predict_file`."""
    check_columns(model, [str(name) for name in table.columns], "the table", lacking)
    try:
        return _with_answers(model, table, lacking)
    except ValueError as error:
        raise UserError(f"the table: {error}") from None


def _with_answers(
    model: Model, table: pd.DataFrame, lacking: str, decimal: str = "."
) -> pd.DataFrame:
    """The table with the answers; ValueError for rows that cannot be answered."""
    frame = _cleaned(model, table, decimal)
    answers = model.answers(model.inputs.filled(frame) if lacking == "impute" else frame)
    return pd.concat([table, pd.DataFrame(answers, index=table.index)], axis=1)


def _cleaned(model: Model, table: pd.DataFrame, decimal: str) -> pd.DataFrame:
    """The columns that the model needs; what marks a missing cell in text is missing."""
    frame = table.set_axis([str(name).strip() for name in table.columns], axis=1)
    frame = frame[[name for name in model.inputs.kinds if name in frame.columns]]
    marks = list(model.form.get("missing", MISSING))
    for name, kind in model.inputs.kinds.items():
        if name in frame.columns and frame.dtypes[name] == "str":
            cells = frame[name].str.strip()
            cells = cells.mask(cells.isin(marks))
            cells = _number(cells, model, decimal) if kind == "number" else cells
            frame = with_columns(frame, {name: cells})
    return frame


def _number(cells: pd.Series, model: Model, decimal: str) -> pd.Series:
    """Cells of a column of numbers, written as they were in training, as plain ones.

    Raises ValueError where 1.234 beside decimal commas may be a thousand: nobody has said so.
    """
    gaps = [] if "missing" in model.form else list(GAPS)
    there = cells.mask(cells.str.casefold().isin(gaps))
    read = respelled(there, decimal, model.form.get("spelled", {}))
    if read:
        return read[0]
    if decimal == ",":
        unclear = cells[cells.str.fullmatch(GROUPED).fillna(False).astype(bool)]
        if len(unclear):
            rule = "numbers must be clear"
            raise ValueError(f"{rule}, but {cells.name!r} has {unclear.iloc[0]} and decimal commas")
        return cells.str.replace(",", ".", regex=False)
    return cells


def check_columns(model: Model, names: list[str], place: str, lacking: str) -> None:
    """Raises UserError for a table without a column of the model's, or with one of its answers."""
    stripped = [name.strip() for name in names]
    missing = [name for name in model.inputs.kinds if name not in stripped]
    if missing and lacking == "refuse":
        more = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
        meant = nearest(missing[0], stripped)
        raise UserError(
            f"{place}: the model needs the column {missing[0]!r}{more}, and the table has none of "
            f"that name{meant}: name it so, or say --missing impute"
        )
    for name in model.columns:
        if name in stripped:
            raise UserError(
                f"{place}: there is a column {name!r} already: rename it or leave it out"
            )
    doubled = [name for name in model.inputs.kinds if stripped.count(name) > 1]
    if doubled:
        raise UserError(f"{place}: there are several columns {doubled[0]!r}: which is meant?")


def write(parts: Iterable[pd.DataFrame], out: Path) -> int:
    """The parts of a table as a file; returns the number of rows.

    Raises UserError for an ending that says no format, and when the disk refuses; whatever is
    raised, also by the parts, no file is left.
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
