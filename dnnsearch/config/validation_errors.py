"""Pydantic's validation errors in one line for the user who wrote the config.

This module does not know the keys: the caller passes their names and examples, and `key_synonyms`
has what other libraries call them.
"""

from collections.abc import Collection, Mapping, Sequence

from pydantic_core import ErrorDetails

from dnnsearch.config.key_synonyms import meant
from dnnsearch.validators import shortened, show

MAX_ERRORS_SHOWN = 3


def format_errors(
    errors: Sequence[ErrorDetails],
    known: Mapping[str, Collection[str]],
    examples: Mapping[str, str],
    touched: Collection[str],
) -> str:
    """Return the first few errors, each with key, rule and value, and how many more there are.

    `known` has the names of the keys: under "" those of the config, under a key those within it.
    `examples` has a possible value for a missing key. `touched` are the keys that were set on the
    command line.
    """
    lines = []
    for error in errors:
        path = [str(part) for part in error["loc"]]
        origin = " (set on the command line)" if path and path[0] in touched else ""
        lines.append(_format_error(error, path, known, examples) + origin)
    return shortened(lines, MAX_ERRORS_SHOWN, "; ")


def _format_error(
    error: ErrorDetails,
    path: Sequence[str],
    known: Mapping[str, Collection[str]],
    examples: Mapping[str, str],
) -> str:
    key = ".".join(path)
    match error["type"]:
        case "value_error":
            return f"{key}: {error['ctx']['error']}" if key else str(error["ctx"]["error"])
        case "missing":
            return f"{key}: must be given" + (f", {examples[key]}" if key in examples else "")
        case "extra_forbidden":
            section = ".".join(path[:-1])
            guess = meant(path[-1], known, section)
            keys = f"; the keys: {', '.join(sorted(known[section]))}"
            return f"{show(key)} is unknown{guess or keys}"
    place = f"{key}: " if key else ""
    return f"{place}{error['msg']}, but got {show(error['input'])}"
