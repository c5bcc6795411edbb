"""Standard output and standard error that never stop a command, whatever they lead to.

A reader may go away, a disk may be full, a stream may be closed or be unable to show a character.
The command does its work all the same, and says at the end what was not written.
"""

import codecs
import errno
import io
import os
import select
import sys
from contextlib import suppress
from typing import IO, Any, cast

from dnnsearch.errors import UserError

SUBSTITUTE = "dnnsearch.substitute"  # the name of our way to encode what a stream cannot show
PLAIN = {"±": "+-", "×": "x", "━": "=", "─": "-", "…": "...", "–": "-", "’": "'"}


class Output(io.FileIO):
    """A descriptor that is written to until an error occurs; what comes later is dropped."""

    error: OSError | None = None  # the first one

    def write(self, content: Any) -> int:
        """Write bytes; return how many are written or dropped. Never raise OSError."""
        if self.error is None:
            try:
                return self._write(content)
            except OSError as error:
                self.error = error
        return memoryview(content).nbytes

    def _write(self, content: Any) -> int:
        """Write, and wait if another program has made the descriptor non-blocking."""
        while (written := cast("int | None", super().write(content))) is None:
            select.select([], [self], [])
        return written


def protect_streams() -> None:
    """Replace the standard streams of this process by ones that can always be printed to.

    A closed descriptor is opened on the null device, or the next file that is opened, a database
    for example, would be taken for standard output.
    """
    codecs.register_error(SUBSTITUTE, _substitute)
    for number in range(3):
        _open_if_closed(number)
    if sys.stdin is None:
        sys.stdin = open(0, encoding="locale", closefd=False)  # noqa: SIM115  # for as long as the process
    if sys.stdout is sys.__stdout__:
        sys.stdout = _protected(sys.stdout, 1)
    if sys.stderr is sys.__stderr__:
        sys.stderr = _protected(sys.stderr, 2)


def _open_if_closed(number: int) -> None:
    try:
        os.fstat(number)
    except OSError:
        opened = os.open(os.devnull, os.O_RDWR)  # the lowest free number, so this one
        os.set_inheritable(opened, True)


def _protected(stream: "IO[str] | None", number: int) -> io.TextIOWrapper:
    """Return a stream to the descriptor that encodes as `stream` does, which is None if closed."""
    output = io.BufferedWriter(Output(number, "wb", closefd=False))
    if not isinstance(stream, io.TextIOWrapper):
        return io.TextIOWrapper(output, "utf-8", SUBSTITUTE)
    is_chosen = stream.errors not in ("strict", "surrogateescape", "backslashreplace")
    return io.TextIOWrapper(
        output,
        stream.encoding,
        stream.errors if is_chosen else SUBSTITUTE,  # as in PYTHONIOENCODING=ascii:ignore
        line_buffering=stream.line_buffering or number == 2,
        write_through=stream.write_through,
    )


def _substitute(error: UnicodeError) -> tuple[str, int]:
    """Return plain text for what a stream cannot encode: `+-` for `±`, else an escape."""
    assert isinstance(error, UnicodeEncodeError)
    wrong = error.object[error.start : error.end]
    return "".join(PLAIN.get(c) or ascii(c)[1:-1] for c in wrong), error.end


def write_document(text: str) -> None:
    """Write text for other programs to standard output, unchanged.

    If its encoding cannot hold the text, that is UTF-8, because a substitute would be other data.
    """
    try:
        text.encode(sys.stdout.encoding or "utf-8")
        sys.stdout.write(text)
    except UnicodeEncodeError:
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))


def output_error() -> OSError | None:
    """Return why what was printed to standard output did not arrive; None if it did."""
    with suppress(OSError):
        sys.stdout.flush()
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    return raw.error if isinstance(raw, Output) else None


def check_output() -> None:
    """Raise UserError if the output is lost; a reader that goes away has read what it wanted."""
    error = output_error()
    if error is not None and error.errno != errno.EPIPE:
        raise UserError(f"standard output cannot be written: {error.strerror}")
