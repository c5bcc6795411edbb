"""The entry point of `dnnsearch` and `python -m dnnsearch`: from a command to its exit code.

0 done, 1 different (or an error of ours, with its traceback), 2 an error that the user can fix, in
one line, 130 and 143 after Ctrl-C and SIGTERM, which print in one line how to go on.

`python -m` has put the current folder first on sys.path. A file of the user's there must not take
the place of a module, so the folder is taken off before anything else is imported.
"""

import gc
import os
import sys

if __name__ == "__main__" and not sys.flags.safe_path and sys.path[0] == os.getcwd():  # noqa: PTH109
    del sys.path[0]  # the package finds its own modules without it

import signal

if (__name__ == "__main__" or sys.argv[0].endswith(("dnnsearch", "dnnsearch.exe"))) and (
    signal.getsignal(signal.SIGINT) is signal.default_int_handler
):  # until the command can stop cleanly, a Ctrl-C makes no traceback of what is being imported
    signal.signal(signal.SIGINT, lambda number, frame: os._exit(128 + number))

from dnnsearch.cli.progress import say_stopped
from dnnsearch.cli.signals import (
    Stopped,
    exit_now,
    install_graceful_stop,
    stop_at_once,
    stop_signal,
)
from dnnsearch.cli.streams import check_output, protect_streams
from dnnsearch.errors import UserError
from dnnsearch.runtime.cli_process import NAME, send_result
from dnnsearch.runtime.terminal_text import say

NO_THREAD = "can't start new thread"  # Python's message, which has no type of its own
GC_THRESHOLD_OBJECTS = 50_000  # new ones between two collections: most imported objects stay


def main() -> int:
    """Run the command of `sys.argv`; return its exit code."""
    gc.set_threshold(GC_THRESHOLD_OBJECTS)
    os.environ.pop("MPLBACKEND", None)  # a notebook's may not be installed here; nothing is drawn
    protect_streams()
    try:
        install_graceful_stop()
        code = _run(sys.argv[1:] or ["--help"])
        check_output()
        return code
    except (Exception, Stopped) as error:
        if stopped := stop_signal():
            say_stopped(stopped)
            exit_now(stopped)
        if not isinstance(error, UserError):
            raise
        say([f"error: {error}"], sys.stderr)
        send_result({"error": str(error)})
        return 2
    finally:
        stop_at_once()
        gc.freeze()  # or Python collects garbage in all modules as it ends, which takes 0.4 s


def _run(arguments: list[str]) -> int:
    import typer

    from dnnsearch.cli.app import app
    from dnnsearch.cli.unknown_option import hint

    try:
        return app(arguments, prog_name=NAME, standalone_mode=False) or 0
    except typer.TyperException as error:  # a mistake in how the command was written
        command = getattr(getattr(error, "ctx", None), "command_path", NAME)
        problem = f"{error.format_message()}{hint(error)}"
        raise UserError(f"{problem} (see {command} --help)") from None
    except RuntimeError as error:
        if NO_THREAD not in str(error):
            raise
        raise UserError("no further thread can be started (see `ulimit -u`)") from error


if __name__ == "__main__":
    sys.exit(main())
