"""`list`, `show`, `best`, `fingerprint`: what is known of the studies; nothing here changes it."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from dnnsearch.addresses import without_password
from dnnsearch.cli.options import STORAGE, Storage, Study, writable


def list_(storage: Storage = STORAGE) -> None:
    """List the studies with their best values.

    \b
    Example:
      dnnsearch list
    """
    from dnnsearch.leaderboard import leaderboards
    from dnnsearch.listing import studies

    boards = leaderboards(storage)
    print("\n".join(studies(boards)) if boards else f"no study yet in {without_password(storage)}")


def show(
    study: Study,
    top: Annotated[int, typer.Option(metavar="N", min=1, help="How many trials to show.")] = 20,
    csv: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write every trial with every column; - is the screen."),
    ] = None,
    storage: Storage = STORAGE,
) -> None:
    """Show a study's trials, the best first.

    `±` is the standard error of an accuracy that was measured on so many examples: two trials that
    are nearer to each other are a tie.

    \b
    Examples:
      dnnsearch show digits
      dnnsearch show digits --csv digits.csv
    """
    from dnnsearch.leaderboard import leaderboard
    from dnnsearch.listing import csv_text, table
    from dnnsearch.study.reading import open_study

    board = leaderboard(open_study(study, storage))
    if csv is None:
        print(f"study {study}, {board.counts}")
        print("\n".join(table(board, top)))
    elif str(csv) == "-":
        sys.stdout.write(csv_text(board))
    else:
        writable(csv).write_text(csv_text(board), encoding="utf-8")
        print(f"{len(board.rows)} trials written to {csv}")


def best(study: Study, storage: Storage = STORAGE) -> None:
    """Print the best configuration as YAML.

    It can stand in a config, in place of the ranges that were searched.

    \b
    Example:
      dnnsearch best digits > best.yaml
    """
    from dnnsearch.leaderboard import leaderboard
    from dnnsearch.listing import fragment
    from dnnsearch.study.reading import open_study

    board = leaderboard(open_study(study, storage))
    sys.stdout.write(fragment(board, board.best))


def fingerprint(
    study: Study,
    trials: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Of the first N trials only.")
    ] = None,
    storage: Storage = STORAGE,
) -> None:
    """Print a study's fingerprint.

    It is equal for equal results, bit for bit: it covers every trial's hyperparameters, seeds,
    data, curves, final parameters and predictions, and neither the time it took nor the machine.
    It stands alone on the last line.

    \b
    Examples:
      dnnsearch fingerprint digits
      dnnsearch fingerprint digits --trials 20
    """
    from dnnsearch.study.reading import open_study

    print(open_study(study, storage).fingerprint(trials))
