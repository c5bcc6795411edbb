"""`ui`: MLflow's UI on this machine."""

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
) -> None:
    """Open MLflow's UI to compare the trials.

    It listens on 127.0.0.1 only. Select runs and press Compare.

    \b
    Example:
      dnnsearch ui --port 5001
    """
    from dnnsearch.tracking import prepare_database, tracking_uri, ui_command

    check_free(port)
    uri = tracking_uri(tracking)
    command = ui_command(uri, port)
    prepare_database(uri)
    print(f"MLflow's UI: {command.address} (press Ctrl-C to stop it)", flush=True)
    command.replace_process()
