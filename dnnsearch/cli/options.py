"""Options and arguments that several commands share, and how their values are read."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from dnnsearch.errors import UserError
from dnnsearch.storage.atomic_write import write_whole
from dnnsearch.storage.sqlite_connection import is_database
from dnnsearch.urls import STORAGE_VARIABLE

Storage = Annotated[
    str,
    typer.Option(
        metavar="URL", envvar=STORAGE_VARIABLE, help="Optuna's storage, which has the studies."
    ),
]
Study = Annotated[str, typer.Argument(metavar="STUDY", help="A study's name, as `list` shows it.")]

UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(duration: str) -> float:
    """Return the seconds of `90`, `90s`, `15m`, `1.5h` or `1h30m`.

    Raise UserError for any other text.
    """
    parts = re.findall(r"(\d+(?:\.\d+)?)([smhd])", duration)
    if re.fullmatch(r"\d+(\.\d+)?", duration):
        parts = [(duration, "s")]
    elif not parts or "".join(number + unit for number, unit in parts) != duration:
        raise UserError(f"--for must be a time such as 90s, 15m or 1h30m, but got {duration!r}")
    return sum(float(number) * UNIT_SECONDS[unit] for number, unit in parts)


def option(name: str, rule: Callable[[object], Any], value: object) -> Any:
    """Return the value of an option as its rule reads it; raise UserError if the rule refuses."""
    try:
        return rule(value)
    except ValueError as error:
        raise UserError(f"{name} {error}") from None


def write_text(path: Path, text: str) -> None:
    """Write the text in UTF-8; raise UserError if no file can be written there, or not all of it.

    A file is written whole or stays as it was. A device or a pipe is written to as it is.
    """
    writable(path)
    try:
        if path.exists() and not path.is_file():
            path.write_text(text, encoding="utf-8")
        else:
            write_whole(path.resolve(), text.encode())
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}") from error


def writable(path: Path) -> Path:
    """Return the path; raise UserError if no file can be written there."""
    if path.is_dir():
        raise UserError(f"{path} must be a file, but it is a folder")
    if not path.parent.is_dir():
        raise UserError(f"{path} cannot be written: there is no folder {path.parent}")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise UserError(f"{path} cannot be written: its folder, or the file, is read-only")
    if is_database(path):
        raise UserError(f"{path} is a database and would be overwritten: choose another file")
    return path
