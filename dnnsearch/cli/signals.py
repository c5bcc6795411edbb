"""How a signal stops a command: the first one cleanly, the second one at once.

The first Ctrl-C, SIGTERM or SIGHUP raises `Stopped` in the main thread, so that every `finally` on
the way out runs. After two seconds a thread ends the process, whatever the main thread is doing;
the signal reaches that thread even while a library waits for a lock. The second signal ends the
process immediately. The next search repairs what that leaves.
"""

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from types import FrameType
from typing import NoReturn

from dnnsearch.runtime.process_control import STOP_SIGNALS

HANG_UP = getattr(signal, "SIGHUP", None)  # Windows has none
MAX_SHUTDOWN_SECONDS = 1.8
FORCED = b"\nforced exit: clean shutdown took too long; run the same command to resume\n"


class Stopped(BaseException):
    """A signal asks the command to end."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.exit_code = 128 + number
        self.is_said = False  # whether the user was told how far the command is


_raised: list[Stopped] = []  # by the first signal


def install_graceful_stop() -> None:
    """Let the signals stop this process cleanly; a SIGHUP that nohup ignores stays ignored.

    Raise Stopped if a signal came while the program was replaced by itself with pinned numerics.
    """
    _raised.clear()
    _watch()
    for number in STOP_SIGNALS:
        if number != HANG_UP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _first)
    _block(False)


@contextmanager
def defer_signals() -> Iterator[None]:
    """Hold signals back for the program that is about to replace this one in the process."""
    _block(True)
    try:
        yield
    finally:
        _block(False)


def _block(is_blocked: bool) -> None:
    """Hold the signals back or let them through; Windows replaces no program, and cannot."""
    if sys.platform != "win32":
        how = signal.SIG_BLOCK if is_blocked else signal.SIG_UNBLOCK
        signal.pthread_sigmask(how, STOP_SIGNALS)


def stop_at_once() -> None:
    """Let the next signal end the process at once: there is nothing left to clean up."""
    for number in STOP_SIGNALS:
        if signal.getsignal(number) == _first:
            signal.signal(number, _second)


def exit_now(stopped: Stopped) -> NoReturn:
    """End the process, which is cleaned up, without Python's own exit: MLflow's takes a second."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    os._exit(stopped.exit_code)


def stop_signal() -> Stopped | None:
    """Return what the first signal has raised, if one came.

    Any error after it is due to it: what runs while a class is made, for one, turns every exception
    into a RuntimeError.
    """
    return _raised[0] if _raised else None


def _first(number: int, frame: FrameType | None) -> None:
    stop_at_once()
    _raised.append(Stopped(number))
    raise _raised[0]


def _second(number: int, frame: FrameType | None) -> None:
    os._exit(128 + number)


@cache
def _watch() -> socket.socket:
    """Let Python write signals to a socket, which is returned; a thread of ours reads the other.

    Once in a process. Windows has no pipe that does not block.
    """
    reading, writing = socket.socketpair()
    writing.setblocking(False)
    signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
    thread = threading.Thread(target=_end_after_timeout, args=[reading], daemon=True)
    with suppress(RuntimeError):  # no room for a thread: then no timeout, but a second signal
        thread.start()
    return writing


def _end_after_timeout(reading: socket.socket) -> None:
    while True:
        (number,) = reading.recv(1)
        if signal.getsignal(number) in (_first, _second):
            time.sleep(MAX_SHUTDOWN_SECONDS)
            with suppress(OSError):  # nobody reads it
                os.write(2, FORCED)
            os._exit(128 + number)
