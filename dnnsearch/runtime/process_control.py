"""What differs between systems when a process is started, replaced, interrupted or made nice.

Windows has no process groups of POSIX, cannot replace the program of a process, and lets a child
inherit no socket by its number. What it has instead is here; `hasattr(os, "fork")` tells the two
apart.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from typing import Any, NoReturn

IS_POSIX = hasattr(os, "fork")
# signals that ask a program to end; SIGBREAK is that of Windows to a group of processes
STOP_SIGNALS = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    if hasattr(signal, name)
)
# options of Popen: a Ctrl-C at the terminal does not reach the process
OWN_GROUP: dict[str, Any] = {"process_group": 0}
OWN_SESSION: dict[str, Any] = {"start_new_session": True}
if sys.platform == "win32":
    OWN_GROUP = OWN_SESSION = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}


def replace_process(argv: list[str], environment: Mapping[str, str]) -> NoReturn:
    """Let another program take this process's place; on Windows, run it and exit as it does."""
    if IS_POSIX:
        os.execve(argv[0], argv, environment)
    else:
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)  # the other program handles them
        code = subprocess.run(argv, env=environment, check=False).returncode
        os._exit(code if 0 <= code < 256 else 1)


def interrupt(process: "subprocess.Popen[Any]") -> None:
    """Ask a process in a session of its own to stop cleanly."""
    process.send_signal(getattr(signal, "CTRL_BREAK_EVENT", signal.SIGINT))


def lower_priority(niceness: int) -> None:
    """Let other processes go first, where the system can be asked so."""
    if hasattr(os, "nice"):
        os.nice(niceness)
