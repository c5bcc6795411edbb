"""Commands and pinned calls that functions of the package start, forked from the preloaded program.

`run_cli` starts a new Python for each command, which takes two seconds, and `pinned_call` one that
imports scikit-learn or pandas. Real starts are tested in tests/runtime/test_cli_process.py,
tests/runtime/test_pinned_call.py, tests/api and tests/faults/test_current_folder.py.
"""

import os
import select
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from dnnsearch.runtime.python_command import PYTHONPATH
from tests.support.preloaded import Preloaded


def forked_subprocess(server: Preloaded) -> SimpleNamespace:
    """Return what stands for the module `subprocess` in `cli_process`."""

    def start(command: Sequence[str], **options: Any) -> ForkedCommand:
        return ForkedCommand(server, command, **options)

    return SimpleNamespace(**{**vars(subprocess), "Popen": start})


def forked_pinned_subprocess(server: Preloaded) -> SimpleNamespace:
    """Return what stands for the module `subprocess` in `pinned_call`.

    If the test has planted code in PYTHONPATH, the process is a new one, which runs it.
    """

    def start(command: Sequence[str], **options: Any) -> "ForkedCall | subprocess.Popen[bytes]":
        if PYTHONPATH in options["env"]:
            return subprocess.Popen(command, **options)
        return ForkedCall(server, command, **options)

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
        request = {"run": list(command[4:]), "stderr": stderr.name}
        self.stdout = self._started("stdout", request, env, encoding=encoding, errors=errors)

    def _started(
        self, stream: str, request: dict[str, Any], env: Mapping[str, str], **form: Any
    ) -> Any:
        """Ask for the process with a named pipe as this stream; return our end, once both open."""
        with tempfile.TemporaryDirectory(dir=self.server.outputs.name) as folder:
            pipe = Path(folder, stream)
            os.mkfifo(pipe)
            asked = {**request, "folder": str(Path.cwd()), "environment": dict(env)}
            self.pid = self.server.ask({**asked, stream: str(pipe)})
            return pipe.open(**form)

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


class ForkedCall(ForkedCommand):
    """What `pinned_call` uses of a Popen whose standard input is a pipe."""

    def __init__(
        self,
        server: Preloaded,
        command: Sequence[str],
        env: Mapping[str, str],
        stdin: int,
        process_group: int,
    ) -> None:
        assert (stdin, process_group) == (subprocess.PIPE, 0)
        self.server, self.args, self.returncode = server, command, None
        self.stdin = self._started("stdin", {"module": list(command)}, env, mode="wb")

    def kill(self) -> None:
        if self.returncode is None:
            super().kill()

    def communicate(self, timeout: float | None = None) -> tuple[str, None]:
        self.stdin.close()
        return super().communicate(timeout)
