"""`publish`: send MLflow what it lacks."""

from typing import Annotated

import typer

from dnnsearch.cli.options import STORAGE, Storage, Study


def publish(
    study: Study,
    tracking: Annotated[
        str | None,
        typer.Option(metavar="URI", help="MLflow's address.  [default: the study's own]"),
    ] = None,
    storage: Storage = STORAGE,
) -> None:
    """Send MLflow all that it lacks of a study.

    After an outage of MLflow, or after a search was killed: every trial that has ended is shown
    with its end, and what was in flight as interrupted. What is there already is left alone, and
    what a person has deleted there stays deleted.

    \b
    Example:
      dnnsearch publish digits
    """
    from dnnsearch.study.publish import publish as send
    from dnnsearch.study.stored_study import open_study

    print(send(open_study(study, storage), tracking))
