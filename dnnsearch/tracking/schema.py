"""Create MLflow's tables in a new file that no other process uses yet.

MLflow's functions for that are private. If a release has changed them, a client of MLflow's
creates the tables, in a process of its own whose end closes the file.
"""

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import Any

from dnnsearch.tracking.environment import apply

apply()

# ruff: noqa: E402  (MLflow reads the environment as it is imported)
import sqlalchemy
from mlflow.exceptions import MlflowException
from mlflow.store.tracking import DEFAULT_LOCAL_FILE_AND_ARTIFACT_PATH

CREATE = """
import sys
from dnnsearch.tracking.client import MlflowClient
MlflowClient(tracking_uri=sys.argv[1]).search_experiments(max_results=1)
"""


def table_creator() -> Callable[[Any], None] | None:
    """Return MLflow's function that creates the tables through an engine; None if it is gone."""
    return getattr(import_module("mlflow.store.db.utils"), "_initialize_tables", None)


def create_tables(path: Path) -> None:
    """Create MLflow's tables, and nothing that depends on the time or on the path.

    There must be a `table_creator`.
    """
    create = table_creator()
    assert create is not None
    engine = sqlalchemy.create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode = WAL")  # a property of the file: it stays
    create(engine)
    engine.dispose()


def create_schema(path: Path) -> None:
    """Create MLflow's default experiment, and the tables if they are missing.

    On return the file is closed.
    """
    uri = f"sqlite:///{path}"
    engines = _engine_map()
    if engines is None:
        _create_in_child(path, uri)
        return
    store = _store_class()(uri, DEFAULT_LOCAL_FILE_AND_ARTIFACT_PATH)
    store.engine.dispose()
    engines.pop(uri, None)


def _store_class() -> Any:
    return import_module("mlflow.store.tracking.sqlalchemy_store").SqlAlchemyStore


def _engine_map() -> dict[str, Any] | None:
    """Return the engines that MLflow keeps open in this process; None if they are unknown."""
    try:
        engines = _store_class()._engine_map
    except (ImportError, AttributeError):
        return None
    return engines if isinstance(engines, dict) else None


def _create_in_child(path: Path, uri: str) -> None:
    """Let a client of MLflow's create the database; raise MlflowException if it cannot."""
    _close_whole(path)
    child = subprocess.run(
        [sys.executable, "-c", CREATE, uri],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if child.returncode != 0:
        raise MlflowException(child.stderr.strip().rpartition("\n")[2])
    _close_whole(path)


def _close_whole(path: Path) -> None:
    """Give the file a write-ahead log, and move what is in the log into the file."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
