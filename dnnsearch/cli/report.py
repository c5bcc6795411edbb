"""`report`: one HTML page on a study, or one that compares several."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

import typer

from dnnsearch.cli.options import Storage, writable, write_text
from dnnsearch.cli.progress import progress_printer
from dnnsearch.errors import UserError
from dnnsearch.runtime.cli_process import send_result
from dnnsearch.runtime.optional_import import import_without
from dnnsearch.runtime.terminal_text import say
from dnnsearch.urls import DEFAULT_STORAGE

if TYPE_CHECKING:
    from dnnsearch.reporting.write_report import Report
    from dnnsearch.study.stored_study import OpenStudy


def report(
    studies: Annotated[
        list[str], typer.Argument(metavar="STUDY...", help="One study, or several to compare.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The page.  [default: report-STUDY.html]"),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print the name of the page only.")
    ] = False,
    storage: Storage = DEFAULT_STORAGE,
) -> None:
    """Write a report on a study as one HTML page.

    It has a verdict, warnings, the leaderboard with intervals and ties, what guessing, a linear
    model and boosted trees reach (they are fitted if they were not yet), the importance of each
    hyperparameter, learning curves, and the commands that reproduce the study. With several studies
    it compares them. The page needs no network. It is also attached to the study's run in MLflow.

    \b
    Examples:
      dnnsearch report digits
      dnnsearch report digits moons --out both.html
    """
    import_without(("matplotlib",), "optuna.visualization")  # half a second; the plots are Plotly's
    from dnnsearch.reporting.write_report import fit_baselines
    from dnnsearch.reporting.write_report import report as page
    from dnnsearch.study.output_check import check_output, files_of
    from dnnsearch.study.stored_study import open_study

    names = list(dict.fromkeys(studies))
    path = writable(out or Path(f"report-{quote('-'.join(names), safe='')}.html"))
    opened = [open_study(name, storage) for name in names]
    check_output(path, files_of(*opened))
    on_message = progress_printer(quiet)
    for study in opened:
        fit_baselines(study, on_message)
    written = page(opened, on_message)
    write_text(path, written.html)
    attached = _attach(opened, written)
    if quiet:
        print(path)
    else:
        also = "; MLflow has it with the study's run" if attached else ""
        say([f"report written to {path} ({len(written.html.encode()) / 1e6:.1f} MB){also}"])
    send_result({"file": str(path)})


def _attach(opened: "list[OpenStudy]", written: "Report") -> bool:
    """Return whether MLflow has the page; an outage of MLflow is printed and is not an error."""
    from dnnsearch.reporting.write_report import attach

    name = "report.html" if len(opened) == 1 else "comparison.html"
    try:
        there = [attach(study, name, written) for study in opened]
        return all(there)
    except UserError as error:
        say([f"the report is not in MLflow: {error}"], sys.stderr)
        return False
