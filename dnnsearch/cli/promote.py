"""`promote`: from a search to one model with an unbiased test score."""

from typing import Annotated

import typer

from dnnsearch.cli.next_commands import after_promotion
from dnnsearch.cli.options import Storage, Study
from dnnsearch.cli.outcome import give
from dnnsearch.cli.progress import counter, loading, resumable
from dnnsearch.cli.search import AcceptCode
from dnnsearch.cli.startup import pin
from dnnsearch.runtime.terminal_text import terminal_width
from dnnsearch.urls import DEFAULT_STORAGE

AS_AFFORDABLE = "  [default: as many as cost no more than the search]"
Top = Annotated[
    int | None,
    typer.Option(metavar="N", min=1, max=20, help="Configurations to confirm." + AS_AFFORDABLE),
]
Replicates = Annotated[
    int | None,
    typer.Option(
        metavar="R",
        min=2,
        max=1000,
        help="Networks per configuration, each with a fresh seed." + AS_AFFORDABLE,
    ),
]
Workers = Annotated[
    int | None, typer.Option(metavar="N", min=1, help="Processes.  [default: the config's]")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show the result only.")]

Outer = Annotated[
    int | None,
    typer.Option(
        metavar="K", min=2, max=20, help="Nested cross-validation: also the procedure's figure."
    ),
]


def promote(
    study: Study,
    top: Top = None,
    replicates: Replicates = None,
    outer: Outer = None,
    workers: Workers = None,
    accept_code: AcceptCode = False,
    as_json: Json = False,
    quiet: Quiet = False,
    storage: Storage = DEFAULT_STORAGE,
) -> int:
    """Make one model from a search, with an unbiased test score.

    The best configurations, and trial 0 to compare with, are retrained with fresh seeds and
    compared on dev, with confidence intervals. Among those not distinguishable from the best with
    fresh seeds, the one with the fewest multiply-adds is refitted on train + dev. Then the test set
    is evaluated. Every evaluation is logged; only the first one of all studies on the same test
    rows counts, and the output says which one this is. Something is found if the ensemble beats
    guessing in the objective or in ROC AUC. The model is the ensemble of the networks. It is
    written next to the records and registered in MLflow under the study's name, as champion if it
    beats the current one.

    With --outer K all of it, the search included, is then repeated in K outer folds: all rows are
    cut into K parts, each is the test set once. This gives one figure over all rows, with an
    interval, for the procedure rather than for one model, and says how often each configuration
    won. It takes about K times as long as search and promotion.

    If it is interrupted, run the same command to resume.

    Exit code: 0 promoted, 1 the search found nothing, 2 not possible.

    \b
    Examples:
      dnnsearch promote digits
      dnnsearch promote digits --top 3 --replicates 8
      dnnsearch promote churn --outer 5
    """
    silent = quiet or as_json
    with loading(f"reading study {study}", silent):
        from dnnsearch.study.stored_study import open_study

        opened = open_study(study, storage)
        pin(opened.config.numerics)
        from dnnsearch.promotion.promotion import promote as confirm_and_test
        from dnnsearch.promotion.promotion_text import document, lines

    with resumable() as reached, counter("trainings", f"{opened.name}  ", silent) as bar:
        reached.text = lambda: bar.count
        bar.begin("preparing the data")
        promotion = confirm_and_test(opened, top, replicates, workers, bar.say, accept_code, bar)
    result, width = document(promotion), terminal_width()
    said = lines(promotion, width)
    if outer is not None:
        from dnnsearch.promotion.nested import nested_text
        from dnnsearch.promotion.nested.nested_validation import validate

        with resumable() as reached, counter("outer folds", f"{opened.name}  ", silent) as bar:
            reached.text = lambda: bar.count
            nested = validate(opened, outer, top, replicates, workers, bar.say, accept_code, bar)
        result["outer"] = nested_text.document(nested)
        result["lines"] += result["outer"]["lines"]
        said += nested_text.lines(nested, width)
    if promotion.registered.is_champion:
        said += after_promotion(opened.config, opened.name)
    give(result, said, as_json)
    return 0 if promotion.found else 1
