"""What pydantic finds wrong, in one line for the person who wrote the config.

Knows nothing of which keys there are: it is handed their names and examples.
"""

from collections.abc import Collection, Mapping, Sequence

from pydantic_core import ErrorDetails

from dnnsearch.validators import nearest, show

MOST = 3  # complaints in a line; a person mends these first


def format_errors(
    errors: Sequence[ErrorDetails],
    known: Mapping[str, Collection[str]],
    examples: Mapping[str, str],
    touched: Collection[str],
) -> str:
    """The first few complaints, each with key, rule and value, and how many more there are.

    `known` has the names of the keys: under "" those of the config, under a key those within it;
    `examples` says what a missing key could be; `touched` are the keys set on the command line.
    """
    lines = []
    for error in errors[:MOST]:
        path = [str(part) for part in error["loc"]]
        by_hand = " (set on the command line)" if path and path[0] in touched else ""
        lines.append(_complaint(error, path, known, examples) + by_hand)
    more = len(errors) - len(lines)
    return "; ".join(lines) + (f"; and {more} more" if more else "")


def _complaint(
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
            names = known[".".join(path[:-1])]
            return f"{show(key)} is unknown{nearest(path[-1], names)}; the keys: {', '.join(names)}"
    place = f"{key}: " if key else ""
    return f"{place}{error['msg']}, but got {show(error['input'])}"
