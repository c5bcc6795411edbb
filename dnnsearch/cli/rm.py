"""`rm`: remove a study with all that belongs to it."""

import sys
from typing import Annotated

import typer

from dnnsearch.cli.options import Storage, Study
from dnnsearch.errors import UserError
from dnnsearch.runtime.cli_process import send_result
from dnnsearch.runtime.terminal_text import say
from dnnsearch.urls import DEFAULT_STORAGE


def rm(
    study: Study,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    storage: Storage = DEFAULT_STORAGE,
) -> None:
    """Remove a study and all that belongs to it.

    That is its trials in Optuna's storage, its records, and its runs and model versions in MLflow.
    A registered model that you created or described stays, without them.

    \b
    Example:
      dnnsearch rm digits
    """
    from dnnsearch.deployment.removal import remove_study
    from dnnsearch.study.stored_study import open_study

    opened = open_study(study, storage)
    if not yes and not _confirmed(f"Remove study {study} with its {len(opened.trials())} trials?"):
        raise UserError(f"study {study} was not removed")
    text = remove_study(opened)
    say([text])
    send_result({"text": text})


def _confirmed(question: str) -> bool:
    if not sys.stdin.isatty():
        raise UserError("refusing to remove without confirmation (no terminal): add --yes")
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
