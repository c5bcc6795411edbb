"""`new`: a config for a file of the user's, and overrides of a config as `--set` has them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dnnsearch.config import new_config
from dnnsearch.config.yaml_file import as_settings


def new(
    data: str | Path,
    target: str | int | None = None,
    *,
    name: str | None = None,
    test: str | Path | None = None,
    overrides: Mapping[str, Any] | None = None,
    set: Mapping[str, Any] | None = None,
    quiet: bool = False,
) -> Path:
    """Write configs/NAME.yaml for a file, print what was detected, and return the config's path.

    `target` is a column's name, or its number from 0 (-1 is the last). `test` is an official test
    file. `overrides` sets keys of the config, as in {"data.task": "regression"}; `set` is its older
    name. Raise UserError, and write nothing, if the file is not usable.
    """
    created = new_config.new(
        str(data),
        None if target is None else str(target),
        name,
        None if test is None else str(test),
        as_settings(one_of_both(overrides, set)),
    )
    report = (lambda text: None) if quiet else print
    report("\n".join(created.lines))
    return created.path


def one_of_both(
    overrides: Mapping[str, Any] | None, set_: Mapping[str, Any] | None
) -> Mapping[str, Any]:
    """Return the overrides, which may be given by their older name `set`; TypeError if by both."""
    if overrides is not None and set_ is not None:
        raise TypeError("overrides and set are one argument: only one of them can be given")
    return overrides or set_ or {}
