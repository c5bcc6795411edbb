"""Write and read the files of a run, on the local disk if MLflow keeps them there."""

import tempfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

from dnnsearch.storage.atomic_write import whole_file
from dnnsearch.storage.permissions import create_folder
from dnnsearch.tracking.client import MlflowClient, Run
from dnnsearch.urls import sqlite_path


def put_artifact(client: MlflowClient, run: Run, name: str, content: bytes) -> None:
    """Make `content` the run's artifact `name`; a local file appears whole or not at all."""
    folder = local_folder(client, run)
    if folder is None:
        with tempfile.TemporaryDirectory() as temporary:
            path = Path(temporary, name)
            path.write_bytes(content)
            client.log_artifact(run.info.run_id, str(path))
        return
    write_artifact(folder, name, content)


def write_artifact(folder: Path, name: str, content: bytes) -> None:
    """Write an artifact into a run's local folder; it appears whole or not at all."""
    create_folder(folder)
    with whole_file(folder / name) as new:
        new.write_bytes(content)


def get_artifact(client: MlflowClient, run: Run, name: str) -> bytes | None:
    """Return the bytes of the run's artifact `name`; None if it has none."""
    folder = local_folder(client, run)
    if folder is not None:
        path = folder / name
        return path.read_bytes() if path.is_file() else None
    if name not in {file.path for file in client.list_artifacts(run.info.run_id)}:
        return None
    with tempfile.TemporaryDirectory() as temporary:
        return Path(client.download_artifacts(run.info.run_id, name, temporary)).read_bytes()


def local_folder(client: MlflowClient, run: Run) -> Path | None:
    """Return the local folder of the run's artifacts; None if MLflow is not a local SQLite file."""
    location, database = urlsplit(run.info.artifact_uri), sqlite_path(client.tracking_uri)
    if database is None or location.scheme not in ("", "file"):
        return None
    stored = Path(unquote(location.path) if location.scheme else run.info.artifact_uri)
    return present_folder(stored, database.absolute().parent)


def present_folder(stored: Path, database_folder: Path) -> Path:
    """Return the present path of ROOT/EXPERIMENT/RUN/artifacts, which MLflow has stored.

    MLflow stores absolute paths. If the folder of the database was moved with all its content,
    MLflow would create the old folder again; the artifacts are now below `database_folder`.
    """
    if len(stored.parts) <= 4:
        return stored
    moved = database_folder.joinpath(*stored.parts[-4:])
    was_moved = not stored.parents[1].is_dir() and moved.parents[1].is_dir()
    return moved if was_moved else stored
