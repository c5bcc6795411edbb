"""The end of a command that measures: its result on the screen, and for the Python API."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from dnnsearch.runtime.cli_process import send_result
from dnnsearch.runtime.terminal_text import say


def give(document: Mapping[str, Any], lines: Iterable[str], as_json: bool) -> None:
    """Print the lines, or the document as JSON, and send the document to a caller in Python."""
    from dnnsearch.study.leaderboard.formats import finite_or_null

    if as_json:
        print(json.dumps(finite_or_null(dict(document))))
    else:
        say(lines)
    send_result(document)
