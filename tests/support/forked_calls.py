"""Commands that functions of the package start, forked from the preloaded program.

`run_cli` starts a new Python for each command, which takes two seconds. Real starts are tested in
tests/runtime/test_cli_process.py, tests/api and tests/faults/test_current_folder.py.
"""

import os
import select
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.support.preloaded import Preloaded


def forked_subprocess(server: Preloaded) -> SimpleNamespace:
    """Return what stands for the module `subprocess` in `cli_process`."""

    def start(command: Sequence[str], **options: Any) -> ForkedCommand:
        return ForkedCommand(server, command, **options)

    return SimpleNamespace(**{**vars(subprocess), "Popen": start})


class ForkedCommand:
    """What `cli_process` uses of a Popen whose standard output is a pipe."""

    def __init__(
        self,
        server: Preloaded,
        command: Sequence[str],
        env: Mapping[str, str],
        stdin: int,
        stdout: int,
        stderr: Any,
        encoding: str,
        errors: str,
        start_new_session: bool,
    ) -> None:
        assert (stdin, stdout, start_new_session) == (subprocess.DEVNULL, subprocess.PIPE, True)
        self.server, self.returncode = server, None
        with tempfile.TemporaryDirectory(dir=server.outputs.name) as folder:
            pipe = Path(folder, "stdout")
            os.mkfifo(pipe)
            self.pid = server.ask(
                {
                    "run": list(command[4:]),
                    "folder": str(Path.cwd()),
                    "environment": dict(env),
                    "stdout": str(pipe),
                    "stderr": stderr.name,
                }
            )
            self.stdout = pipe.open(encoding=encoding, errors=errors)  # when the command opens it

    def __enter__(self) -> "ForkedCommand":
        return self

    def __exit__(self, *_: object) -> None:
        self.stdout.close()
        self.wait()

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            descriptor = os.pidfd_open(self.pid)
            try:
                if not select.select([descriptor], [], [], timeout)[0]:
                    raise subprocess.TimeoutExpired("dnnsearch", timeout or 0)
            finally:
                os.close(descriptor)
            self.returncode = self.server.ask({"wait": self.pid})
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, None]:
        self.wait(timeout)
        return "", None

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(9)
