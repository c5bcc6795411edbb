"""MLflow's own creation of its tables, in a file that nobody else looks at yet."""

from pathlib import Path

from dnnsearch.tracking.environment import apply

apply()

# ruff: noqa: E402  (MLflow reads the environment as it is imported)
from mlflow.store.tracking import DEFAULT_LOCAL_FILE_AND_ARTIFACT_PATH
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore


def create_schema(path: Path) -> None:
    """Create MLflow's tables and its default experiment; on return nobody holds the file open."""
    uri = f"sqlite:///{path}"
    store = SqlAlchemyStore(uri, DEFAULT_LOCAL_FILE_AND_ARTIFACT_PATH)  # type: ignore[no-untyped-call]
    store.engine.dispose()
    SqlAlchemyStore._engine_map.pop(uri, None)
