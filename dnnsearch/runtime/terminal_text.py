"""Lines that fit the terminal, if there is one: no word is cut, and a command can be pasted."""

import os
import re
import shutil
import sys
from collections.abc import Iterable
from typing import IO

WIDTH_VARIABLE = "DNNSEARCH_TERMINAL_WIDTH"  # set by run_cli for the command that it starts
# To be pasted; up to a backtick, or a `;` outside of the quotes of a setting.
COMMAND = re.compile(r"\S*dnnsearch [a-z](?:--set '[^']*'|'--set=[^']*'|[^;`])*\S*")
OPTION = r"--[\w-]+ [^\s-]\S*"  # with its value
TOKEN = re.compile(rf"{COMMAND.pattern}|{OPTION}|\S+")  # what is not broken
WORD = r"""(?:[^\s'"]|'[^']*'|"[^"]*")+"""
SHELL_WORD = re.compile(rf"--[\w-]+ (?!-){WORD}|{WORD}|\S+")
CONTINUED = " \\"  # at the end of a line, for a shell


def terminal_width(stream: IO[str] | None = None) -> int | None:
    """Return the number of columns of the terminal; None if the stream is none.

    Standard output of a command that `run_cli` has started counts as the terminal of its caller.
    """
    shown = stream or sys.stdout
    if shown is not None and shown.isatty():
        return shutil.get_terminal_size().columns
    callers = os.environ.get(WIDTH_VARIABLE, "") if shown is sys.stdout else ""
    return int(callers) if callers else None


def say(lines: Iterable[str], stream: IO[str] | None = None) -> None:
    """Print lines, to standard output by default; on a terminal the long ones are broken.

    They are broken between words. A command is broken as a shell goes on, by a backslash, so that
    it works when it is pasted.
    """
    width = terminal_width(stream)
    for line in lines:
        print("\n".join(broken(line, width)) if width else line, file=stream, flush=True)


def broken(line: str, width: int) -> list[str]:
    """Return a line in parts of at most `width` characters, unless a single word has more.

    All parts but the first are indented by two more spaces.
    """
    if len(line) <= width:
        return [line]
    start = " " * (len(line) - len(line.lstrip()))
    parts, indent = [start], f"{start}  "
    for token in TOKEN.findall(line):
        longer = f"{parts[-1]} {token}" if parts[-1].strip() else f"{parts[-1]}{token}"
        if len(longer) <= width:
            parts[-1] = longer
            continue
        pieces = _commands_pieces(token, width - len(indent)) if COMMAND.match(token) else [token]
        parts += [f"{indent}{piece}" for piece in pieces]
    return [part for part in parts if part.strip()]


def _commands_pieces(command: str, width: int) -> list[str]:
    """Return a command in pieces, of which all but the last end with a backslash."""
    pieces, current = [], ""
    for word in SHELL_WORD.findall(command):
        longer = f"{current} {word}".lstrip()
        if current and len(longer) > width - len(CONTINUED):
            pieces.append(f"{current}{CONTINUED}")
            longer = word
        current = longer
    return [*pieces, current]
