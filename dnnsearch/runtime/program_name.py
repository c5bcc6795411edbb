"""How this program was called, so that the commands that it prints can be copied."""

import shlex
import shutil
import sys
from pathlib import Path

NAME = "dnnsearch"


def program_name() -> str:
    """`dnnsearch` where a shell finds it, else its path as it was called: .venv/bin/dnnsearch.

    From Python, and as `python -m dnnsearch`, it is the name alone.
    """
    called, found = sys.argv[0], shutil.which(NAME)
    if called == NAME or Path(called).name != NAME:
        return NAME
    is_found = found and Path(found).resolve() == Path(called).resolve()
    return NAME if is_found else shlex.quote(called)
