"""Our own program, asked for its answer alone, and which storage is meant."""

import os

from dnnsearch.runtime.cli_process import run_cli
from dnnsearch.urls import DEFAULT_STORAGE


def storage_of(given: str | None) -> str:
    """The storage that is given, else the environment's, else the default."""
    return given or os.environ.get("DNNSEARCH_STORAGE") or DEFAULT_STORAGE


def call_cli(arguments: list[str], storage: str) -> tuple[int, str]:
    """Exit code, 0 or 1, and text; UserError where it refuses, RuntimeError where it breaks.

    The storage, which may have a password, does not stand among the arguments.
    """
    code, said = run_cli(arguments, ignore, storage)
    if code not in (0, 1) or "Traceback" in said:
        raise RuntimeError(said)
    return code, said


def ignore(line: str) -> None:
    """Tells nobody."""
