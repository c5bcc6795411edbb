"""How to start MLflow's UI on what the searches have published. Does not import MLflow."""

import os
import sys
from dataclasses import dataclass

from dnnsearch.errors import UserError
from dnnsearch.tracking.environment import ALWAYS


@dataclass(frozen=True)
class Command:
    """A program to run, its environment, and the address at which it will answer."""

    argv: list[str]
    environment: dict[str, str]
    address: str


def ui_command(uri: str, port: int = 5000) -> Command:
    """MLflow's UI on 127.0.0.1, for this machine's eyes only.

    Call `prepare_database` before. Raises UserError when `uri` is a server, which has its own UI.
    """
    if uri.startswith(("http://", "https://")):
        raise UserError(f"MLflow's UI runs at its server already: open {uri} in a browser")
    server = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", uri]
    network = ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    # No jobs are run here: without this MLflow starts several processes more.
    environment = {**os.environ, **ALWAYS, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    # Without the last part MLflow 3 greets people with its pages about language models.
    address = f"http://127.0.0.1:{port}/#/experiments?workflowType=machine_learning"
    return Command([*server, *network], environment, address)
