"""Import MLflow after setting its environment, and connect to it.

The import takes seconds. So the other modules import MLflow's names from here, and only when they
are about to use them.
"""

import atexit
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

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
    RunTag,
    ViewType,
)
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient
from sqlalchemy import Engine, event

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
    "RunTag",
    "ViewType",
    "connect",
    "disconnect",
    "mlflow_errors",
    "store_of",
]

# MLflow logs a traceback for every database error before it raises it; we report one line.
logging.getLogger("mlflow").setLevel(logging.CRITICAL)
logging.getLogger("alembic").setLevel(logging.CRITICAL)
logging.getLogger("urllib3.connectionpool").setLevel(logging.CRITICAL)


def connect(uri: str) -> MlflowClient:
    """Return a client of the MLflow at `uri`; create a SQLite database that does not exist yet.

    Raise UserError like `prepare_database`, MlflowException if a server does not answer.
    """
    prepare_database(uri)
    client = MlflowClient(tracking_uri=uri)
    if sqlite_path(uri) is not None:
        _skip_fsync(client)
        atexit.register(disconnect, client)
    return client


def _skip_fsync(client: MlflowClient) -> None:
    """Let SQLite write without an fsync per transaction.

    With a write-ahead log the file stays valid nevertheless. The last transactions may be lost in a
    power cut; they are published again from the records.
    """
    engine = _engine(client)
    if engine is not None:
        event.listen(engine, "connect", _on_connect)
        engine.dispose()  # connections made earlier do not have the setting


def disconnect(client: MlflowClient) -> None:
    """Close all connections to the database; the last process to do so empties SQLite's log."""
    engine = _engine(client)
    if engine is not None:
        engine.dispose()


def store_of(client: MlflowClient) -> Any:
    """Return MLflow's store behind a client, which is private; None if a release has none there."""
    return getattr(getattr(client, "_tracking_client", None), "store", None)


def _engine(client: MlflowClient) -> Engine | None:
    """Return the engine of a client that writes to a database itself.

    None for a server, and for a release of MLflow that keeps its engine elsewhere: the database
    then has MLflow's own settings, and is closed at exit.
    """
    return getattr(store_of(client), "engine", None)


def _on_connect(connection: object, _: object) -> None:
    if connection.execute("PRAGMA journal_mode").fetchone() == ("wal",):  # type: ignore[attr-defined]
        connection.execute("PRAGMA synchronous = NORMAL")  # type: ignore[attr-defined]


@contextmanager
def mlflow_errors(uri: str) -> Iterator[None]:
    """Turn errors of MLflow and of the file system into a UserError of one line."""
    try:
        yield
    except (MlflowException, OSError) as error:
        raise UserError(f"MLflow at {uri} does not work: {reason(error)}") from error
