"""Child processes of a preloaded program, forked where the program starts a new Python.

A new Python would import NumPy, scikit-learn or MLflow again, which takes seconds. A child is only
forked if it shall have the environment that its parent has. The real starts are tested in
tests/runtime, tests/workers and tests/tracking/test_publisher_process.py.
"""

import gc
import os
import runpy
import select
import signal
import subprocess
import sys
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from dnnsearch.runtime.python_command import START_MODULE

PUBLISHER = "dnnsearch.tracking.publisher_main"


def fork_children() -> None:
    """Let this process fork its children: workers, pinned calls and, if it has MLflow, publishers.

    They have what was planted here. With a failpoint, only publishers: other children count from
    their start on how often they have come to it.
    """
    modules = {PUBLISHER} if "mlflow" in sys.modules else set()
    if "FAILPOINT" not in os.environ:
        modules |= {"dnnsearch.workers.worker_main", "dnnsearch.runtime.pinned_call"}

    def start(command: Sequence[str], **options: Any) -> "Forked | subprocess.Popen[bytes]":
        is_ours = command[2] == str(START_MODULE) and command[3] in modules
        if is_ours and options["env"] == dict(os.environ):
            return Forked(command, **options)
        return subprocess.Popen(command, **options)

    for name in ("childprocess", "pinned_call"):
        module = import_module(f"dnnsearch.runtime.{name}")
        assert module.subprocess.Popen
        module.subprocess = SimpleNamespace(**{**vars(subprocess), "Popen": start})


class Forked:
    """What the program uses of a Popen that runs `python -P START_MODULE MODULE ARGUMENTS`."""

    def __init__(
        self,
        command: Sequence[str],
        env: Mapping[str, str],
        stdin: int,
        process_group: int,
        pass_fds: Sequence[int] = (),
        stderr: Any = None,
    ) -> None:
        self.args = command
        self.code: int | None = None
        reading, self.writing = os.pipe()
        sys.stdout.flush()  # else both processes would print what is in its buffer
        self.pid = os.fork()
        if self.pid == 0:
            os.dup2(reading, 0)
            if stderr is not None:
                os.dup2(stderr.fileno(), 2)
            os._exit(run(command, pass_fds))
        os.close(reading)
        self.descriptor = os.pidfd_open(self.pid)

    def kill(self) -> None:
        if self.code is None:
            os.kill(self.pid, signal.SIGKILL)

    def wait(self, seconds: float | None = None) -> int:
        if self.code is None:
            if not select.select([self.descriptor], [], [], seconds)[0]:
                raise subprocess.TimeoutExpired(self.args, seconds or 0)
            self.code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
            os.close(self.writing)
            os.close(self.descriptor)
        return self.code

    communicate = wait


def run(command: Sequence[str], descriptors: Sequence[int]) -> int:
    """Run the command's module in this forked process, as its program; return the exit code."""
    os.setpgid(0, 0)
    gc.freeze()  # the parent's objects stay the parent's to end
    for path in list(Path("/proc/self/fd").iterdir()):  # also the sockets of other processes
        if (number := int(path.name)) > 2 and number not in descriptors:
            with suppress(OSError):
                os.close(number)
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals():
        if callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.orig_argv[:] = command
    sys.argv[1:] = command[4:]
    sys.modules.pop(command[3], None)
    try:
        runpy.run_module(command[3], run_name="__main__", alter_sys=True)
    except SystemExit as end:
        return int(end.code or 0)
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
    return 0
