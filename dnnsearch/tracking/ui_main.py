"""MLflow's UI with an announcement: `dnnsearch.tracking.ui_main HEALTH TEXT PAGE ARGUMENTS...`.

The process is MLflow's own command with ARGUMENTS. Once the address HEALTH answers, the TEXT is
printed, so that it is the last on the screen, and the PAGE is opened in a browser, unless it is
empty.
"""

import runpy
import sys
import threading
import time
import urllib.request
import webbrowser

MAX_SECONDS = 3600.0  # MLflow's server needs a few, and minutes on a busy machine
PAUSE_SECONDS = 0.2
ANSWER_SECONDS = 30.0  # for one answer


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


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=ANSWER_SECONDS):
            return True
    except OSError:
        return False


def main(arguments: list[str]) -> None:
    """Run MLflow's command in this process, and announce its server from a thread."""
    health, text, page, *mlflow = arguments
    threading.Thread(target=announce, args=(health, text, page), daemon=True).start()
    sys.argv = ["mlflow", *mlflow]
    runpy.run_module("mlflow", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1:])
