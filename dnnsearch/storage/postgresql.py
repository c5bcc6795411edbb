"""PostgreSQL, for studies that several machines can reach: sessions, and checks before use.

Both sides of a session notice within half a minute that the other one is gone, so that the locks of
a lost machine are released. This module knows nothing of studies.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy
from sqlalchemy import URL, Connection, text
from sqlalchemy.pool import NullPool

DRIVER = "psycopg"
INSTALL = 'pip install "dnnsearch[postgresql]"'
CONNECT: dict[str, Any] = {  # options of libpq
    "application_name": "dnnsearch",
    "connect_timeout": 10,  # seconds
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,  # milliseconds
}
SERVER_SETTINGS = {  # for the server's side of the session; older servers lack some
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "25000",
    "idle_session_timeout": "0",  # a session that holds a lock may be silent for hours
}
APPLY_SETTINGS = text(
    "SELECT set_config(s.name, wanted.value, false) FROM pg_settings s "
    "JOIN json_each_text(:wanted) AS wanted ON s.name = wanted.key"
)
IS_READ_ONLY = text("SELECT current_setting('transaction_read_only') = 'on'")
MAY_CREATE = text("SELECT coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)")
NOT_WRITABLE = text(
    "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND "
    "relkind = 'r' AND relname = ANY(:names) AND NOT (has_table_privilege(oid, 'INSERT') AND "
    "has_table_privilege(oid, 'UPDATE') AND has_table_privilege(oid, 'DELETE')) ORDER BY relname"
)


def is_postgresql(url: str) -> bool:
    """Return whether the URL names PostgreSQL, with any driver."""
    return url.partition("://")[0].partition("+")[0] in ("postgresql", "postgres")


def engine_url(url: str) -> URL:
    """Return the URL with the driver that we test with, if it names none."""
    parsed = sqlalchemy.make_url(url)
    plain = parsed.drivername in ("postgresql", "postgres")
    return parsed.set(drivername=f"postgresql+{DRIVER}") if plain else parsed


@contextmanager
def session(url: str, name: str = "dnnsearch") -> Iterator[Connection]:
    """Open a session in which every statement is committed at once; the server shows `name`."""
    settings = {**CONNECT, "application_name": name}
    engine = sqlalchemy.create_engine(
        engine_url(url),
        poolclass=NullPool,
        pool_reset_on_return=None,  # a lost session cannot be reset, which would print a traceback
        isolation_level="AUTOCOMMIT",
        connect_args=settings,
    )
    with engine.connect() as connection:
        connection.execute(APPLY_SETTINGS, {"wanted": json.dumps(SERVER_SETTINGS)})
        yield connection


def refusal(connection: Connection, tables: list[str]) -> str:
    """Return why this user cannot write to these tables, or create them; '' if that is possible."""
    if connection.scalar(IS_READ_ONLY):
        return "it is read-only"
    there = set(sqlalchemy.inspect(connection).get_table_names())
    role = connection.engine.url.username or "this user"
    if not there.issuperset(tables) and not connection.scalar(MAY_CREATE):
        return f"{role} may not create tables there"
    locked = connection.scalars(NOT_WRITABLE, {"names": tables}).first()
    return f"{role} may not write to its table {locked}" if locked else ""


def reason(error: BaseException) -> str:
    """Return the driver's message in one line: of the last attempt, without the statement.

    SQLAlchemy's errors have the driver's error as `orig`.
    """
    error = getattr(error, "orig", None) or error
    lines = [line.strip(" -") for line in str(error).splitlines() if line.strip(" -^")]
    if not lines:
        return type(error).__name__
    return lines[-1] if lines[0].startswith("Multiple connection attempts") else lines[0]
