"""One writer for a study: a lock next to the storage or in it.

For a SQLite file it is a lock on a file next to it, in PostgreSQL an advisory lock of a session
of its own. The kernel or the server releases it when its holder ends, so that a dead holder blocks
no other process. The lock names its holder, for the message to a user who is refused.
"""

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from dnnsearch.errors import UserError
from dnnsearch.storage.file_lock import UNLOCKED_OFFSET, lock
from dnnsearch.storage.permissions import file_mode
from dnnsearch.storage.postgresql import is_postgresql
from dnnsearch.storage.postgresql_lock import LockCheck, in_brackets, session_lock
from dnnsearch.urls import sqlite_path


@contextmanager
def study_lock(storage: str, study: str, command: str = "") -> Iterator[LockCheck]:
    """Hold the study's lock in the storage at this URL; `command` says for what, if it is given.

    Raise UserError, naming the holder, if another process holds it. Yield a check to call before
    each write: it raises LostLock if the lock was lost, as a session can be.
    """
    if is_postgresql(storage):
        with session_lock(storage, study, command) as check:
            yield check
    else:
        with _file_lock(sqlite_path(storage) or Path("dnnsearch"), study, command):
            yield lambda: None  # the lock of a file is never lost


@contextmanager
def _file_lock(database: Path, study: str, command: str) -> Iterator[None]:
    path = database.with_name(f"{database.name}.{quote(study, safe='')}.lock")
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, file_mode(path))
    except OSError as error:
        raise UserError(f"the lock {path} cannot be opened: {error.strerror}") from error
    try:
        _take(descriptor, study, path, command)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, study: str, path: Path, command: str) -> None:
    try:
        is_taken = lock(descriptor)
    except OSError as error:
        raise UserError(f"the lock {path} cannot be taken: {error.strerror}") from error
    if not is_taken:
        raise UserError(f"study {study} is in use by another process: {_holder(descriptor)}")
    since = time.strftime("%Y-%m-%d %H:%M:%S")
    holder = {"host": socket.gethostname(), "process": os.getpid(), "since": since}
    if command:
        holder["command"] = command
    with suppress(OSError):  # on a full disk the lock still holds
        os.ftruncate(descriptor, UNLOCKED_OFFSET)
        os.lseek(descriptor, UNLOCKED_OFFSET, os.SEEK_SET)
        os.write(descriptor, json.dumps(holder).encode())


def _holder(descriptor: int) -> str:
    try:
        os.lseek(descriptor, UNLOCKED_OFFSET, os.SEEK_SET)
        holder = json.loads(os.read(descriptor, 4096))
        command = in_brackets(holder.get("command", ""))
        return f"process {holder['process']} on {holder['host']} since {holder['since']}{command}"
    except (ValueError, KeyError):
        return "it has only just begun"
