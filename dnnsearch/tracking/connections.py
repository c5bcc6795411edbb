"""The connections of MLflow's clients to a SQLite file: their setting, and how they are closed."""

import logging
from pathlib import Path

from dnnsearch.tracking.environment import apply
from dnnsearch.urls import sqlite_path

apply()

# ruff: noqa: E402  (MLflow reads the environment as it is imported)
from mlflow.tracking import MlflowClient
from sqlalchemy import Connection, Engine, event

# MLflow logs a traceback for every database error before it raises it; we report one line.
logging.getLogger("mlflow").setLevel(logging.CRITICAL)
logging.getLogger("alembic").setLevel(logging.CRITICAL)
logging.getLogger("urllib3.connectionpool").setLevel(logging.CRITICAL)

PREPARED = "dnnsearch"  # the mark of a connection that has our setting
_engines: dict[Path, set[Engine]] = {}  # those of MLflow, by the SQLite file that we connect to


def client_of(uri: str) -> MlflowClient:
    """Return a client of the MLflow at `uri`, which `disconnect` can close, without any check."""
    if (path := sqlite_path(uri)) is not None:
        _engines.setdefault(path.absolute(), set())
    return MlflowClient(tracking_uri=uri)


def disconnect(client: MlflowClient) -> None:
    """Close all connections to a SQLite file; the last process to do so empties SQLite's log."""
    path = sqlite_path(client.tracking_uri)
    for engine in _engines.get(path.absolute(), ()) if path else ():
        engine.dispose()


@event.listens_for(Engine, "engine_connect")
def _skip_fsync(connection: Connection) -> None:
    """Let SQLite write without an fsync per transaction.

    With a write-ahead log the file stays valid nevertheless. The last transactions may be lost in a
    power cut; they are published again from the records.
    """
    engine = connection.engine
    database = engine.url.database if engine.dialect.name == "sqlite" else None
    known = _engines.get(Path(database).absolute()) if database else None
    if known is None:
        return
    known.add(engine)
    opened = connection.connection
    if PREPARED not in opened.info:
        opened.info[PREPARED] = True
        cursor = opened.cursor()
        cursor.execute("PRAGMA journal_mode")
        if cursor.fetchone() == ("wal",):
            cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.close()
