"""`import`: the study of a file that `export` wrote."""

from pathlib import Path
from typing import Annotated

import typer

from dnnsearch.cli.next_commands import after_import
from dnnsearch.cli.options import Storage
from dnnsearch.runtime.cli_process import program_name, send_result
from dnnsearch.runtime.terminal_text import say
from dnnsearch.urls import DEFAULT_RECORDS, DEFAULT_STORAGE

Data = Annotated[
    Path | None,
    typer.Option("--data", metavar="FILE", help="The data of the study.  [default: as enclosed]"),
]


def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `export` wrote.")],
    data: Data = None,
    records: Annotated[
        str, typer.Option(metavar="FOLDER", help="The folder for the records.")
    ] = DEFAULT_RECORDS,
    tracking: Annotated[
        str | None,
        typer.Option(metavar="URI", help="MLflow's address, or none.  [default: as for a search]"),
    ] = None,
    storage: Storage = DEFAULT_STORAGE,
) -> None:
    """Make the study of a FILE.dnnstudy here.

    It is published to MLflow. It is the same study, with the same identity and fingerprint. Every
    digest is checked before anything is written, and a file that was changed is refused. Nothing
    is trained: `verify` repeats the study. Data that are enclosed are written to the folder
    STUDY-data.

    \b
    Examples:
      dnnsearch import digits.dnnstudy
      dnnsearch import churn.dnnstudy --data churn.csv
    """
    from dnnsearch.deployment.bundle.archive import read
    from dnnsearch.deployment.bundle.study_import import Places, import_study
    from dnnsearch.errors import UserError
    from dnnsearch.study.leaderboard.ranking import leaderboard
    from dnnsearch.study.publish import publish
    from dnnsearch.tracking import UNTRACKED
    from dnnsearch.urls import tracking_uri

    uri = tracking or tracking_uri()
    study = import_study(read(file), str(file), Places(storage, records, uri, data))
    say([f"study {study.name} imported: {len(study.trials())} trials, {study.fingerprint()}"])
    if uri != UNTRACKED:
        try:
            say([publish(study)])
        except UserError as error:
            say([f"not in MLflow yet: {error}; later: {program_name()} publish {study.name}"])
    ranked = leaderboard(study).ranked
    say(after_import(study, ranked[0].number if ranked else None))
    send_result({"study": study.name})
