"""How a signal stops a command: the first one cleanly, the second one at once.

The first Ctrl-C, SIGTERM or SIGHUP raises `Stopped` in the main thread, so that every `finally` on
the way out runs. After two seconds a thread ends the process, whatever the main thread is doing;
the signal reaches that thread even while a library waits for a lock. The second signal ends the
process immediately. The next search repairs what that leaves.
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
MAX_SHUTDOWN_SECONDS = 1.8
FORCED = b"\nforced exit: clean shutdown took too long; run the same command to resume\n"


class Stopped(BaseException):
    """A signal asks the command to end."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.exit_code = 128 + number


def install_graceful_stop() -> None:
    """Let the signals stop this process cleanly; a SIGHUP that nohup ignores stays ignored.

    Raise Stopped if a signal came while the program was replaced by itself with pinned numerics.
    """
    _watch()
    for number in SIGNALS:
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _first)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


@contextmanager
def defer_signals() -> Iterator[None]:
    """Hold signals back for the program that is about to replace this one in the process."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


def stop_at_once() -> None:
    """Let the next signal end the process at once: there is nothing left to clean up."""
    for number in SIGNALS:
        if signal.getsignal(number) == _first:
            signal.signal(number, _second)


def exit_now(stopped: Stopped) -> NoReturn:
    """End the process, which is cleaned up, without Python's own exit: MLflow's takes a second."""
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
    """Let Python write signals to a pipe that a thread of ours reads; once in a process."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    thread = threading.Thread(target=_end_after_timeout, args=[reading], daemon=True)
    with suppress(RuntimeError):  # no room for a thread: then no timeout, but a second signal
        thread.start()


def _end_after_timeout(reading: int) -> None:
    while True:
        (number,) = os.read(reading, 1)
        if signal.getsignal(number) in (_first, _second):
            time.sleep(MAX_SHUTDOWN_SECONDS)
            with suppress(OSError):  # nobody reads it
                os.write(2, FORCED)
            os._exit(128 + number)
