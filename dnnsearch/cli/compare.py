"""`compare`: the best configurations of several studies with common fresh seeds."""

from typing import Annotated

import typer

from dnnsearch.cli.options import Storage
from dnnsearch.cli.outcome import give
from dnnsearch.cli.progress import counter, loading, resumable
from dnnsearch.cli.promote import Json, Quiet, Workers
from dnnsearch.cli.search import AcceptCode
from dnnsearch.cli.startup import pin
from dnnsearch.cli.why import Seeds
from dnnsearch.errors import UserError
from dnnsearch.promotion.comparison import MAX_TOP
from dnnsearch.runtime.terminal_text import terminal_width
from dnnsearch.urls import DEFAULT_STORAGE

Studies = Annotated[list[str], typer.Argument(metavar="STUDY...", help="Two studies or more.")]

Best = Annotated[int, typer.Option(metavar="N", min=1, max=MAX_TOP, help="Configurations of each.")]


def compare(
    studies: Studies,
    top: Best = 3,
    replicates: Seeds = None,
    workers: Workers = None,
    accept_code: AcceptCode = False,
    as_json: Json = False,
    quiet: Quiet = False,
    storage: Storage = DEFAULT_STORAGE,
) -> None:
    """Compare studies by the best configurations of each.

    `show A B` sets the best trials side by side, which are lucky ones. Here the best
    configurations of each study are retrained with the same fresh seeds and compared on dev, row by
    row, with 95 % intervals; with folds on the out-of-fold rows. The test set is not opened. The
    studies need the same dev rows; the objective of the first one is the measure.

    If it is interrupted, run the same command to resume.

    \b
    Examples:
      dnnsearch compare digits digits-tanh
      dnnsearch compare churn churn-wide --top 1 --replicates 32
    """
    silent, names = quiet or as_json, list(dict.fromkeys(studies))
    if len(names) < 2:
        raise UserError(f"compare needs two studies or more, but got {', '.join(names)}")
    with loading(f"reading studies {', '.join(names)}", silent):
        from dnnsearch.study.stored_study import open_study

        opened = [open_study(name, storage) for name in names]
        kinds = list(dict.fromkeys(study.config.numerics for study in opened))
        if len(kinds) > 1:
            named = " and ".join(kinds)
            raise UserError(f"studies with numerics {named} cannot be compared in one")
        pin(*kinds)
        from dnnsearch.promotion.comparison.compare_studies import compare as train_and_compare
        from dnnsearch.promotion.comparison.comparison_text import document, lines

    with resumable() as reached, counter("trainings", "compare  ", silent) as bar:
        reached.text = lambda: bar.count
        bar.begin("preparing the data")
        found = train_and_compare(opened, top, replicates, workers, bar.say, accept_code, bar)
    give(document(found), lines(found, terminal_width()), as_json)
