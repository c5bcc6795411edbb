"""A child process of ours and the socket between the two, from either end.

The socket is the only bond: if our end is closed, because we end or are killed, the child ends
itself. Each child has a socket of its own, so that a killed one cannot hold a lock that others
need. This module does not know what is sent.
"""

import os
import queue
import socket
import subprocess
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from dnnsearch.runtime.python_command import python_command, python_environment

Message = TypeVar("Message")


def start(
    module: str,
    *arguments: str,
    env: Mapping[str, str] = os.environ,
    **popen_options: Any,
) -> tuple[subprocess.Popen[bytes], Connection]:
    """Run a module with `FD ARGUMENTS`; return the process and our end of its socket FD.

    Raise OSError if the machine cannot start another process.
    """
    with ExitStack() as unless_started:
        ours, theirs = map(unless_started.enter_context, socket.socketpair())
        process = subprocess.Popen(
            python_command(module, str(theirs.fileno()), *arguments),
            env=python_environment(env),
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            process_group=0,  # Ctrl-C at a terminal is for the coordinator alone
            **popen_options,
        )
        unless_started.pop_all()
    theirs.close()
    return process, Connection(ours.detach())


def inbox(receive: Callable[[], Message]) -> "queue.SimpleQueue[Message]":
    """Return a queue of what arrives in this child; end the process when its parent ends."""
    messages: queue.SimpleQueue[Message] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(receive, messages.put), daemon=True).start()
    return messages


def _listen(receive: Callable[[], Message], put: Callable[[Message], None]) -> None:
    try:
        while True:
            put(receive())
    except (EOFError, OSError):
        os._exit(0)
