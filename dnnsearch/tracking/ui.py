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
from dnnsearch.tracking.database import sqlite_path
from dnnsearch.tracking.environment import ALWAYS

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


def serve_command(folder: Path, port: int, max_bytes: int) -> Command:
    """Return the command that starts `scoring_server` on 127.0.0.1."""
    server = [sys.executable, "-P", "-m", "dnnsearch.tracking.scoring_server"]
    options = [str(folder), str(port), str(max_bytes)]
    environment = {**os.environ, **ALWAYS}
    return Command([*server, *options], environment, f"http://127.0.0.1:{port}/invocations")


def _start(uri: str) -> str:
    """Return the page of the newest run's experiment; MLflow's own is about language models."""
    experiment, path = None, sqlite_path(uri)
    if path is not None and path.exists():
        with suppress(sqlite3.Error), connection(path) as opened:
            (experiment,) = opened.execute(NEWEST_EXPERIMENT, (saved_view.TAG,)).fetchone()
    if experiment is None:
        return "#/experiments?workflowType=machine_learning"
    return saved_view.link(str(experiment))
