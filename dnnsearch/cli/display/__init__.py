"""What a search prints while it runs: a live table, plain lines, messages only, or JSON events.

The four are observers of a search and have the same methods. Nothing here knows how a search works.

- `tally`: the state of a search: what runs, what has ended, which trial is best.
- `live`: a table on a terminal.
- `lines`: one line per trial, or messages only.
- `events`: one JSON object per line.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from dnnsearch.cli.display.events import Events
from dnnsearch.cli.display.lines import Lines, Quiet
from dnnsearch.cli.display.tally import Tally
from dnnsearch.study.search import SearchObserver


@contextmanager
def display(
    tally: Tally, quiet: bool, events: bool = False, lines_to: IO[str] | None = None
) -> Iterator[SearchObserver]:
    """Yield the display that fits: events or quiet if asked for, live on a terminal, else lines.

    Lines go to the stream `lines_to`, by default to standard output.
    """
    if events:
        yield Events(tally)
    elif quiet:
        yield Quiet(tally)
    elif sys.stdout.isatty() and os.environ.get("TERM") != "dumb":
        from dnnsearch.cli.display.live import live

        with live(tally) as table:
            yield table
    else:
        yield Lines(tally, lines_to)
