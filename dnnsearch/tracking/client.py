"""MLflow itself, with its environment set first; whoever imports this module waits for MLflow.

The rest of the package imports MLflow's names from here or below here, never at start-up: the
import takes seconds.
"""

import atexit
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from dnnsearch.errors import UserError
from dnnsearch.tracking.database import prepare_database, sqlite_path
from dnnsearch.tracking.environment import apply
from dnnsearch.tracking.error_text import reason

apply()

# ruff: noqa: E402  (MLflow reads the environment as it is imported)
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, Run, RunTag, ViewType
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient
from sqlalchemy import Engine, event

__all__ = [
    "Dataset",
    "DatasetInput",
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
]

# MLflow logs a traceback for every database error before it raises it; we say one line ourselves.
logging.getLogger("mlflow").setLevel(logging.CRITICAL)
logging.getLogger("alembic").setLevel(logging.CRITICAL)
logging.getLogger("urllib3.connectionpool").setLevel(logging.CRITICAL)


def connect(uri: str) -> MlflowClient:
    """A client of the MLflow at `uri`; a SQLite database that is not there yet is created.

    Raises UserError as `prepare_database` does, MlflowException when a server does not answer.
    """
    prepare_database(uri)
    client = MlflowClient(tracking_uri=uri)
    if sqlite_path(uri) is not None:
        _sync_less(client)
        atexit.register(disconnect, client)
    return client


def _sync_less(client: MlflowClient) -> None:
    """With a write-ahead log, SQLite needs no fsync per transaction to stay whole.

    What a power cut takes from the log is published again: MLflow's copy is never the only one.
    """
    engine = _engine(client)
    if engine is not None:
        event.listen(engine, "connect", _on_connect)
        engine.dispose()  # connections made before now do not have it


def disconnect(client: MlflowClient) -> None:
    """Close what is open to a database: the last that does so moves SQLite's log into the file."""
    engine = _engine(client)
    if engine is not None:
        engine.dispose()


def _engine(client: MlflowClient) -> Engine | None:
    """Of the database that it writes to itself; a server's client has none."""
    return getattr(client._tracking_client.store, "engine", None)


def _on_connect(connection: object, _: object) -> None:
    if connection.execute("PRAGMA journal_mode").fetchone() == ("wal",):  # type: ignore[attr-defined]
        connection.execute("PRAGMA synchronous = NORMAL")  # type: ignore[attr-defined]


@contextmanager
def mlflow_errors(uri: str) -> Iterator[None]:
    """Whatever is wrong with MLflow becomes a UserError."""
    try:
        yield
    except (MlflowException, OSError) as error:
        raise UserError(f"MLflow at {uri} does not work: {reason(error)}") from error
