"""How a command is stopped: once in order, twice at once.

The first Ctrl-C, SIGTERM or SIGHUP raises `Stopped` where the program stands, so that everything on
the way out is put in order. That may take two seconds, whatever the program was doing: a thread,
which the signal reaches even while a library waits for a lock, ends the process then. The second
signal ends it on the spot. Whatever that leaves, the next search finds.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from types import FrameType
from typing import NoReturn

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SECONDS = 1.8  # for ending in order
TOO_LONG = b"\nstopped at once, for it took too long in order; the same command goes on\n"


class Stopped(BaseException):
    """The user, or the machine, wants the command to end."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.exit_code = 128 + number


def install_graceful_stop() -> None:
    """From now on the signals stop this process in order; nohup's wish is respected.

    Raises Stopped when one has come while the program was starting over.
    """
    _watch()
    for number in SIGNALS:
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _first)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


@contextmanager
def defer_signals() -> Iterator[None]:
    """Keep signals for the program that is about to take this one's place in the process."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


def stop_at_once() -> None:
    """From now on there is nothing left to be put in order."""
    for number in SIGNALS:
        if signal.getsignal(number) == _first:
            signal.signal(number, _second)


def exit_now(stopped: Stopped) -> NoReturn:
    """End the process, in which all is in order: to take MLflow down in Python takes a second."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    os._exit(stopped.exit_code)


def _first(number: int, frame: FrameType | None) -> None:
    stop_at_once()
    raise Stopped(number)


def _second(number: int, frame: FrameType | None) -> None:
    os._exit(128 + number)


@cache
def _watch() -> None:
    """Once in a process: have signals written to a pipe that a thread of ours reads."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    threading.Thread(target=_end_in_time, args=[reading], name="signals", daemon=True).start()


def _end_in_time(reading: int) -> None:
    while True:
        (number,) = os.read(reading, 1)
        if signal.getsignal(number) in (_first, _second):
            time.sleep(SECONDS)
            os.write(2, TOO_LONG)
            os._exit(128 + number)
