"""Options and arguments that several commands share, and how their values are read."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from dnnsearch.errors import UserError
from dnnsearch.urls import DEFAULT_STORAGE

STORAGE = DEFAULT_STORAGE

Storage = Annotated[
    str,
    typer.Option(
        metavar="URL",
        envvar="DNNSEARCH_STORAGE",
        help="Optuna's storage, where the studies are.",
    ),
]
Study = Annotated[str, typer.Argument(metavar="STUDY", help="A study's name, as `list` shows it.")]

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(duration: str) -> float:
    """`90`, `90s`, `15m`, `1.5h` or `1h30m` in seconds; raises UserError for anything else."""
    parts = re.findall(r"(\d+(?:\.\d+)?)([smhd])", duration)
    if re.fullmatch(r"\d+(\.\d+)?", duration):
        parts = [(duration, "s")]
    elif not parts or "".join(number + unit for number, unit in parts) != duration:
        raise UserError(f"--for must be a time such as 90s, 15m or 1h30m, but got {duration!r}")
    return sum(float(number) * UNITS[unit] for number, unit in parts)


def option(name: str, rule: Callable[[object], Any], value: object) -> Any:
    """What the rule makes of an option's value; raises UserError where it refuses."""
    try:
        return rule(value)
    except ValueError as error:
        raise UserError(f"{name} {error}") from None


def writable(path: Path) -> Path:
    """The path, if a file can be made there; raises UserError where none can."""
    if path.is_dir():
        raise UserError(f"{path} must be a file, but it is a folder")
    if not path.parent.is_dir():
        raise UserError(f"{path} cannot be written: there is no folder {path.parent}")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise UserError(f"{path} cannot be written: its folder, or the file, is read-only")
    return path
