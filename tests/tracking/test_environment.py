"""MLflow's environment: imported late, without telemetry, with the user's timeouts."""

import os
import subprocess
import sys

from dnnsearch.tracking import environment
from dnnsearch.urls import tracking_uri


def run(code: str, **extra: str) -> str:
    env = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW", "DO_NOT"))} | extra
    command = [sys.executable, "-W", "ignore", "-c", code]
    return subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout


def test_the_package_imports_without_mlflow():
    code = "import sys, dnnsearch.tracking as t; print('mlflow' in sys.modules, t.ThreadPublisher)"
    assert run(code).startswith("False")


def test_mlflow_sends_no_telemetry_and_logs_nothing_in_our_processes():
    # MLflow also disables telemetry under pytest and on CI machines; that is excluded here
    code = (
        "import logging, dnnsearch.tracking.client;"
        "from mlflow.telemetry import utils as u; u._IS_IN_CI_ENV_OR_TESTING = False;"
        "print(u.is_telemetry_disabled(), logging.getLogger('mlflow').level)"
    )
    assert run(code).split() == ["True", "50"]


def test_timeouts_that_the_user_has_set_stay(monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "77")
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "false")
    environment.apply()
    assert os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "77"
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"


def test_the_uri_comes_from_the_config_then_the_environment_then_mlflow(monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert tracking_uri() == "sqlite:///mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://host:5000")
    assert tracking_uri() == "http://host:5000"
    assert tracking_uri("sqlite:///mine.db") == "sqlite:///mine.db"
