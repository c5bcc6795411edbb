"""Which processes outlive the tests that have started them.

Each process inherits the variable MARK from the process that runs the tests, also if it leaves its
parent and its group. Only Linux shows the environments of processes.
"""

import os
import time
from pathlib import Path

MARK = "STARTED_BY_TESTS"
PATIENCE_SECONDS = 10.0  # a killed command's processes need up to five seconds to end
OF_PYTHON = b"multiprocessing.resource_tracker"  # ends with this process


def started_here() -> dict[int, str]:
    """Return the process id and the command of each process that has this process's mark."""
    mark, found = f"{MARK}={os.environ[MARK]}".encode(), {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark not in (folder / "environ").read_bytes().split(b"\0"):
                continue
            command = (folder / "cmdline").read_bytes()
        except OSError:  # it has ended, or is another user's
            continue
        if OF_PYTHON not in command:
            found[int(folder.name)] = command.replace(b"\0", b" ").decode(errors="replace").strip()
    return found


def survivors(seconds: float = PATIENCE_SECONDS) -> list[str]:
    """Return the commands of the processes that do not end within that time."""
    until = time.monotonic() + seconds
    while (found := started_here()) and time.monotonic() < until:
        time.sleep(0.1)
    return list(found.values())
