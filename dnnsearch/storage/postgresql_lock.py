"""A study's lock in PostgreSQL: an advisory lock of a session of its own.

The server releases it with the session, whether the holder ended, was killed, or its machine is
gone. The session's name shows who holds the lock. A session can be lost while its holder lives on,
so the holder checks before each write that it still has the lock.
"""

import hashlib
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from dnnsearch.errors import UserError
from dnnsearch.storage import postgresql

LockCheck = Callable[[], None]  # raises LostLock unless the lock is still held
MAX_HOST_CHARACTERS = 16  # PostgreSQL keeps 63 bytes of a session's name

TRY_LOCK = text("SELECT pg_try_advisory_lock(:key)")
THIS_LOCK = "locktype = 'advisory' AND objsubid = 1 AND (classid::int8 << 32 | objid::int8) = :key"
THIS_DATABASE = "database = (SELECT oid FROM pg_database WHERE datname = current_database())"
IS_HELD = text(
    f"SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND {THIS_LOCK} AND granted"
)
HOLDER = text(
    "SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid) "
    f"WHERE {THIS_LOCK} AND {THIS_DATABASE} AND granted"
)


class LostLock(UserError):
    """Another process may work on the study by now."""


@contextmanager
def session_lock(storage: str, study: str, command: str = "") -> Iterator[LockCheck]:
    """Hold the study's lock; raise UserError, naming the holder, if another process does.

    `command` says for what it is held, if it is given.
    """
    digest = hashlib.sha256(f"dnnsearch {study}".encode()).digest()
    key = {"key": int.from_bytes(digest[:8], "big", signed=True)}  # of an advisory lock: 64 bits
    since = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime())
    host = socket.gethostname()[:MAX_HOST_CHARACTERS]
    # Every user of the server can see the session's name.
    name = f"dnnsearch {os.getpid()} {host} {since} {command}".strip()
    with ExitStack() as stack:
        try:
            session = stack.enter_context(postgresql.session(storage, name))
            holder = None if session.scalar(TRY_LOCK, key) else _holder(session, key)
        except SQLAlchemyError as error:
            raise UserError(
                f"the storage {storage} cannot be used: {postgresql.reason(error)}"
            ) from error
        if holder:
            raise UserError(f"study {study} is in use by another process: {holder}")
        yield lambda: _check(session, key, study, storage)


def _holder(session: Connection, key: dict[str, int]) -> str:
    match (session.scalar(HOLDER, key) or "").split():
        case ["dnnsearch", process, host, day, hour, *command]:
            return f"process {process} on {host} since {day} {hour}{in_brackets(*command)}"
    return "it has only just begun, or ended"


def in_brackets(command: str = "") -> str:
    """Return what follows a lock's holder: its command, if it said one."""
    return f" (dnnsearch {command})" if command else ""


def _check(session: Connection, key: dict[str, int], study: str, storage: str) -> None:
    """Raise LostLock if the lock is lost: a session that SQLAlchemy reopens does not have it."""
    try:
        why = "" if session.scalar(IS_HELD, key) else "the session is a new one"
    except SQLAlchemyError as error:
        why = postgresql.reason(error)
    if why:
        raise LostLock(
            f"the lock of study {study} in {storage} was lost ({why}), so another process may work "
            "on it: nothing more is written; run the same command to resume"
        )
