"""How a command is stopped: once in order, twice at once.

The first Ctrl-C, SIGTERM or SIGHUP raises `Stopped` where the program stands, so that everything on
the way out is put in order. The second ends the process on the spot; whatever that leaves, the next
search finds.
"""

import os
import signal
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """The user, or the machine, wants the command to end."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.exit_code = 128 + number


def stop_in_order() -> None:
    """From now on the signals stop this process in order; nohup's wish is respected."""
    for number in SIGNALS:
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _first)


def _first(number: int, frame: FrameType | None) -> None:
    for again in SIGNALS:
        signal.signal(again, _second)
    raise Stopped(number)


def _second(number: int, frame: FrameType | None) -> None:
    os._exit(128 + number)
