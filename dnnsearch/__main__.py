"""The entry point of `dnnsearch` and `python -m dnnsearch`: from a command to its exit code.

0 done, 1 different (or an error of ours, with its traceback), 2 an error that the user can fix, in
one line, 130 and 143 after Ctrl-C and SIGTERM.

`python -m` has put the current folder first on sys.path. A file of the user's there must not take
the place of a module, so the folder is taken off before anything else is imported.
"""

import gc
import os
import sys

if __name__ == "__main__" and not sys.flags.safe_path and sys.path[0] == os.getcwd():  # noqa: PTH109
    del sys.path[0]  # the package finds its own modules without it

from dnnsearch.cli.signals import Stopped, exit_now, install_graceful_stop, stop_at_once
from dnnsearch.errors import UserError
from dnnsearch.runtime.cli_process import NAME, send_result

GC_THRESHOLD_OBJECTS = 50_000  # new ones between two collections: most imported objects stay


def main() -> int:
    """Run the command of `sys.argv`; return its exit code."""
    gc.set_threshold(GC_THRESHOLD_OBJECTS)
    try:
        install_graceful_stop()
        code = _run(sys.argv[1:] or ["--help"])
        sys.stdout.flush()
        return code
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        send_result({"error": str(error)})
        return 2
    except Stopped as stopped:
        exit_now(stopped)
    except BrokenPipeError:  # the reader of our output has closed it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    finally:
        stop_at_once()
        gc.freeze()  # or Python collects garbage in all modules as it ends, which takes 0.4 s


def _run(arguments: list[str]) -> int:
    import typer

    from dnnsearch.cli.app import app

    try:
        return app(arguments, prog_name=NAME, standalone_mode=False) or 0
    except typer.TyperException as error:  # a mistake in how the command was written
        command = getattr(getattr(error, "ctx", None), "command_path", NAME)
        raise UserError(f"{error.format_message()} (see {command} --help)") from None


if __name__ == "__main__":
    sys.exit(main())
