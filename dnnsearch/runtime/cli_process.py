"""Our own command line: its name, a run in a process of its own, and the result that comes back.

What a command prints is for the user. Its result goes through a file of its own, whose name the
command finds in its environment, so that no warning among the output can be taken for a result.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from dnnsearch.errors import UserError
from dnnsearch.runtime.process_control import OWN_SESSION, interrupt
from dnnsearch.runtime.python_command import python_command, python_environment
from dnnsearch.runtime.terminal_text import WIDTH_VARIABLE, terminal_width
from dnnsearch.urls import STORAGE_VARIABLE, without_password

NAME = "dnnsearch"
STOP_SECONDS = 10  # for a search to stop cleanly
RESULT_VARIABLE = "DNNSEARCH_RESULT_FILE"  # set by run_cli for the command that it starts


def program_name() -> str:
    """Return how to call this program, for the commands that it prints.

    That is `dnnsearch` if a shell finds it, else its path as it was called: .venv/bin/dnnsearch.
    From Python, and for `python -m dnnsearch`, it is the name alone.
    """
    called, on_path = sys.argv[0], shutil.which(NAME)
    if called == NAME or Path(called).stem != NAME:
        return NAME
    is_on_path = on_path and _without_exe(on_path) == _without_exe(called)
    return NAME if is_on_path else shlex.quote(called)


def _without_exe(program: str) -> Path:
    return Path(program).resolve().with_suffix("")  # a shell of Windows finds dnnsearch.EXE


def command_line(without: str = "") -> str:
    """Return the command that this process runs, to be pasted; passwords of URLs are left out.

    It lacks the option `without` and its value.
    """
    given, kept = iter(sys.argv[1:]), []
    for argument in given:
        if argument == without:
            next(given, None)
        elif not without or not argument.startswith(f"{without}="):
            kept.append(argument)
    return without_password(f"{program_name()} {shlex.join(kept)}")


def send_result(result: Any) -> None:
    """Send the JSON-able result of this command to the `run_cli` that started it, if one did."""
    if path := os.environ.get(RESULT_VARIABLE):
        Path(path).write_text(json.dumps(result), encoding="utf-8")


def run_cli(
    arguments: Sequence[str],
    report: Callable[[str], object] = lambda line: None,
    storage: str | None = None,
) -> Any:
    """Run `dnnsearch ARGUMENTS`; return the result that the command sent, None if it sent none.

    `report` is called with each line of standard output as it comes; lines are as wide as the
    terminal of this process, if its standard output is one. The storage goes into the
    environment, because every user of the machine can read a process's arguments. An interrupt here
    stops the program cleanly. Raise UserError for what the command refuses (exit code 2), and
    RuntimeError, with its standard error, if it crashes or is killed.
    """
    with tempfile.TemporaryDirectory(prefix="dnnsearch-") as folder:
        path = Path(folder, "result.json")
        variables = {RESULT_VARIABLE: str(path)} | ({STORAGE_VARIABLE: storage} if storage else {})
        variables |= {WIDTH_VARIABLE: str(terminal_width() or "")}
        with Path(folder, "errors.txt").open("w+", encoding="utf-8", errors="replace") as errors:
            code = _run(arguments, variables, errors, report)
            errors.seek(0)
            message = errors.read()
        result = json.loads(path.read_text("utf-8")) if path.exists() else None
    if code == 2 and result:
        raise UserError(result["error"])
    if code != 0 and (code != 1 or result is None):  # exit code 1 with a result is a verdict
        raise RuntimeError(f"{NAME} {arguments[0]} ended with exit code {code}\n{message}".rstrip())
    return result


def _run(
    arguments: Sequence[str],
    variables: Mapping[str, str],
    errors: IO[str],
    report: Callable[[str], object],
) -> int:
    """Return the exit code of a process that ran; if this one is interrupted, stop it."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"  # so our caller can print it
    process: subprocess.Popen[str] = subprocess.Popen(
        python_command(NAME, *arguments),
        env={**python_environment(), **variables, "PYTHONIOENCODING": encoding},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=errors,
        encoding=encoding,
        errors="replace",
        **OWN_SESSION,  # Ctrl-C reaches it once, through us
    )
    with process:
        try:
            for line in process.stdout or ():
                report(line.rstrip("\n"))
        except BaseException:
            _stop(process)
            raise
    return process.returncode


def _stop(process: "subprocess.Popen[str]") -> None:
    interrupt(process)
    try:
        process.communicate(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
