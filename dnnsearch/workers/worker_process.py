"""A pinned process that trains, seen from the process that started it.

What it writes to stderr is kept, to explain a crash.
"""

import json
import os
import signal
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

from dnnsearch.runtime import numerics
from dnnsearch.runtime.childprocess import start

STDERR_TAIL_BYTES = 1 << 16


class WorkerProcess:
    """A process that trains the specs that it is sent, from the arrays under `store`.

    `pins` names the numerics to compute with. Raise OSError if the machine cannot start another
    process.
    """

    def __init__(self, pins: str, store: Path) -> None:
        self.stderr_tail = ""  # set by `end`
        with ExitStack() as unless_started:
            self._stderr = unless_started.enter_context(_unnamed_file())
            self.process, self.connection = start(
                "dnnsearch.workers.worker_main",
                *(pins, str(store)),
                env=numerics.pinned(pins),
                stderr=self._stderr,
            )
            unless_started.pop_all()

    def receive(self) -> tuple[dict[str, Any], bytes]:
        """Return the next message and its payload; raise EOFError or OSError if it has died."""
        header, payload = self.connection.recv_bytes().split(b"\n", 1)
        return json.loads(header), payload

    def end(self) -> str:
        """Kill the process and return how it ended: `signal SIGKILL` or `exit code 1`."""
        self.process.kill()
        code = self.process.wait()
        self.connection.close()
        if not self._stderr.closed:
            with self._stderr as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - STDERR_TAIL_BYTES))
                self.stderr_tail = file.read().decode(errors="replace")
        return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"

    @property
    def last_line(self) -> str:
        """Return the last line that it wrote to stderr, or an empty text."""
        lines = [line.strip() for line in self.stderr_tail.splitlines() if line.strip()]
        return lines[-1] if lines else ""


def _unnamed_file() -> IO[bytes]:
    """Open a file in memory if the system can: training must not fail because a disk is full."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("errors"), "w+b")
    return tempfile.TemporaryFile()
