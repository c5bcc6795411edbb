"""Progress of long commands, on standard error."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

TERMINAL_SECONDS = 0.1  # between two updates of a line on a terminal
LOG_SECONDS = 5.0  # between two lines in a log


def progress_printer(silent: bool) -> Callable[[str], object]:
    """Return a function that prints what is being done; it prints nothing if `silent`."""

    def report(text: str) -> None:
        if not silent:
            print(f"{text} ...", file=sys.stderr, flush=True)

    return report


@contextmanager
def counter(
    unit: str, prefix: str = "", silent: bool = False
) -> Iterator[Callable[[int, int], None]]:
    """Yield a function of a count and a total that prints `PREFIX 3 of 20 UNIT`.

    On a terminal it is one line that changes, and that is erased at the end. Otherwise it is a line
    every 5 s, the first one after 5 s.
    """
    is_terminal = sys.stderr.isatty()
    interval = TERMINAL_SECONDS if is_terminal else LOG_SECONDS
    start, end = ("\r", "") if is_terminal else ("", "\n")
    last = time.monotonic()

    def report(done: int, total: int) -> None:
        nonlocal last
        if not silent and time.monotonic() - last >= interval:
            last = time.monotonic()
            text = f"{start}{prefix}{done} of {total} {unit}"
            print(text, end=end, file=sys.stderr, flush=True)

    try:
        yield report
    finally:
        if is_terminal and not silent:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
