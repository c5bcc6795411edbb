"""New databases: created whole or not at all, from copies that this machine keeps.

MLflow runs all its migrations to create its tables, which takes longer than a small search. The
tables are the same each time, so a copy of the first database serves the next study. A copy's name
contains its own hash: a damaged copy is never used.

A process that is killed while it creates tables would leave a database that never opens again. So
they are created in a file of another name, which is then linked to its place.

No file that is read or written here as plain bytes is in use as a database: no other process knows
its name, and has locks on it. This module does not know whose tables they are.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from glob import escape
from pathlib import Path

from dnnsearch.storage.array_store import default_root
from dnnsearch.storage.atomic_write import remove, temporary_prefix, temporary_sibling, whole_file
from dnnsearch.storage.file_lock import lock, open_folder
from dnnsearch.storage.permissions import create_file, create_folder, file_mode

FOLDER = "databases"


def create_from_template(path: Path, name: str, make: Callable[[Path], None]) -> None:
    """Write the database `name` to `path`: a copy of the kept one, or what `make(path)` creates.

    `name` must contain all that the content depends on: whose tables, and of which version. If a
    copy cannot be kept, the database is made again the next time.
    """
    content = _read(name)
    if content is None:
        make(path)
        _keep(name, path.read_bytes())
    else:
        path.write_bytes(content)


def _folder() -> Path:
    return default_root() / FOLDER


def _read(name: str) -> bytes | None:
    with suppress(OSError):  # not readable, or removed by another process meanwhile
        for path in _folder().glob(f"{name}-*.db"):
            content = path.read_bytes()
            if path.name == _file_name(name, content):
                return content
            path.unlink()
    return None


def _keep(name: str, content: bytes) -> None:
    with suppress(OSError):  # the disk is full or read-only
        create_folder(_folder())
        with whole_file(_folder() / _file_name(name, content)) as new:
            new.write_bytes(content)


def _file_name(name: str, content: bytes) -> str:
    return f"{name}-{hashlib.sha256(content).hexdigest()}.db"


def create_in_place(path: Path, create: Callable[[Path], None]) -> None:
    """Create a database with `create(other_path)` and link it to `path`.

    The file is empty when `create` is called. A file that another process has put at `path`
    meanwhile stays. Any number of processes may do this at once, and each may be killed at any
    moment. Raise OSError if the disk refuses.
    """
    with _only_creator(path) as only:
        if path.exists():
            return
        if only:
            for left in path.parent.glob(f"{escape(temporary_prefix(path))}*"):
                remove(left)  # a creator that was killed has left it
        with temporary_sibling(path) as folder:  # SQLite writes more files next to its own
            folder.mkdir(mode=0o700)
            new = folder / path.name
            create_file(new, file_mode(path))  # SQLite would create it without the group's rights
            create(new)
            with new.open("r+b") as file:  # Windows flushes only what can be written
                os.fsync(file.fileno())
            with suppress(FileExistsError):
                os.link(new, path)


@contextmanager
def _only_creator(path: Path) -> Iterator[bool]:
    """Let one creator at a time through; yield False if the system cannot lock folders.

    Without the lock the result is the same, but several processes do the work.
    """
    with ExitStack() as stack:
        is_locked = False
        with suppress(OSError):
            folder = open_folder(path.absolute().parent)
            stack.callback(os.close, folder)
            is_locked = lock(folder, wait=True)
        yield is_locked
