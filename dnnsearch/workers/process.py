"""A pinned child process, seen from the process that started it.

Each has a socket of its own, so that a killed one can hold no lock that others need. The socket is
all that binds the two: when our end is closed, by whatever ends us, the child ends itself. What it
writes as errors is kept for whoever wants to know why it died.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO, Any

from dnnsearch import numerics as arithmetic

LAST_WORDS = 1 << 16  # bytes of its errors that are kept, the last ones


class Child:
    """A process that trains what it is sent, from the arrays under `store`.

    Raises OSError where the machine has no room for another process.
    """

    def __init__(self, numerics: str, store: Path) -> None:
        self.words = ""  # after its end: what it has written as errors
        with ExitStack() as unless_started:
            self._errors = unless_started.enter_context(_unnamed_file())
            ours, theirs = map(unless_started.enter_context, socket.socketpair())
            self.process = subprocess.Popen(
                [sys.executable, "-m", "dnnsearch.workers.child"]
                + [str(theirs.fileno()), numerics, str(store)],
                env=arithmetic.pinned(numerics),
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stderr=self._errors,
                process_group=0,  # Ctrl-C at a terminal is for the coordinator alone
            )
            unless_started.pop_all()
        theirs.close()
        self.connection = Connection(ours.detach())

    def receive(self) -> tuple[dict[str, Any], bytes]:
        """Its next message and what came with it; raises EOFError or OSError when it has died."""
        header, payload = self.connection.recv_bytes().split(b"\n", 1)
        return json.loads(header), payload

    def end(self) -> str:
        """Kill, and say in words how it ended."""
        self.process.kill()
        code = self.process.wait()
        self.connection.close()
        if not self._errors.closed:
            self.words = _last_of(self._errors)
        return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"

    @property
    def last_line(self) -> str:
        """Of its words; nothing where it had none."""
        return next((line.strip() for line in self.words.splitlines()[::-1] if line.strip()), "")


def _unnamed_file() -> IO[bytes]:
    """In memory, where the system has that: a full disk is no reason not to train."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("errors"), "w+b")
    return tempfile.TemporaryFile()


def _last_of(file: IO[bytes]) -> str:
    """The file is closed by that."""
    with file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - LAST_WORDS))
        return file.read().decode(errors="replace")
