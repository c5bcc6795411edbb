"""A function of ours in a process of its own, with pinned numerics.

The function is called with a folder, which contains the request and takes its results. The process
ends if the caller's process does.
"""

import contextlib
import importlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from dnnsearch.errors import UserError
from dnnsearch.runtime import numerics
from dnnsearch.runtime.process_control import OWN_GROUP
from dnnsearch.runtime.python_command import python_command, python_environment

REQUEST, ERROR = "request.json", "error.txt"


class PinnedCall:
    """A running function; `folder` is its own."""

    def __init__(self, folder: Path, process: "subprocess.Popen[bytes]") -> None:
        self.folder = folder
        self._process = process

    def wait(self, seconds: float | None = None) -> Path:
        """Wait for the function and return its folder; raise UserError if it did.

        Raise subprocess.TimeoutExpired after `seconds`.
        """
        code = self._process.wait(seconds)
        if (self.folder / ERROR).exists():
            raise UserError((self.folder / ERROR).read_text("utf-8"))
        if code != 0:
            raise RuntimeError(f"{self._process.args!r} ended with exit code {code}")
        return self.folder


@contextlib.contextmanager
def pinned_call(
    function: Callable[[Path], None], pins: str, request: Mapping[str, Any]
) -> Iterator[PinnedCall]:
    """Start `function(folder)` in a process with these pins; on exit, remove process and folder.

    Raise UserError if the system has no room for another process.
    """
    with tempfile.TemporaryDirectory(prefix="dnnsearch-") as name:
        folder = Path(name)
        (folder / REQUEST).write_text(json.dumps(request), encoding="utf-8")
        called = ("dnnsearch.runtime.pinned_call", function.__module__, function.__name__, name)
        try:
            process = subprocess.Popen(
                python_command(*called),
                env=numerics.pinned(pins, python_environment()),
                stdin=subprocess.PIPE,  # closed when we end
                **OWN_GROUP,  # Ctrl-C at a terminal is for us alone
            )
        except OSError as error:
            raise UserError(f"another process cannot be started: {error.strerror}") from error
        try:
            yield PinnedCall(folder, process)
        finally:
            process.kill()
            process.communicate()


def requested(folder: Path) -> Any:
    """Return the request, in the called process."""
    return json.loads((folder / REQUEST).read_text("utf-8"))


def _die_with_parent() -> None:
    os.read(sys.stdin.fileno(), 1)  # nothing is ever sent: it returns when the pipe is closed
    os._exit(1)


def _main(module: str, function: str, folder: Path) -> int:
    threading.Thread(target=_die_with_parent, daemon=True).start()
    try:
        getattr(importlib.import_module(module), function)(folder)
    except UserError as error:
        (folder / ERROR).write_text(str(error), encoding="utf-8")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
