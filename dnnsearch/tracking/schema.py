"""Create MLflow's tables in a new file that no other process uses yet."""

from pathlib import Path

from dnnsearch.storage import sqlite_connection
from dnnsearch.tracking.connections import client_of, disconnect


def create_tables(path: Path) -> None:
    """Create MLflow's tables, and nothing that depends on the time or on the path.

    The file is to be empty; on return it is closed, and has a write-ahead log.
    """
    other = path.with_name("tables.db")  # MLflow opens each file once only
    create_schema(other)
    with sqlite_connection.connection(other) as opened:
        opened.execute("DELETE FROM experiments")  # the default one
        opened.commit()
        opened.execute("PRAGMA journal_mode = WAL")  # a property of the file: it stays
    path.write_bytes(other.read_bytes())  # the file keeps its mode, which follows the umask
    other.unlink()


def create_schema(path: Path) -> None:
    """Create MLflow's default experiment, and the tables if they are missing.

    On return the file is closed.
    """
    client = client_of(f"sqlite:///{path}")
    client.search_experiments(max_results=1)
    disconnect(client)
