"""`rm`: remove a study with all that belongs to it."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from dnnsearch.cli.options import Storage, Study
from dnnsearch.errors import UserError
from dnnsearch.runtime.cli_process import send_result
from dnnsearch.runtime.terminal_text import say
from dnnsearch.urls import DEFAULT_STORAGE

if TYPE_CHECKING:
    from dnnsearch.study.stored_study import OpenStudy

KEPT = 2  # the exit code, as after an error: a script must not go on as if the study were gone
STAYS = "The config, the data, reports, lock files and exports stay."


def rm(
    study: Study,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    storage: Storage = DEFAULT_STORAGE,
) -> None:
    """Remove a study and all that belongs to it.

    That is its trials in Optuna's storage, its records, its champion and the other models that
    `promote` made, and its runs and model versions in MLflow. A registered model that you created
    or described stays, without them. The config, the data and all that `report`, `lock`, `export`
    and `predict` wrote stay, too, and the log of who has opened the test rows.

    \b
    Example:
      dnnsearch rm digits
    """
    from dnnsearch.deployment.removal import remove_study
    from dnnsearch.study.stored_study import open_study

    opened = open_study(study, storage)
    if not yes and not _confirmed(opened):
        say([f"study {study} was kept"])
        raise typer.Exit(KEPT)
    text = remove_study(opened)
    say([text])
    send_result({"text": text})


def _confirmed(study: "OpenStudy") -> bool:
    if not sys.stdin.isatty():
        raise UserError("refusing to remove without confirmation (no terminal): add --yes")
    say([f"This removes {_removed_with(study)}. {STAYS}"])
    return input(f"Remove study {study.name}? [y/N] ").strip().lower() in ("y", "yes")


def _removed_with(study: "OpenStudy") -> str:
    from dnnsearch.deployment.champion import champion_path
    from dnnsearch.tracking import has_store
    from dnnsearch.validators import counted

    has_champion, is_tracked = champion_path(study).is_file(), has_store(study.config.tracking)
    champion = ", the champion's model file" if has_champion else ""
    in_mlflow = ", its runs and registered models in MLflow" if is_tracked else ""
    return f"{counted(len(study.trials()), 'trial')} with their records{champion}{in_mlflow}"
