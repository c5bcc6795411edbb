"""`rm`, `clean`, `ui`: take away what is no longer wanted, look at what there is."""

import os
import sys
from typing import Annotated

import typer

from dnnsearch.cli.options import STORAGE, Storage, Study
from dnnsearch.cli.ports import check_free
from dnnsearch.errors import UserError


def rm(
    study: Study,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    storage: Storage = STORAGE,
) -> None:
    """Remove a study and all that belongs to it.

    That is its trials in Optuna's storage, its records, and its runs in MLflow.

    \b
    Example:
      dnnsearch rm digits
    """
    from dnnsearch.deployment.removal import remove_study
    from dnnsearch.study.stored_study import open_study

    found = open_study(study, storage)
    if not yes and not _agreed(f"Remove study {study} with its {len(found.trials())} trials?"):
        raise UserError(f"study {study} was not removed")
    print(remove_study(found))


def _agreed(question: str) -> bool:
    if not sys.stdin.isatty():
        raise UserError("rm asks before it removes, and nobody is there to answer: add --yes")
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")


def clean() -> None:
    """Empty the cache of prepared data.

    What is needed is prepared again.

    \b
    Example:
      dnnsearch clean
    """
    from dnnsearch.deployment.removal import empty_cache

    print(empty_cache())


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

    It answers on 127.0.0.1 only. Select runs and press Compare.

    \b
    Example:
      dnnsearch ui --port 5001
    """
    from dnnsearch.tracking import prepare_database, tracking_uri, ui_command

    check_free(port)
    uri = tracking_uri(tracking)
    command = ui_command(uri, port)
    prepare_database(uri)
    print(f"MLflow's UI: {command.address} (Ctrl-C ends it)", flush=True)
    os.execve(command.argv[0], command.argv, command.environment)
