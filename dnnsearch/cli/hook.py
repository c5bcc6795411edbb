"""A command of the user's that is run when a search ends, for example to send a message."""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from dnnsearch.cli.startup import original_environment
from dnnsearch.errors import UserError
from dnnsearch.runtime.terminal_text import say


@dataclass
class Ending:
    """How the search has ended, as an event of `--json`; empty while it has not."""

    event: str = ""


def read_hook(text: str) -> list[str]:
    """Return the words of the command, split as a shell does.

    Raise UserError if it cannot be split, or if there is no such program.
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UserError(f"--hook {text!r} cannot be split into words: {error}") from None
    path = original_environment().get("PATH")
    if not words or shutil.which(words[0], path=path) is None:
        raise UserError(f"--hook must name a program that can be run, but got {text!r}")
    return words


@contextmanager
def run_at_end(hook: str | None) -> Iterator[Ending]:
    """Run the command when the block ends, also with a UserError; not if a signal stops it."""
    words = read_hook(hook) if hook is not None else []
    ending = Ending()
    try:
        yield ending
    except UserError as error:
        if words:
            from dnnsearch.cli.display.events import as_event

            _run(words, as_event("error", text=str(error)))
        raise
    if words:
        _run(words, ending.event)


def _run(words: list[str], event: str) -> None:
    """Run the command with the event on its standard input; print a warning if it fails.

    It gets the environment that the user gave us. What it prints goes to standard error, because
    standard output may be read by a program.
    """
    try:
        done = subprocess.run(
            words,
            input=f"{event}\n",
            encoding="utf-8",
            env=original_environment(),
            stdout=sys.stderr.fileno(),
            check=False,
        )
        why = f"ended with exit code {done.returncode}" if done.returncode else ""
    except OSError as error:
        why = f"could not be run: {os.strerror(error.errno or 0)}"
    if why:
        say([f"warning: --hook {shlex.join(words)} {why}"], sys.stderr)
