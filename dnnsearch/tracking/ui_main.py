"""MLflow's UI with an announcement: `dnnsearch.tracking.ui_main HEALTH TEXT PAGE ARGUMENTS...`.

MLflow's own command runs with ARGUMENTS, in a process group of its own: a Ctrl-C reaches this
process alone, which then stops MLflow. Of two interrupts its server would make a traceback. Once
the address HEALTH answers, the TEXT is printed, so that it is the last on the screen, and the PAGE
is opened in a browser, unless it is empty.
"""

import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
import webbrowser
from contextlib import suppress
from types import FrameType
from typing import IO, NoReturn

from dnnsearch.runtime.process_control import IS_POSIX, OWN_GROUP, STOP_SIGNALS, interrupt
from dnnsearch.runtime.python_command import python_command

ADVICE = b"[MLflow] Security middleware enabled with default settings"  # no option keeps it away
MAX_SECONDS = 3600.0  # MLflow's server needs a few, and minutes on a busy machine
PAUSE_SECONDS = 0.2
ANSWER_SECONDS = 30.0  # for one answer
MAX_SHUTDOWN_SECONDS = 5.0  # for requests that are unanswered when MLflow shall stop


def announce(health: str, text: str, page: str) -> None:
    """Print the text and open the page once `health` answers; do nothing if it never does."""
    until = time.monotonic() + MAX_SECONDS
    while not _answers(health):
        if time.monotonic() > until:
            return
        time.sleep(PAUSE_SECONDS)
    time.sleep(PAUSE_SECONDS)  # the server prints that it has started
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
    if page:
        webbrowser.open(page)


def pass_on(errors: IO[bytes]) -> None:
    """Write the lines of MLflow's standard error to ours, without its advice on other hosts."""
    for line in errors:
        if not line.startswith(ADVICE):
            with suppress(OSError):  # ours may be closed; MLflow goes on
                os.write(2, line)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=ANSWER_SECONDS):
            return True
    except OSError:
        return False


def main(arguments: list[str]) -> None:
    """Run MLflow's command and announce its server from a thread; stop it at the first signal."""
    health, text, page, *mlflow = arguments
    for number in STOP_SIGNALS:
        signal.signal(number, _exit)
    errors = subprocess.PIPE
    server = subprocess.Popen(python_command("mlflow", *mlflow), stderr=errors, **OWN_GROUP)
    passing = threading.Thread(target=pass_on, args=(server.stderr,), daemon=True)
    passing.start()
    try:
        threading.Thread(target=announce, args=(health, text, page), daemon=True).start()
        sys.exit(server.wait())
    finally:
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        is_running = server.poll() is None
        if is_running:
            _stop(server)
        passing.join(MAX_SHUTDOWN_SECONDS)
        if is_running:
            sys.stdout.write("MLflow's UI has stopped\n")


def _exit(number: int, frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)


def _stop(server: "subprocess.Popen[bytes]") -> None:
    """End MLflow's command and the processes that it has started."""
    if IS_POSIX:
        os.killpg(server.pid, signal.SIGTERM)
    else:
        interrupt(server)
    try:
        server.wait(MAX_SHUTDOWN_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL) if IS_POSIX else server.kill()


if __name__ == "__main__":
    main(sys.argv[1:])
