"""One writer for a study: a lock that lives where the storage lives.

Beside a SQLite file it is an flock, in PostgreSQL an advisory lock of a session of its own. The
kernel drops the one and the server the other with its holder, so that a dead holder blocks nobody.
Both say who holds them, for the person who is refused.
"""

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from dnnsearch.errors import UserError
from dnnsearch.storage.postgresql import is_postgresql
from dnnsearch.storage.postgresql_lock import LockCheck, session_lock
from dnnsearch.storage.sqlite import sqlite_path


@contextmanager
def study_lock(storage: str, study: str) -> Iterator[LockCheck]:
    """Hold the study's lock in the storage at this URL.

    Raises UserError, naming the holder, while somebody else holds it. Whoever writes for long asks
    what is yielded before each write, since a session can be lost.
    """
    if is_postgresql(storage):
        with session_lock(storage, study) as held:
            yield held
    else:
        with _file_lock(sqlite_path(storage) or Path("dnnsearch"), study):
            yield _certainly


def _certainly() -> None:
    """A file's lock is held as long as its holder lives."""


@contextmanager
def _file_lock(database: Path, study: str) -> Iterator[None]:
    path = database.with_name(f"{database.name}.{quote(study, safe='')}.lock")
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise UserError(f"the lock {path} cannot be opened: {error.strerror}") from error
    try:
        _take(descriptor, study)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, study: str) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise UserError(
            f"study {study} is worked on by another process: {_holder(descriptor)}"
        ) from None
    since = time.strftime("%Y-%m-%d %H:%M:%S")
    holder = {"host": socket.gethostname(), "process": os.getpid(), "since": since}
    with suppress(OSError):  # on a full disk the lock holds all the same
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(holder).encode(), 0)


def _holder(descriptor: int) -> str:
    try:
        holder = json.loads(os.pread(descriptor, 4096, 0))
        return f"process {holder['process']} on {holder['host']} since {holder['since']}"
    except (ValueError, KeyError):
        return "it has only just begun"
