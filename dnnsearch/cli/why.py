"""`why`: what each difference between trial 0 and the champion is worth."""

from typing import Annotated

import typer

from dnnsearch.cli.options import Storage, Study
from dnnsearch.cli.outcome import give
from dnnsearch.cli.progress import counter, loading, resumable
from dnnsearch.cli.promote import Json, Quiet, Workers
from dnnsearch.cli.search import AcceptCode
from dnnsearch.cli.startup import pin
from dnnsearch.runtime.terminal_text import terminal_width
from dnnsearch.urls import DEFAULT_STORAGE

Seeds = Annotated[
    int | None,
    typer.Option(
        metavar="R",
        min=2,
        max=1000,
        help="Networks per configuration, all with fresh seeds; with folds, rounded up to whole "
        "cross-validations, 2 at least.  [default: 16]",
    ),
]


def why(
    study: Study,
    replicates: Seeds = None,
    workers: Workers = None,
    accept_code: AcceptCode = False,
    as_json: Json = False,
    quiet: Quiet = False,
    storage: Storage = DEFAULT_STORAGE,
) -> None:
    """Measure which hyperparameters made the champion better.

    Trial 0, with which every search starts (a default, or in a config of `new` the first of a
    portfolio), is changed into the champion (before a promotion, into the best trial) one
    hyperparameter at a time, in the order of the docs. The champion is also trained without each
    single change. All of these configurations are trained with the same fresh seeds and compared on
    dev, with 95 % intervals. The test set is not opened.

    The report shows the result as its first plot. If it is interrupted, run the same command to
    resume.

    \b
    Examples:
      dnnsearch why digits
      dnnsearch why digits --replicates 32
    """
    silent = quiet or as_json
    with loading(f"reading study {study}", silent):
        from dnnsearch.study.stored_study import open_study

        opened = open_study(study, storage)
        pin(opened.config.numerics)
        from dnnsearch.promotion.ablation.ablation import ablate
        from dnnsearch.promotion.ablation.ablation_text import document, lines

    with resumable() as reached, counter("trainings", f"{opened.name}  ", silent) as bar:
        reached.text = lambda: bar.count
        bar.begin("preparing the data")
        found = ablate(opened, replicates, workers, bar.say, accept_code, bar)
    give(document(found), lines(found, terminal_width()), as_json)
