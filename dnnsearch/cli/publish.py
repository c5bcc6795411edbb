"""`publish`: send MLflow what it lacks of a study."""

from typing import Annotated

import typer

from dnnsearch.cli.options import Storage, Study
from dnnsearch.runtime.cli_process import send_result
from dnnsearch.runtime.terminal_text import say
from dnnsearch.urls import DEFAULT_STORAGE


def publish(
    study: Study,
    tracking: Annotated[
        str | None,
        typer.Option(metavar="URI", help="MLflow's address.  [default: the study's own]"),
    ] = None,
    storage: Storage = DEFAULT_STORAGE,
) -> None:
    """Send MLflow all that it lacks of a study.

    Use it after an outage of MLflow, or after a search was killed: every trial that has ended is
    sent with its final state, and a trial that was running as interrupted. What is there already is
    left alone, and what a user has deleted there stays deleted.

    \b
    Example:
      dnnsearch publish digits
    """
    from dnnsearch.study.publish import publish as send
    from dnnsearch.study.stored_study import open_study

    text = send(open_study(study, storage), tracking)
    say([text])
    send_result({"text": text})
