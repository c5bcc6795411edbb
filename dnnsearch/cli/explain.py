"""`explain`: what the columns of the data do."""

import json
from typing import Annotated

import typer

from dnnsearch.cli.options import Storage, Study
from dnnsearch.cli.progress import loading, progress_printer
from dnnsearch.cli.startup import pin
from dnnsearch.runtime.cli_process import send_result
from dnnsearch.runtime.terminal_text import say, terminal_width
from dnnsearch.urls import DEFAULT_STORAGE

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show the result only.")]


def explain(
    study: Study,
    as_json: Json = False,
    quiet: Quiet = False,
    storage: Storage = DEFAULT_STORAGE,
) -> None:
    """Show what the columns of the data do.

    Each column of the file is shuffled among the rows of dev (with folds, of each fold), and the
    objective is measured again: by how much it is worse is the column's importance, with a 95 %
    interval over rows, seeds and shuffles. A category or a date is shuffled as a whole. Then the
    curves of the most important columns follow: the mean prediction if all rows had one value
    (partial dependence).

    The networks are those that confirmed the champion, trained on train alone; before a promotion,
    those of the best trial. The test set is not touched. Large data are sampled, which the output
    says; the numbers are the same at every call.

    \b
    Examples:
      dnnsearch explain churn
      dnnsearch explain churn --json > churn.json
    """
    silent = quiet or as_json
    with loading(f"reading study {study}", silent):
        from dnnsearch.study.stored_study import open_study

        opened = open_study(study, storage)
        pin(opened.config.numerics)
        from dnnsearch.reporting.analysis.champion_trial import networks_to_show
        from dnnsearch.reporting.analysis.explanation import explain as measure
        from dnnsearch.reporting.analysis.report_data import read_lazily
        from dnnsearch.reporting.explanation_text import document, lines
        from dnnsearch.study.leaderboard.formats import finite_or_null

    report = progress_printer(silent)
    data = read_lazily(opened)
    found = measure(opened, networks_to_show(data, opened, report), report)
    text = list(lines(found, terminal_width()))
    result = finite_or_null(document(found))
    print(json.dumps(result)) if as_json else say(text)
    send_result({**result, "lines": text})
