"""Reading files whose place anything may have taken: a folder, a link to nothing, a pipe.

A pipe is never opened, because that would wait for another process to write to it. Whoever has
read a file once can ask later whether it has changed since.
"""

import os
import stat
import time
from pathlib import Path

FileState = tuple[int, int, int, int, int]  # device, inode, size, times of content and of inode
MIN_AGE_NS = 2_000_000_000  # a file that is written twice within a tick of its clock looks the same

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


def state_of(found: os.stat_result) -> FileState:
    """Return what changes when a file is replaced or written to."""
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def settled_state(path: Path) -> FileState | None:
    """Return the state of a file, by which a later change will be seen.

    Return None if there is no file, or if it was written a moment ago: then a change that follows
    at once might not be seen.
    """
    try:
        state = state_of(path.stat())
    except OSError:
        return None
    return state if time.time_ns() - max(state[3:]) > MIN_AGE_NS else None
