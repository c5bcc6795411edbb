"""A child process of ours and the socket between the two, from either end.

The socket is the only bond: if our end is closed, because we end or are killed, the child ends
itself. Each child has a socket of its own, so that a killed one cannot hold a lock that others
need. The child inherits its end; on Windows, which has no such inheritance, it connects to a port
of this machine. This module does not know what is sent.
"""

import hmac
import os
import queue
import secrets
import socket
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from dnnsearch.runtime.connected_child import LOOPBACK, TOKEN_VARIABLE
from dnnsearch.runtime.process_control import IS_POSIX, OWN_GROUP
from dnnsearch.runtime.python_command import python_command, python_environment

POLL_SECONDS = 0.1  # between two looks at a child that has not connected yet
TOKEN_SECONDS = 5.0  # for the token of one that has; the child sends it at once
Message = TypeVar("Message")


def start(
    module: str,
    *arguments: str,
    env: Mapping[str, str] = os.environ,
    **popen_options: Any,
) -> tuple[subprocess.Popen[bytes], Connection]:
    """Run a module with `FD ARGUMENTS`; return the process and our end of its socket FD.

    Ctrl-C at a terminal is for the caller alone. Raise OSError if the machine cannot start another
    process.
    """
    popen_options |= {"stdin": subprocess.DEVNULL, **OWN_GROUP}
    if not IS_POSIX:
        return _start_by_port([module, *arguments], env, popen_options)
    with ExitStack() as unless_started:
        ours, theirs = map(unless_started.enter_context, socket.socketpair())
        process = subprocess.Popen(
            python_command(module, str(theirs.fileno()), *arguments),
            env=python_environment(env),
            pass_fds=[theirs.fileno()],
            **popen_options,
        )
        unless_started.pop_all()
    theirs.close()
    return process, Connection(ours.detach())


def _start_by_port(
    called: Sequence[str], env: Mapping[str, str], popen_options: Mapping[str, Any]
) -> tuple[subprocess.Popen[bytes], Connection]:
    token = secrets.token_hex()
    with socket.create_server((LOOPBACK, 0)) as server:
        process = subprocess.Popen(
            python_command(
                "dnnsearch.runtime.connected_child", str(server.getsockname()[1]), *called
            ),
            env={**python_environment(env), TOKEN_VARIABLE: token},
            **popen_options,
        )
        try:
            return process, Connection(_accepted(server, process, token.encode()).detach())
        except BaseException:
            process.kill()
            process.wait()
            raise


def _accepted(
    server: socket.socket, process: subprocess.Popen[bytes], token: bytes
) -> socket.socket:
    """Return the socket to the child that knows the token.

    If the child ends before it has connected, that is a socket whose other end is closed.
    """
    server.settimeout(POLL_SECONDS)
    while process.poll() is None:
        with suppress(OSError):
            connected, _ = server.accept()
            connected.settimeout(TOKEN_SECONDS)
            with suppress(OSError):
                if hmac.compare_digest(connected.recv(len(token)), token):
                    connected.settimeout(None)
                    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    return connected
            connected.close()
    ours, theirs = socket.socketpair()
    theirs.close()
    return ours


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
