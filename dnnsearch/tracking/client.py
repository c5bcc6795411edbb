"""Import MLflow after setting its environment, and connect to it.

The import takes seconds. So the other modules import MLflow's names from here, and only when they
are about to use them.
"""

import atexit
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dnnsearch.errors import UserError
from dnnsearch.tracking.database import prepare_database
from dnnsearch.tracking.environment import apply
from dnnsearch.tracking.error_text import reason
from dnnsearch.urls import sqlite_path

apply()

# ruff: noqa: E402  (MLflow reads the environment as it is imported)
from mlflow.entities import (
    Dataset,
    DatasetInput,
    Experiment,
    InputTag,
    Metric,
    Param,
    Run,
    RunData,
    RunInfo,
    RunTag,
    ViewType,
)
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient
from sqlalchemy import Connection, Engine, event

__all__ = [
    "Dataset",
    "DatasetInput",
    "Experiment",
    "InputTag",
    "Metric",
    "MlflowClient",
    "MlflowException",
    "Param",
    "Run",
    "RunData",
    "RunInfo",
    "RunTag",
    "ViewType",
    "connect",
    "disconnect",
    "mlflow_errors",
]

# MLflow logs a traceback for every database error before it raises it; we report one line.
logging.getLogger("mlflow").setLevel(logging.CRITICAL)
logging.getLogger("alembic").setLevel(logging.CRITICAL)
logging.getLogger("urllib3.connectionpool").setLevel(logging.CRITICAL)

PREPARED = "dnnsearch"  # the mark of a connection that has our setting
_engines: dict[Path, set[Engine]] = {}  # those of MLflow, by the SQLite file that we connect to


def connect(uri: str) -> MlflowClient:
    """Return a client of the MLflow at `uri`; create a SQLite database that does not exist yet.

    Raise UserError like `prepare_database`, MlflowException if a server does not answer.
    """
    prepare_database(uri)
    client = client_of(uri)
    if sqlite_path(uri) is not None:
        atexit.register(disconnect, client)
    return client


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


@contextmanager
def mlflow_errors(uri: str) -> Iterator[None]:
    """Turn errors of MLflow and of the file system into a UserError of one line."""
    try:
        yield
    except (MlflowException, OSError) as error:
        raise UserError(f"MLflow at {uri} does not work: {reason(error)}") from error
