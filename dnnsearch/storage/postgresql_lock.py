"""A study's lock in PostgreSQL: an advisory lock of a session of its own.

The server drops it with the session, whether the holder ended, was killed, or its machine vanished.
The session's name says who holds it. A session can be lost while its holder lives on: so the holder
asks before each write whether it still has it.
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

LockCheck = Callable[[], None]  # raises LostLock unless the lock is held still
LONGEST_HOST = 25  # characters; PostgreSQL keeps 63 of a session's name

TRY = text("SELECT pg_try_advisory_lock(:key)")
OURS = "locktype = 'advisory' AND objsubid = 1 AND (classid::int8 << 32 | objid::int8) = :key"
HERE = "database = (SELECT oid FROM pg_database WHERE datname = current_database())"
HELD = text(f"SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND {OURS} AND granted")
HOLDER = text(
    "SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid) "
    f"WHERE {OURS} AND {HERE} AND granted"
)


class LostLock(UserError):
    """Somebody else may work on the study by now."""


@contextmanager
def session_lock(storage: str, study: str) -> Iterator[LockCheck]:
    """Hold the study's lock; raises UserError, naming the holder, while somebody else does."""
    key = {"key": _key(study)}
    with ExitStack() as stack:
        try:
            session = stack.enter_context(postgresql.session(storage, _name()))
            holder = None if session.scalar(TRY, key) else _holder(session, key)
        except SQLAlchemyError as error:
            raise UserError(
                f"the storage {storage} cannot be used: {postgresql.reason(error)}"
            ) from error
        if holder:
            raise UserError(f"study {study} is worked on by another process: {holder}")
        yield lambda: _check(session, key, study, storage)


def _name() -> str:
    """Whose session it is, for everybody who may look at the server's sessions."""
    since = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime())
    return f"dnnsearch {os.getpid()} {socket.gethostname()[:LONGEST_HOST]} {since}"


def _key(study: str) -> int:
    """A name as PostgreSQL's advisory locks want it: 64 bits."""
    digest = hashlib.sha256(f"dnnsearch {study}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def _holder(session: Connection, key: dict[str, int]) -> str:
    match (session.scalar(HOLDER, key) or "").split():
        case ["dnnsearch", process, host, day, hour]:
            return f"process {process} on {host} since {day} {hour}"
    return "it has only just begun, or ended"


def _check(session: Connection, key: dict[str, int], study: str, storage: str) -> None:
    """A session that SQLAlchemy has opened anew does not hold the lock."""
    try:
        why = "" if session.scalar(HELD, key) else "its session is another one"
    except SQLAlchemyError as error:
        why = postgresql.reason(error)
    if why:
        raise LostLock(
            f"the lock of study {study} in {storage} was lost ({why}), so another process may work "
            "on it: nothing more is written; the same command goes on"
        )
