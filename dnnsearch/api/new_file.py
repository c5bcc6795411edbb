"""`new`: a config for a file of the user's."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dnnsearch.api.cli_call import ignore
from dnnsearch.config import new_config


def new(
    data: str | Path,
    target: str | int | None = None,
    *,
    name: str | None = None,
    test: str | Path | None = None,
    set: Mapping[str, Any] | None = None,
    quiet: bool = False,
) -> Path:
    """Write configs/NAME.yaml for a file, print what was found in it, and return the config's path.

    `target` is a column's name, or its number from 0 (-1 is the last); `test` an official test
    file; `set` gives keys, as in {"data.task": "regression"}. Raises UserError, and writes nothing,
    for whatever is wrong with the file.
    """
    settings = [f"{key}={json.dumps(value)}" for key, value in (set or {}).items()]
    wanted = None if target is None else str(target)
    begun = new_config.new(str(data), wanted, name, None if test is None else str(test), settings)
    for line in begun.lines:
        (ignore if quiet else print)(line)
    return begun.path
