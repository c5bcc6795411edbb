"""`serve`: a model behind HTTP on this machine."""

from typing import Annotated

import typer

from dnnsearch.cli.options import Storage
from dnnsearch.cli.predict import Model, Tracking, print_note
from dnnsearch.cli.progress import loading
from dnnsearch.cli.startup import check_free
from dnnsearch.urls import DEFAULT_STORAGE


def serve(
    model: Model,
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port on 127.0.0.1.")] = 5001,
    max_body: Annotated[
        int, typer.Option(min=1, metavar="MB", help="The largest request that is read.")
    ] = 64,
    storage: Storage = DEFAULT_STORAGE,
    tracking: Tracking = None,
) -> None:
    """Serve a model on 127.0.0.1, as MLflow's server would.

    Post rows to /invocations, as JSON (dataframe_split, dataframe_records) or as CSV. The server
    answers with what `predict` gives. Invalid rows get status 400 with the reason,
    and more than --max-body gets 413.

    \b
    Examples:
      dnnsearch serve churn
      dnnsearch serve churn/17 --port 8080
      curl -H "Content-Type: text/csv" --data-binary @new.csv http://127.0.0.1:5001/invocations
    """
    from dnnsearch.deployment.lookup import find
    from dnnsearch.deployment.server import command

    check_free(port)
    with loading(f"reading {model}"):
        server = command(find(model, storage, print_note, tracking), port, max_body, model)
    server.replace_process()
