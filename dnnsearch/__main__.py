"""The entry point of `dnnsearch` and `python -m dnnsearch`: from a command to its exit code.

0 done, 1 different (or a mistake of ours, with its traceback), 2 what the user can mend, in one
line, 130 and 143 after Ctrl-C and SIGTERM.
"""

import gc
import os
import sys

from dnnsearch.cli.signals import Stopped, exit_now, install_graceful_stop, stop_at_once
from dnnsearch.errors import UserError

COLLECT = 50_000  # new objects between two searches for garbage: most of what is imported stays


def main() -> int:
    """Run the command of `sys.argv`; returns its exit code."""
    gc.set_threshold(COLLECT)
    try:
        install_graceful_stop()
        code = _run(sys.argv[1:] or ["--help"])
        sys.stdout.flush()
        return code
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except Stopped as stopped:
        exit_now(stopped)
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    finally:
        stop_at_once()
        gc.freeze()  # or Python looks through all modules for garbage as it ends, for 0.4 s


def _run(arguments: list[str]) -> int:
    import typer

    from dnnsearch.cli.app import app

    try:
        return app(arguments, prog_name="dnnsearch", standalone_mode=False) or 0
    except typer.TyperException as error:  # how the command was written
        command = getattr(getattr(error, "ctx", None), "command_path", "dnnsearch")
        raise UserError(f"{error.format_message()} (see {command} --help)") from None


if __name__ == "__main__":
    sys.exit(main())
