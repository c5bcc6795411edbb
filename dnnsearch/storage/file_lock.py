"""A lock on an open file or folder that ends with its process, however that ends.

It is portalocker's: an flock on Linux and macOS, a locked range of bytes on Windows. There other
processes cannot read that range either, and only files can be locked.
"""

import os

FOLDERS_CAN_BE_LOCKED = hasattr(os, "O_DIRECTORY")  # False on Windows, which opens no folder
UNLOCKED_OFFSET = 0 if FOLDERS_CAN_BE_LOCKED else 1 << 16  # of the bytes that all may read


def lock(descriptor: int, *, shared: bool = False, wait: bool = False) -> bool:
    """Lock an open file or folder until it is closed; return False if another process holds it.

    With `wait` the call returns once the other process has released it. Raise OSError if the file
    system has no such locks.
    """
    from portalocker import AlreadyLocked, LockException, LockFlags  # a worker never needs it
    from portalocker import lock as take

    kind = LockFlags.SHARED if shared else LockFlags.EXCLUSIVE
    try:
        take(descriptor, kind if wait else kind | LockFlags.NON_BLOCKING)
    except AlreadyLocked:
        return False
    except LockException as error:
        raise error.__cause__ if isinstance(error.__cause__, OSError) else OSError(error) from error
    return True


def open_folder(folder: "os.PathLike[str]") -> int:
    """Return a descriptor of the folder; raise OSError if there is none, and on Windows."""
    return os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
