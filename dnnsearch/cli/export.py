"""`export`: a study as one file."""

import shlex
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dnnsearch.cli.options import Storage, Study, writable
from dnnsearch.cli.progress import progress_printer
from dnnsearch.cli.startup import pin
from dnnsearch.runtime.cli_process import program_name, send_result
from dnnsearch.runtime.terminal_text import say
from dnnsearch.urls import DEFAULT_STORAGE

if TYPE_CHECKING:
    from dnnsearch.study.stored_study import OpenStudy


def export(
    study: Study,
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="[default: STUDY.dnnstudy]")
    ] = None,
    with_data: Annotated[
        bool, typer.Option("--with-data", help="Enclose the files of the data, all rows of them.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
    storage: Storage = DEFAULT_STORAGE,
) -> None:
    """Write a study into one file.

    Anyone can verify or import it. The file is a zip: the definition, the trials with their
    records, how the data were prepared, the champion, the leaderboard, the report, and the SHA-256
    of each part. The same study gives the same bytes. The rows of your data are enclosed with
    --with-data only. What was fitted to them is in any case: names of columns and categories,
    quantiles, predictions for dev rows, and in the report the numbers and labels of the rows that
    are most confidently wrong.

    \b
    Examples:
      dnnsearch export digits
      dnnsearch export churn churn.dnnstudy --with-data
      dnnsearch verify digits.dnnstudy
    """
    from dnnsearch.deployment.bundle.archive import SUFFIX
    from dnnsearch.deployment.bundle.study_export import enclosed
    from dnnsearch.deployment.bundle.study_export import export as archive
    from dnnsearch.errors import UserError
    from dnnsearch.storage.atomic_write import write_whole
    from dnnsearch.study.evaluation_log import EvaluationLog
    from dnnsearch.study.output_check import check_output, files_of
    from dnnsearch.study.stored_study import open_study
    from dnnsearch.validators import counted

    path = file or Path(f"{study}{SUFFIX}")
    if path.suffix != SUFFIX:
        raise UserError(f"FILE must end with {SUFFIX}, but got {path}")
    opened = open_study(study, storage)
    check_output(writable(path), files_of(opened))
    if EvaluationLog(opened.rows).entries:
        pin(opened.config.numerics)  # by which its test figure is scored again
    from dnnsearch.promotion.quoted_figures import figure_note, outer_note

    note = figure_note(opened)
    outer_note(opened)
    sources = enclosed(opened) if with_data else []
    content = archive(opened, with_data, partial(_page, opened, quiet))
    write_whole(path.resolve(), content)
    data = f"with all rows of {', '.join(sources)}" if sources else "without the rows of the data"
    size = f"{path}: {counted(len(opened.trials()), 'trial')}, {data}"
    if note:
        say([f"note: the test figure is {note}"], sys.stderr)
    say([size, f"to verify it: {_verifying(path, opened, with_data)}"])
    send_result({"file": str(path)})


def _verifying(path: Path, study: "OpenStudy", with_data: bool) -> str:
    """Return the command that verifies the file; data that are not enclosed are named."""
    data = study.config.data.get("file")
    named = "" if with_data or data is None else f" --data {shlex.quote(str(data))}"
    return f"{program_name()} verify {shlex.quote(str(path))}{named}"


def _page(study: "OpenStudy", quiet: bool) -> str:
    """Return the report on a study, which names no address of this machine."""
    from dnnsearch.reporting.write_report import report

    place = f"a folder in which `dnnsearch import {study.name}.dnnstudy` has made the study"
    return report([study], progress_printer(quiet), place=place).html
