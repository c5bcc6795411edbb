"""The commands that start MLflow's UI and its scoring server. Does not import MLflow."""

import os
import sqlite3
import subprocess
import sysconfig
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from dnnsearch.errors import UserError
from dnnsearch.runtime.python_command import python_command, python_environment
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
    descriptors: tuple[int, ...] = ()  # that the server keeps open

    def replace_process(self) -> NoReturn:
        """Let the server take this process's place."""
        for descriptor in self.descriptors:
            os.set_inheritable(descriptor, True)
        os.execve(self.argv[0], self.argv, self.environment)

    def start(self) -> "subprocess.Popen[bytes]":
        """Return the server as a running process; call it once."""
        try:
            return subprocess.Popen(self.argv, env=self.environment, pass_fds=self.descriptors)
        finally:
            for descriptor in self.descriptors:
                os.close(descriptor)


def ui_command(uri: str, port: int = 5000) -> Command:
    """Return the command of MLflow's UI on 127.0.0.1, which only this machine can open.

    Call `prepare_database` first. Raise UserError if `uri` is a server, which has its own UI.
    """
    if uri.startswith(("http://", "https://")):
        raise UserError(f"MLflow's UI already runs on its server: open {uri} in a browser")
    server = python_command("mlflow", "server", "--backend-store-uri", uri)
    network = ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    # Without this setting MLflow starts several more processes, for jobs that we do not have.
    environment = {**_environment(), "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    return Command([*server, *network], environment, f"http://127.0.0.1:{port}/{_start(uri)}")


def serve_command(file: Path, port: int, max_bytes: int, name: str) -> Command:
    """Return the command that serves a model file on 127.0.0.1, by `scoring_server`."""
    options = [str(file), str(port), str(max_bytes), name]
    server = python_command("dnnsearch.tracking.scoring_server", *options)
    return Command(server, _environment(), f"http://127.0.0.1:{port}/invocations")


def _environment() -> dict[str, str]:
    """Return the environment of a server of MLflow's, which starts Python processes of its own.

    These do not import from the current folder either, and uvicorn does not put it on sys.path.
    """
    standard_library = sysconfig.get_path("stdlib")  # on sys.path anyway
    safe = {"PYTHONSAFEPATH": "1", "UVICORN_APP_DIR": standard_library}
    return {**python_environment(), **ALWAYS, **safe}


def _start(uri: str) -> str:
    """Return the page of the newest run's experiment; MLflow's own is about language models."""
    experiment, path = None, sqlite_path(uri)
    if path is not None and path.exists():
        with suppress(sqlite3.Error), connection(path) as opened:
            (experiment,) = opened.execute(NEWEST_EXPERIMENT, (saved_view.TAG,)).fetchone()
    if experiment is None:
        return "#/experiments?workflowType=machine_learning"
    return saved_view.link(str(experiment))
