"""What is seen while a search runs: a live table, plain lines, nothing, or events for machines.

The four are observers of a search and take the same calls, so that the search need not know which
one watches. Nothing here decides anything.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from dnnsearch.cli.display.events import Events
from dnnsearch.cli.display.lines import Lines, Quiet
from dnnsearch.cli.display.tally import Tally
from dnnsearch.config.config import Config
from dnnsearch.study.search import SearchObserver


@contextmanager
def display(config: Config, quiet: bool, events: bool = False) -> Iterator[SearchObserver]:
    """The observer that fits: live on a terminal, lines elsewhere, nothing where nobody asks."""
    if events:
        yield Events(Tally(config))
    elif quiet:
        yield Quiet()
    elif sys.stdout.isatty() and os.environ.get("TERM") != "dumb":
        from dnnsearch.cli.display.live import live

        with live(Tally(config)) as table:
            yield table
    else:
        yield Lines(Tally(config))
