"""`ui`: MLflow's UI on this machine."""

import os
import sys
from typing import Annotated

import typer

from dnnsearch.cli.startup import check_free


def ui(
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port on 127.0.0.1.")] = 5000,
    tracking: Annotated[
        str | None,
        typer.Option(
            metavar="URI",
            envvar="MLFLOW_TRACKING_URI",
            help="MLflow's database.  [default: sqlite:///mlflow.db]",
        ),
    ] = None,
    browser: Annotated[
        bool, typer.Option(help="Open the newest study's charts, if this is a terminal.")
    ] = True,
) -> None:
    """Open MLflow's UI to compare the trials.

    It listens on 127.0.0.1 only. Once it answers, it prints a link to the charts of each study.
    Select runs and press Compare.

    \b
    Example:
      dnnsearch ui --port 5001
    """
    from dnnsearch.tracking import announced_ui_command, prepare_database, tracking_uri

    check_free(port)
    uri = tracking_uri(tracking)
    command = announced_ui_command(uri, port, browser and _has_browser())
    prepare_database(uri)
    print("MLflow's UI starts, which takes some seconds", flush=True)
    command.replace_process()


def _has_browser() -> bool:
    """Return whether there is a graphical screen: else a browser would start in the terminal."""
    screens = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    graphical = sys.platform == "darwin" or any(os.environ.get(name) for name in screens)
    return sys.stdout.isatty() and graphical
