"""The commands that start MLflow's UI and its scoring server. Does not import MLflow."""

import os
import sqlite3
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dnnsearch.errors import UserError
from dnnsearch.storage.sqlite_connection import connection
from dnnsearch.tracking import saved_view
from dnnsearch.tracking.environment import ALWAYS
from dnnsearch.urls import sqlite_path

NEWEST_EXPERIMENT = """
    SELECT max(experiment_id) FROM (
        SELECT experiment_id FROM runs JOIN experiment_tags USING (experiment_id)
        WHERE key = ? ORDER BY start_time DESC LIMIT 1
    )
"""


@dataclass(frozen=True)
class Command:
    """The arguments and the environment of a server, and the address where it will answer."""

    argv: list[str]
    environment: dict[str, str]
    address: str


def ui_command(uri: str, port: int = 5000) -> Command:
    """Return the command of MLflow's UI on 127.0.0.1, which only this machine can open.

    Call `prepare_database` first. Raise UserError if `uri` is a server, which has its own UI.
    """
    if uri.startswith(("http://", "https://")):
        raise UserError(f"MLflow's UI already runs on its server: open {uri} in a browser")
    server = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", uri]
    network = ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    # Without this setting MLflow starts several more processes, for jobs that we do not have.
    environment = {**os.environ, **ALWAYS, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    return Command([*server, *network], environment, f"http://127.0.0.1:{port}/{_start(uri)}")


def serve_command(folder: Path, port: int) -> Command:
    """Return the command of MLflow's scoring server on 127.0.0.1, with the installed packages."""
    server = [sys.executable, "-m", "mlflow", "models", "serve", "--model-uri", str(folder)]
    network = ["--host", "127.0.0.1", "--port", str(port), "--env-manager", "local"]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    environment = {**os.environ, **ALWAYS, "PATH": path}  # MLflow starts `uvicorn` by its name
    return Command([*server, *network], environment, f"http://127.0.0.1:{port}/invocations")


def _start(uri: str) -> str:
    """Return the page of the newest run's experiment; MLflow's own is about language models."""
    experiment, path = None, sqlite_path(uri)
    if path is not None and path.exists():
        with suppress(sqlite3.Error), connection(path) as opened:
            (experiment,) = opened.execute(NEWEST_EXPERIMENT, (saved_view.TAG,)).fetchone()
    if experiment is None:
        return "#/experiments?workflowType=machine_learning"
    return saved_view.link(str(experiment))
