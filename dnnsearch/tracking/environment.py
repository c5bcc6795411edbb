"""How MLflow behaves in our processes: no telemetry, no chatter, no pickle, and it gives up soon.

Left alone, MLflow tries a server that is away for four minutes, and where the answer to
`runs/create` gets lost, it asks again and makes a second run. We look and publish later instead.

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
    """Set the variables in this process; what the user has set of `UNLESS_SET` stays."""
    os.environ.update(ALWAYS)
    for name, value in UNLESS_SET.items():
        os.environ.setdefault(name, value)
