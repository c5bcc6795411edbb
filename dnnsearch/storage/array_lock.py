"""A lock on a folder of the array store: shared by those who use it, exclusive to remove it.

It is an flock on the folder itself: it needs no file, works on a read-only disk, stays with a
folder that is renamed, and ends with the process. On a file system without such locks all is as
without a lock: what is removed beside a running search is prepared again.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def lock_shared(folder: Path) -> int:
    """Lock the folder until the returned descriptor is closed.

    Raise FileNotFoundError or NotADirectoryError if there is no such folder, also if another
    process removes it at that moment.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_SH)
        if not os.path.samestat(os.fstat(descriptor), folder.stat()):
            raise FileNotFoundError(folder)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


@contextmanager
def removal_lock(folder: Path) -> Iterator[bool]:
    """Yield whether no process uses the folder, and keep others from it until the end."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        yield True
        return
    try:
        yield _is_free(descriptor)
    finally:
        os.close(descriptor)


def _is_free(descriptor: int) -> bool:
    with suppress(OSError):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True
