"""A pinned child process that trains, seen from the process that started it.

What it writes as errors is kept for whoever wants to know why it died.
"""

import json
import os
import signal
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

from dnnsearch.runtime import numerics as arithmetic
from dnnsearch.runtime.childprocess import start

STDERR_TAIL_BYTES = 1 << 16  # bytes of its errors that are kept, the last ones


class WorkerProcess:
    """A process that trains what it is sent, from the arrays under `store`.

    Raises OSError where the machine has no room for another process.
    """

    def __init__(self, numerics: str, store: Path) -> None:
        self.words = ""  # after its end: what it has written as errors
        with ExitStack() as unless_started:
            self._errors = unless_started.enter_context(_unnamed_file())
            self.process, self.connection = start(
                "dnnsearch.workers.worker_main",
                *(numerics, str(store)),
                env=arithmetic.pinned(numerics),
                stderr=self._errors,
            )
            unless_started.pop_all()

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
        file.seek(max(0, file.seek(0, os.SEEK_END) - STDERR_TAIL_BYTES))
        return file.read().decode(errors="replace")
