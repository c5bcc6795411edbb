"""A SQLite file that may be in use: it is opened by SQLite and by nothing else.

POSIX drops all locks that a process has on a file as soon as the process closes that file anywhere.
SQLite handles this for its own connections, but not for another `open` in the process: then another
process removes the write-ahead log, and what is written later is lost, or the database is corrupt
(https://www.sqlite.org/howtocorrupt.html, section 2.2). So no other code of this package opens a
database file, not even to look at its first bytes.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path


@contextmanager
def connection(path: Path, timeout: float = 1.0, mode: str = "rw") -> Iterator[sqlite3.Connection]:
    """Yield a connection to the file, which is not created if it is missing, and close it.

    Wait `timeout` seconds for another process's lock. Raise sqlite3.OperationalError if the file
    cannot be opened; `is_foreign` returns whether an error means that the file is not a database.
    """
    with closing(
        sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", timeout=timeout, uri=True)
    ) as opened:
        yield opened


def columns_of(opened: sqlite3.Connection, table: str) -> set[str]:
    """Return the names of a table's columns; none if there is no such table."""
    return {row[1] for row in opened.execute(f"PRAGMA table_info({table})")}


def is_foreign(error: sqlite3.Error) -> bool:
    """Return whether SQLite raised this because the file is not a database."""
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_NOTADB


def is_database(path: Path) -> bool:
    """Return whether the file is a SQLite database with anything in it; nothing is written."""
    try:
        if not path.is_file() or path.stat().st_size == 0:
            return False
        with connection(path, timeout=0.0, mode="ro") as opened:
            opened.execute("PRAGMA schema_version").fetchone()
    except (OSError, ValueError):
        return False
    except sqlite3.OperationalError as error:
        return error.sqlite_errorcode == sqlite3.SQLITE_BUSY  # a database that is locked
    except sqlite3.DatabaseError as error:
        return not is_foreign(error)  # a damaged one
    return True
