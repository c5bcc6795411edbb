"""MLflow brought up to date and opened; studies and the cache removed."""

import subprocess

from dnnsearch import tracking
from dnnsearch.api.cli_call import call_cli, storage_of
from dnnsearch.deployment import removal


def publish(study: str, tracking: str | None = None, *, storage: str | None = None) -> str:
    """Send MLflow, at the URI `tracking` or where the study is tracked, all that it lacks."""
    where = [] if tracking is None else [f"--tracking={tracking}"]
    _, said = call_cli(["publish", *where, "--", study], storage_of(storage))
    return said


def rm(study: str, *, storage: str | None = None) -> str:
    """Remove a study with its records and its runs in MLflow, without asking."""
    _, said = call_cli(["rm", "--yes", "--", study], storage_of(storage))
    return said


def clean() -> str:
    """Empty the cache of prepared data; what is needed is prepared again."""
    return removal.empty_cache()


def ui(port: int = 5000, *, uri: str | None = None) -> "subprocess.Popen[bytes]":
    """Start MLflow's UI on 127.0.0.1; returns the running process."""
    where = tracking.tracking_uri(uri)
    command = tracking.ui_command(where, port)
    tracking.prepare_database(where)
    return subprocess.Popen(command.argv, env=command.environment)
