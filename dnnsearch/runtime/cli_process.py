"""Our own command line, run from Python in a process of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence

from dnnsearch.errors import UserError

STOP_SECONDS = 10  # for a search to end in order
ERROR = "error: "


def run_cli(
    arguments: Sequence[str], tell: Callable[[str], object], storage: str | None = None
) -> tuple[int, str]:
    """`dnnsearch ARGUMENTS`: its exit code, 0 or 1, and all that it said.

    `tell` is given each line as it comes. The storage goes into the environment, since arguments
    are there for everybody to see. An interrupt here stops the program in order. Raises UserError
    for what the command refuses (exit code 2).
    """
    given = {"DNNSEARCH_STORAGE": storage} if storage else {}
    process = subprocess.Popen(
        [sys.executable, "-m", "dnnsearch", *arguments],
        env={**os.environ, **given},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # Ctrl-C reaches it once, through us
    )
    with process:
        try:
            said = _listen(process, tell)
        except BaseException:
            _stop(process)
            raise
    if process.returncode == 2:
        raise UserError(said[-1].removeprefix(ERROR))
    return process.returncode, "\n".join(said)


def _listen(process: "subprocess.Popen[str]", tell: Callable[[str], object]) -> list[str]:
    said = []
    for line in process.stdout or ():
        said.append(line.rstrip("\n"))
        if not line.startswith(ERROR):
            tell(said[-1])
    return said


def _stop(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGINT)
    try:
        process.communicate(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
