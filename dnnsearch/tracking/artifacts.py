"""Files of a run: written straight to the disk where MLflow keeps them there, else sent."""

import tempfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

from dnnsearch.storage.atomic_write import whole_file
from dnnsearch.tracking.client import MlflowClient, Run
from dnnsearch.tracking.database import sqlite_path


def put_artifact(client: MlflowClient, run: Run, name: str, content: bytes) -> None:
    """Make `content` the run's artifact `name`; a file on our own disk appears whole."""
    folder = _local_folder(client, run)
    if folder is None:
        with tempfile.TemporaryDirectory() as temporary:
            path = Path(temporary, name)
            path.write_bytes(content)
            client.log_artifact(run.info.run_id, str(path))
        return
    folder.mkdir(parents=True, exist_ok=True)
    with whole_file(folder / name) as new:
        new.write_bytes(content)


def get_artifact(client: MlflowClient, run: Run, name: str) -> bytes | None:
    """The bytes of the run's artifact `name`; None when it has none."""
    folder = _local_folder(client, run)
    if folder is not None:
        path = folder / name
        return path.read_bytes() if path.is_file() else None
    if name not in {file.path for file in client.list_artifacts(run.info.run_id)}:
        return None
    with tempfile.TemporaryDirectory() as temporary:
        return Path(client.download_artifacts(run.info.run_id, name, temporary)).read_bytes()


def _local_folder(client: MlflowClient, run: Run) -> Path | None:
    """Where the run's artifacts lie, if MLflow is a file of ours and they lie on this disk."""
    location, database = urlsplit(run.info.artifact_uri), sqlite_path(client.tracking_uri)
    if database is None or location.scheme not in ("", "file"):
        return None
    noted = Path(unquote(location.path) if location.scheme else run.info.artifact_uri)
    return _moved(noted, database.absolute().parent) if len(noted.parts) > 4 else noted


def _moved(noted: Path, here: Path) -> Path:
    """Where ROOT/EXPERIMENT/RUN/artifacts is, if the folder `here` was moved with all in it.

    MLflow notes absolute places, and would begin the old folder anew.
    """
    beside = here.joinpath(*noted.parts[-4:])
    moved = not noted.parents[1].is_dir() and beside.parents[1].is_dir()
    return beside if moved else noted
