"""`promote`: from a search to one model with an honest figure."""

import json
import sys
from collections.abc import Callable
from typing import Annotated

import typer

from dnnsearch.cli.options import STORAGE, Storage, Study
from dnnsearch.cli.pin_numerics import pin

Top = Annotated[int, typer.Option(metavar="N", min=1, max=20, help="Configurations to confirm.")]
Replicates = Annotated[
    int, typer.Option(metavar="R", min=2, max=1000, help="Networks of each, by fresh seeds.")
]
Workers = Annotated[
    int | None, typer.Option(metavar="N", min=1, help="Processes.  [default: the config's]")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show the result only.")]


def promote(
    study: Study,
    top: Top = 5,
    replicates: Replicates = 16,
    workers: Workers = None,
    as_json: Json = False,
    quiet: Quiet = False,
    storage: Storage = STORAGE,
) -> int:
    """Make one model of a search, tested once on the test set.

    The best few configurations are trained again with fresh seeds and compared on dev, with
    intervals; of those that cannot be told from the best, the one with the fewest multiply-adds is
    trained on train and dev together. Then the test set is opened, which is counted: the figure of
    the first opening is the one that counts. The model is the ensemble of the networks; it is
    written beside the records and registered in MLflow under the study's name, as its champion
    where it beats the present one.

    Killed and started again, it goes on where it was.

    Exit code: 0 promoted, 1 the search found nothing, 2 it could not be done.

    \b
    Examples:
      dnnsearch promote digits
      dnnsearch promote digits --top 3 --replicates 8
    """
    from dnnsearch.study.stored_study import open_study

    opened = open_study(study, storage)
    pin(opened.config.numerics)
    from dnnsearch.promotion.promotion import promote as confirm_and_test
    from dnnsearch.promotion.promotion_text import document, lines

    promotion = confirm_and_test(
        opened, top, replicates, workers, progress_printer(quiet or as_json)
    )
    print(json.dumps(document(promotion)) if as_json else "\n".join(lines(promotion)))
    return 0 if promotion.found else 1


def progress_printer(silent: bool) -> Callable[[str], object]:
    """Says on standard error what is being done, unless it shall be silent."""
    return (lambda text: None) if silent else _tell


def _tell(text: str) -> None:
    print(f"{text} ...", file=sys.stderr, flush=True)
