"""A pinned child process, seen from the process that started it.

Each has a socket of its own, so that a killed one can hold no lock that others need. The socket is
all that binds the two: when our end is closed, by whatever ends us, the child ends itself.
"""

import json
import signal
import socket
import subprocess
import sys
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from dnnsearch import numerics as arithmetic


class Child:
    """A process that trains what it is sent, from the arrays under `store`."""

    def __init__(self, numerics: str, store: Path) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "dnnsearch.workers.child"]
                + [str(theirs.fileno()), numerics, str(store)],
                env=arithmetic.pinned(numerics),
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                process_group=0,  # Ctrl-C at a terminal is for the coordinator alone
            )
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
        return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
