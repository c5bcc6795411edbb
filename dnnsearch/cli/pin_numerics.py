"""The process that computes is started with its numerics pinned: if need be, this one starts over.

Nothing here imports NumPy, or anything that does: the pins count only before that.
"""

import os
import sys

from dnnsearch.cli.signals import defer_signals
from dnnsearch.runtime import numerics


def pin(wanted: str) -> None:
    """Go on with the numerics that are wanted, or with what the machine can play of them.

    Where this process was not started with their pins, it is replaced by one that is: the same
    program with the same arguments.
    """
    playable = numerics.playable(wanted)
    if not numerics.is_pinned(playable):
        sys.stdout.flush()
        with defer_signals():
            os.execve(sys.executable, sys.orig_argv, numerics.pinned(playable))
