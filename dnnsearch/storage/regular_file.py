"""Reading files whose place anything may have taken: a folder, a link to nothing, a pipe.

A pipe is never opened, because that would wait for another process to write to it.
"""

import stat
from pathlib import Path

KINDS = {stat.S_IFDIR: "folder", stat.S_IFIFO: "pipe", stat.S_IFSOCK: "socket"}


class Unreadable(Exception):
    """There is something that is not a readable file; the text says what it is."""


def read_regular(path: Path) -> bytes | None:
    """Return the content of a file; None if nothing is there.

    Raise Unreadable for everything that is not a regular file, and if the system refuses to read.
    """
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            raise Unreadable(f"it is a {KINDS.get(stat.S_IFMT(mode), 'device')}, not a file")
        return path.read_bytes()
    except FileNotFoundError:
        if path.is_symlink():
            raise Unreadable("it is a link to a file that is not there") from None
        return None
    except OSError as error:
        raise Unreadable(f"it cannot be read: {error.strerror}") from None
