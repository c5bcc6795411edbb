"""A child process of ours and the socket between the two, from either end.

The socket is all that binds them: when our end is closed, by whatever ends us, the child ends
itself. Each child has a socket of its own, so that a killed one can hold no lock that others need.
What is said over it is not known here.
"""

import os
import queue
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from multiprocessing.connection import Connection
from typing import Any, TypeVar

Message = TypeVar("Message")


def start(module: str, *arguments: str, **more: Any) -> tuple[subprocess.Popen[bytes], Connection]:
    """`python -m MODULE FD ARGUMENTS` and our end of its socket FD; `more` is for `Popen`.

    Raises OSError where the machine has no room for another process.
    """
    with ExitStack() as unless_started:
        ours, theirs = map(unless_started.enter_context, socket.socketpair())
        process = subprocess.Popen(
            [sys.executable, "-m", module, str(theirs.fileno()), *arguments],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            process_group=0,  # Ctrl-C at a terminal is for the coordinator alone
            **more,
        )
        unless_started.pop_all()
    theirs.close()
    return process, Connection(ours.detach())


def inbox(receive: Callable[[], Message]) -> "queue.SimpleQueue[Message]":
    """In the child: what arrives from now on, whatever else it does; it ends with its parent."""
    messages: queue.SimpleQueue[Message] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(receive, messages.put), daemon=True).start()
    return messages


def _listen(receive: Callable[[], Message], put: Callable[[Message], None]) -> None:
    try:
        while True:
            put(receive())
    except (EOFError, OSError):
        os._exit(0)
