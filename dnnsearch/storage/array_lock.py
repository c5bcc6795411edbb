"""A lock on a folder of the array store: shared by those who use it, exclusive to remove it.

It is a lock on the folder itself: it needs no file, works on a read-only disk, stays with a
folder that is renamed, and ends with the process. On a file system without such locks, and on
Windows, all is as without a lock: what is removed beside a running search is prepared again.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dnnsearch.storage.file_lock import FOLDERS_CAN_BE_LOCKED, lock, open_folder


def lock_shared(folder: Path) -> int:
    """Lock the folder until the returned descriptor is closed.

    Raise FileNotFoundError or NotADirectoryError if there is no such folder, also if another
    process removes it at that moment.
    """
    if not FOLDERS_CAN_BE_LOCKED:
        folder.stat()
        return os.open(os.devnull, os.O_RDONLY)
    descriptor = open_folder(folder)
    try:
        with suppress(OSError):
            lock(descriptor, shared=True, wait=True)
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
        descriptor = open_folder(folder)
    except OSError:
        yield True
        return
    try:
        yield _is_free(descriptor)
    finally:
        os.close(descriptor)


def _is_free(descriptor: int) -> bool:
    try:
        return lock(descriptor)
    except OSError:
        return True
