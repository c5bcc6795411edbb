"""MLflow's environment variables in our processes: no telemetry, messages, pickle or retries.

By default MLflow retries for four minutes if a server is away, and if the answer to `runs/create`
is lost, it sends the request again and creates a second run. Instead we read what MLflow has, and
publish again later.

MLflow reads most of these variables when it is imported, so they are set before that. This module
does not import MLflow.
"""

import os

ALWAYS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_CONFIGURE_LOGGING": "false",
    "MLFLOW_DISABLE_AGENT_HINT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_ENABLE_ASYNC_LOGGING": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}

UNLESS_SET = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",  # seconds
    "MLFLOW_ARTIFACT_UPLOAD_DOWNLOAD_TIMEOUT": "30",  # seconds
}


def apply() -> None:
    """Set the variables in this process; keep what the user has set of `UNLESS_SET`."""
    os.environ.update(ALWAYS)
    for name, value in UNLESS_SET.items():
        os.environ.setdefault(name, value)
