"""Progress of long commands, on standard error."""

import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from dnnsearch.cli.signals import Stopped
from dnnsearch.runtime.cli_process import command_line
from dnnsearch.runtime.terminal_text import broken, say

TERMINAL_SECONDS = 0.1  # between two updates of a line on a terminal
LOG_SECONDS = 5.0  # between two lines in a log
BAR_CHARACTERS = 24
ERASE = "\r\033[K"  # what the line of a terminal has


def progress_printer(silent: bool) -> Callable[[str], object]:
    """Return a function that prints what is being done; it prints nothing if `silent`."""

    def report(text: str) -> None:
        if not silent:
            say([f"{text} ..."], sys.stderr)

    return report


class Counter:
    """Prints `PREFIX 3 of 20 UNIT`, with a bar and the time left on a terminal."""

    def __init__(self, unit: str, prefix: str, silent: bool) -> None:
        self._unit, self._prefix, self._silent = unit, prefix, silent
        self._is_terminal = sys.stderr.isatty()
        self._interval = TERMINAL_SECONDS if self._is_terminal else LOG_SECONDS
        self._began = self._last = time.monotonic()
        self._known: float | None = (
            None  # what was done at the first call, such as by an earlier run
        )
        self._line = ""
        self._is_complete = False
        self.count = ""  # such as `3 of 20 trials compared`; empty before the first call

    def __call__(self, done: float, total: int) -> None:
        """Show that `done` of `total` are done; a part of one counts in the bar."""
        self.count = f"{int(done)} of {total} {self._unit}"
        self._is_complete = done >= total
        now = time.monotonic()
        if self._known is None:
            self._known, self._began = done, now
        is_last = done >= total and self._is_terminal
        if now - self._last < self._interval and not is_last:
            return
        self._last = now
        text = f"{self._prefix}{self.count}"
        if self._is_terminal:
            shown = f"{self._prefix}{bar(done / max(total, 1))}  {self.count}"
            text = shown + self._left(now, done, total)
        self._print(text)

    def begin(self, text: str) -> None:
        """Show what comes before the first count; on a terminal only."""
        if self._is_terminal:
            self._print(f"{self._prefix}{text} ...")

    def say(self, text: str) -> None:
        """Print what is being done, above the bar; a full bar gives way to it."""
        if not self._silent:
            self.note(f"{text} ...")

    def note(self, text: str) -> None:
        """Print what the user should know, above the bar, also if that is not shown."""
        if self._is_complete:
            self._line = ""
        has_bar = self._is_terminal and not self._silent
        if has_bar:
            print(ERASE, end="", file=sys.stderr)
        say([text], sys.stderr)
        if has_bar:
            print(self._line, end="", file=sys.stderr, flush=True)

    def erase(self) -> None:
        """Leave nothing of the bar on a terminal."""
        if self._is_terminal and not self._silent:
            print(ERASE, end="", file=sys.stderr, flush=True)
        self._line = ""

    def _left(self, now: float, done: float, total: int) -> str:
        new = done - (self._known or 0)
        is_known = new > 0 and now > self._began and done < total
        return f", {clock((now - self._began) * (total - done) / new)} left" if is_known else ""

    def _print(self, text: str) -> None:
        if self._silent:
            return
        if self._is_terminal:
            self._line = broken(text, shutil.get_terminal_size().columns - 1)[0]
            print(f"{ERASE}{self._line}", end="", file=sys.stderr, flush=True)
        elif text != self._line:
            self._line = text
            say([text], sys.stderr)


@contextmanager
def counter(unit: str, prefix: str = "", silent: bool = False) -> Iterator[Counter]:
    """Yield a function of a count and a total that prints `PREFIX 3 of 20 UNIT`.

    On a terminal it is one line that changes, and that is erased at the end. Otherwise it is a line
    every 5 s if it has changed, the first one after 5 s.
    """
    shown = Counter(unit, prefix, silent)
    try:
        yield shown
    finally:
        shown.erase()


@contextmanager
def loading(text: str, silent: bool = False) -> Iterator[None]:
    """Show what takes the first seconds; on a terminal only, and erased at the end."""
    is_shown = sys.stderr.isatty() and not silent
    if is_shown:
        print(f"{ERASE}{text} ...", end="", file=sys.stderr, flush=True)
    try:
        yield
    finally:
        if is_shown:
            print(ERASE, end="", file=sys.stderr, flush=True)


@dataclass
class Reached:
    """How far a command is: `text()` is such as `3 of 40 trials done`, or empty.

    `kept_too()` is what is kept beside what is done, such as `; 5 more are trained and kept, too`.
    """

    text: Callable[[], str] = str
    kept_too: Callable[[], str] = str


@contextmanager
def resumable() -> Iterator[Reached]:
    """If a signal stops the block, print how far it is, and the command that goes on."""
    reached = Reached()
    try:
        yield reached
    except Stopped as stopped:
        if text := reached.text():
            ended = f"stopped: {text}; what is done is kept{reached.kept_too()}"
        else:
            ended = "stopped: nothing was begun yet; what is stored is kept"
        say_stopped(stopped, [ended, f"To resume: {command_line()}"])
        raise


def say_stopped(stopped: Stopped, lines: Sequence[str] = ()) -> None:
    """Say, once, that a signal has stopped the command; by default with the command itself."""
    if stopped.is_said:
        return
    stopped.is_said = True
    if sys.stderr.isatty():
        print(ERASE, end="", file=sys.stderr)  # the terminal's ^C
    say(lines or [f"stopped; to start again: {command_line()}"], sys.stderr)


def bar(share: float) -> str:
    """Return a bar of 24 characters for a share from 0 to 1; other shares are clipped."""
    full = round(min(max(share, 0.0), 1.0) * BAR_CHARACTERS)
    return "━" * full + "─" * (BAR_CHARACTERS - full)


def clock(seconds: float) -> str:
    """Return a duration such as `1:05` or `2:00:07`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
