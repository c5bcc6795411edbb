"""`rerun`, `verify`: train again what has been trained, and compare."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Annotated

import typer

from dnnsearch.cli.options import STORAGE, Storage, Study, option
from dnnsearch.cli.pin_numerics import pin

TELL_SECONDS = 5.0  # between two lines about a verification, where no person watches


def rerun(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="STUDY/NUMBER, or the id of an MLflow run.")
    ],
    storage: Storage = STORAGE,
) -> int:
    """Train one trial again and compare every bit.

    The training runs in a fresh process that cannot see any result. Its outcome is compared with
    the record, and the record with the copies in Optuna's storage and in MLflow.

    Exit code: 0 identical, 1 not (the first difference is named), 2 it could not be done.

    \b
    Examples:
      dnnsearch rerun digits/17
      dnnsearch rerun 0af8c53c1d2e4b5f9a6b7c8d9e0f1a2b
    """
    from dnnsearch.reproduce.rerun import rerun as repeat

    verdict = repeat(run, storage)
    print("\n".join(verdict.lines))
    return verdict.exit_code


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
    storage: Storage = STORAGE,
) -> int:
    """Run a whole study again and compare every bit.

    Every trial is chosen and trained from nothing, beside the record; recorded accidents of the
    machine are given. The study and its records are only read. The verdict is `identical`; `equal
    within rounding`, where another processor or library computes now; or `different`.

    Exit code: 0 identical, 1 not (the first difference is named), 2 it could not be done.

    \b
    Example:
      dnnsearch verify digits
    """
    from dnnsearch.study.stored_study import open_study
    from dnnsearch.validators import workers as hands_of

    hands = None if workers is None else option("--workers", hands_of, workers)
    opened = open_study(study, storage)
    pin(opened.config.numerics)
    from dnnsearch.reproduce.verify import verify as replay

    with _telling(opened.name, quiet) as tell:
        say = partial(print, file=sys.stderr, flush=True)
        verdict = replay(opened, hands or opened.config.processes, tell, say)
    print("\n".join(verdict.lines))
    return verdict.exit_code


@contextmanager
def _telling(study: str, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """Says on stderr how far it is: at once to a person, now and then to a log."""
    last, watched = time.monotonic(), sys.stderr.isatty() and not quiet

    def tell(compared: int, trials: int) -> None:
        nonlocal last
        text = f"{study}: {compared} of {trials} trials compared"
        if watched:
            print(f"\r{text}", end="", file=sys.stderr, flush=True)
        elif not quiet and time.monotonic() - last > TELL_SECONDS:
            last = time.monotonic()
            print(text, file=sys.stderr, flush=True)

    try:
        yield tell
    finally:
        if watched:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
