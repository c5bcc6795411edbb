"""Our own command line: the name to print in commands, and a run in a process of its own."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from dnnsearch.errors import UserError

NAME = "dnnsearch"
STOP_SECONDS = 10  # for a search to stop cleanly
ERROR = "error: "


def program_name() -> str:
    """Return how to call this program, for the commands that it prints.

    That is `dnnsearch` if a shell finds it, else its path as it was called: .venv/bin/dnnsearch.
    From Python, and for `python -m dnnsearch`, it is the name alone.
    """
    called, on_path = sys.argv[0], shutil.which(NAME)
    if called == NAME or Path(called).name != NAME:
        return NAME
    is_on_path = on_path and Path(on_path).resolve() == Path(called).resolve()
    return NAME if is_on_path else shlex.quote(called)


def run_cli(
    arguments: Sequence[str], report: Callable[[str], object], storage: str | None = None
) -> tuple[int, str]:
    """Run `dnnsearch ARGUMENTS`; return its exit code, 0 or 1, and all that it printed.

    `report` is called with each line as it comes. The storage goes into the environment, because
    every user of the machine can read a process's arguments. An interrupt here stops the program
    cleanly. Raise UserError, with its message, if the command ends with exit code 2.
    """
    variables = {"DNNSEARCH_STORAGE": storage} if storage else {}
    process = subprocess.Popen(
        [sys.executable, "-m", "dnnsearch", *arguments],
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # Ctrl-C reaches it once, through us
    )
    with process:
        try:
            lines = _read_lines(process, report)
        except BaseException:
            _stop(process)
            raise
    if process.returncode == 2:
        raise UserError(lines[-1].removeprefix(ERROR))
    return process.returncode, "\n".join(lines)


def _read_lines(process: "subprocess.Popen[str]", report: Callable[[str], object]) -> list[str]:
    lines = []
    for line in process.stdout or ():
        lines.append(line.rstrip("\n"))
        if not line.startswith(ERROR):
            report(lines[-1])
    return lines


def _stop(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGINT)
    try:
        process.communicate(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
