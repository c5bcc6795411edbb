"""Import MLflow after setting its environment, and connect to it.

The import takes seconds. So the other modules import MLflow's names from here, and only when they
are about to use them.
"""

import atexit
from collections.abc import Iterator
from contextlib import contextmanager

from dnnsearch.errors import UserError
from dnnsearch.tracking.connections import client_of, disconnect
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


def connect(uri: str) -> MlflowClient:
    """Return a client of the MLflow at `uri`; create a SQLite database that does not exist yet.

    Raise UserError like `prepare_database`, MlflowException if a server does not answer.
    """
    prepare_database(uri)
    client = client_of(uri)
    if sqlite_path(uri) is not None:
        atexit.register(disconnect, client)
    return client


@contextmanager
def mlflow_errors(uri: str) -> Iterator[None]:
    """Turn errors of MLflow and of the file system into a UserError of one line."""
    try:
        yield
    except (MlflowException, OSError) as error:
        raise UserError(f"MLflow at {uri} does not work: {reason(error)}") from error
