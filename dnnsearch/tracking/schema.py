"""Create MLflow's tables in a new file that no other process uses yet."""

from pathlib import Path

from dnnsearch.tracking.environment import apply

apply()

# ruff: noqa: E402  (MLflow reads the environment as it is imported)
import sqlalchemy
from mlflow.store.db.utils import _initialize_tables
from mlflow.store.tracking import DEFAULT_LOCAL_FILE_AND_ARTIFACT_PATH
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore


def create_tables(path: Path) -> None:
    """Create MLflow's tables, and nothing that depends on the time or on the path."""
    engine = sqlalchemy.create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode = WAL")  # a property of the file: it stays
    _initialize_tables(engine)  # type: ignore[no-untyped-call]
    engine.dispose()


def create_schema(path: Path) -> None:
    """Create MLflow's default experiment, and the tables if they are missing.

    On return the file is closed.
    """
    uri = f"sqlite:///{path}"
    store = SqlAlchemyStore(uri, DEFAULT_LOCAL_FILE_AND_ARTIFACT_PATH)  # type: ignore[no-untyped-call]
    store.engine.dispose()
    SqlAlchemyStore._engine_map.pop(uri, None)
