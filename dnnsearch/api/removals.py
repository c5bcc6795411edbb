"""Bring MLflow up to date and open it; remove studies and the cache."""

import subprocess

from dnnsearch import tracking
from dnnsearch.deployment.cache_removal import empty_cache
from dnnsearch.runtime.cli_process import run_cli
from dnnsearch.urls import storage_url


def publish(study: str, tracking: str | None = None, *, storage: str | None = None) -> str:
    """Send MLflow all that it lacks of a study; return a sentence about it.

    `tracking` is MLflow's URI, by default the study's own. Raise UserError if it is unreachable.
    """
    uri = [] if tracking is None else [f"--tracking={tracking}"]
    result = run_cli(["publish", *uri, "--", study], storage=storage_url(storage))
    return str(result["text"])


def rm(study: str, *, storage: str | None = None) -> str:
    """Remove a study, its records, and its runs and model versions in MLflow, without asking.

    Return a sentence about what was removed. Raise UserError if there is no such study.
    """
    result = run_cli(["rm", "--yes", "--", study], storage=storage_url(storage))
    return str(result["text"])


def clean() -> str:
    """Delete cached prepared data, but not what a running search uses; return a sentence about it.

    It is rebuilt on demand.
    """
    return empty_cache()


def ui(port: int = 5000, *, uri: str | None = None) -> "subprocess.Popen[bytes]":
    """Start MLflow's UI on 127.0.0.1; return the running process."""
    database = tracking.tracking_uri(uri)
    command = tracking.ui_command(database, port)
    tracking.prepare_database(database)
    return command.start()
