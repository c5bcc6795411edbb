"""`verify`: run a whole study again and compare it with its records."""

import sys
from functools import partial
from typing import Annotated

import typer

from dnnsearch.cli.options import Storage, Study, option
from dnnsearch.cli.progress import counter
from dnnsearch.cli.startup import pin
from dnnsearch.runtime.cli_process import send_result
from dnnsearch.urls import DEFAULT_STORAGE


def verify(
    study: Study,
    workers: Annotated[
        str | None,
        typer.Option(
            metavar="N|URL",
            help="Processes, or tcp://HOST:PORT of a Dask scheduler.  [default: processes here]",
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show the verdict only.")] = False,
    storage: Storage = DEFAULT_STORAGE,
) -> int:
    """Run a whole study again and compare every bit.

    Every trial is re-sampled and re-trained from scratch and compared with its record; recorded
    machine failures are replayed as they were. Then every promotion is repeated: confirmation,
    refit and test; records, test outputs, test figures and the champion's file are compared. That
    is no further opening of the test set. The study and its records are only read. The verdict is
    `identical`; `equal within rounding`, if another processor or library computes now; or
    `different`. The last lines are the fingerprints of the champion and of the study.

    Exit code: 0 identical, 1 not identical (the first difference is named), 2 not possible.

    \b
    Example:
      dnnsearch verify digits
    """
    from dnnsearch.study.stored_study import open_study
    from dnnsearch.validators import workers as workers_rule

    chosen = None if workers is None else option("--workers", workers_rule, workers)
    opened = open_study(study, storage)
    pin(opened.config.numerics)
    from dnnsearch.promotion.repetition import verify_promotions
    from dnnsearch.reproduce.verify import verify as replay

    with counter("trials compared", f"{opened.name}: ", silent=quiet) as report:
        note = partial(print, file=sys.stderr, flush=True)
        verdict = replay(opened, chosen or opened.config.processes, report, note)
    count = chosen if isinstance(chosen, int) else opened.config.processes
    verdict = verify_promotions(opened, verdict, count)
    print("\n".join(verdict.lines))
    send_result({"identical": verdict.exit_code == 0, "text": "\n".join(verdict.lines)})
    return verdict.exit_code
