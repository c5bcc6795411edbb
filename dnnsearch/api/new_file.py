"""`new`: a config for a file of the user's, and overrides of a config as `--set` has them."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from dnnsearch.api.frame_file import as_file
from dnnsearch.config import new_config
from dnnsearch.config.yaml_file import as_settings
from dnnsearch.runtime.terminal_text import say, terminal_width

DEFAULT_NAME = "table"  # of the config of a table in memory


def new(
    data: Any,
    target: str | int | None = None,
    *,
    name: str | None = None,
    test: Any = None,
    overrides: Mapping[str, Any] | None = None,
    set: Mapping[str, Any] | None = None,
    quiet: bool = False,
) -> Path:
    """Write configs/NAME.yaml for a file, print what was detected, and return the config's path.

    `data` may also be a table (pandas, polars, Arrow) or a list of mappings: it is stored as
    configs/NAME.parquet, and NAME is "table" if none is given. `target` is a column's name, or its
    number from 0 (-1 is the last). `test` is an official test file, or a table. `overrides` sets
    keys of the config, as in {"data.task": "regression"}; `set` is its older name. Raise UserError,
    and write nothing, if the data are not usable.
    """
    settings = as_settings(one_of_both(overrides, set))
    called = name or DEFAULT_NAME
    with ExitStack() as files:
        file = files.enter_context(as_file(data, called))
        test_file = None if test is None else files.enter_context(as_file(test, f"{called}-test"))
        wanted = None if target is None else str(target)
        created = new_config.new(file, wanted, name, test_file, settings)
    if not quiet:
        say(created.report.within(terminal_width()))
    return created.path


def one_of_both(
    overrides: Mapping[str, Any] | None, set_: Mapping[str, Any] | None
) -> Mapping[str, Any]:
    """Return the overrides, which may be given by their older name `set`; TypeError if by both."""
    if overrides is not None and set_ is not None:
        raise TypeError("overrides and set are one argument: only one of them can be given")
    return overrides or set_ or {}
