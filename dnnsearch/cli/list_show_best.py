"""`list`, `show`, `best`, `fingerprint`: what is known of the studies; nothing here changes it."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dnnsearch.cli.options import STORAGE, Storage, Study, writable
from dnnsearch.urls import without_password

if TYPE_CHECKING:
    from dnnsearch.study.leaderboard.ranking import Leaderboard
    from dnnsearch.study.stored_study import OpenStudy


Studies = Annotated[
    list[str], typer.Argument(metavar="STUDY...", help="One study, or several to compare.")
]
Top = Annotated[int, typer.Option(metavar="N", min=1, help="How many trials to show.")]
Where = Annotated[
    list[str] | None,
    typer.Option(metavar="COND", help="COLUMN, one of < <= = != >= >, VALUE; repeatable."),
]
State = Annotated[
    list[str] | None,
    typer.Option(help="finished, pruned, diverged, failed or unfinished; repeatable."),
]
Sort = Annotated[
    str | None,
    typer.Option(metavar="COLUMN", help="Ascending; -COLUMN is descending.  [default: best]"),
]
Csv = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Write every trial with every column; - is the screen."),
]
Json = Annotated[
    Path | None, typer.Option("--json", metavar="FILE", help="As --csv, a JSON list of objects.")
]


def list_(storage: Storage = STORAGE) -> None:
    """List the studies with their best values.

    \b
    Example:
      dnnsearch list
    """
    from dnnsearch.study.leaderboard.formats import studies
    from dnnsearch.study.leaderboard.ranking import leaderboards

    boards = leaderboards(storage)
    print("\n".join(studies(boards)) if boards else f"no study yet in {without_password(storage)}")


def show(
    studies: Studies,
    top: Top = 20,
    where: Where = None,
    state: State = None,
    sort: Sort = None,
    csv: Csv = None,
    json_: Json = None,
    storage: Storage = STORAGE,
) -> None:
    """Show a study's trials, or several studies side by side.

    The best trial stands first.

    `±` is the standard error of the value: of an accuracy for its examples and, where there are
    replicates, their seeds; of anything else for the seeds alone, so that `promote` may find more
    ties. `tie` marks what cannot be told from the best trial by it.

    Columns are those of --csv, and `units` such as 64-32; quote < and >, which mean something to
    the shell. A trial that lacks a column fulfils no condition on it, and is last.

    \b
    Examples:
      dnnsearch show digits
      dnnsearch show digits --where 'learning_rate<0.1' --where activation=relu --sort -seconds
      dnnsearch show digits --state diverged --sort learning_rate
      dnnsearch show digits --csv digits.csv
      dnnsearch show digits moons
    """
    from dnnsearch.reporting.terminal import with_ties
    from dnnsearch.study.leaderboard.selection import select
    from dnnsearch.study.stored_study import open_study

    opened = [open_study(name, storage) for name in dict.fromkeys(studies)]
    every = [with_ties(study) for study in opened]
    to_file = csv is not None or json_ is not None
    order = sort or ("trial" if to_file else None)
    boards = [select(board, where or (), state or (), order) for board in every]
    for path, form in ((csv, "csv"), (json_, "json")):
        if path is not None:
            _write(boards, path, form)
    if not to_file:
        selected = bool(where or state or sort)
        _print(opened, every, boards, top, selected)


def _write(boards: "list[Leaderboard]", path: Path, form: str) -> None:
    from dnnsearch.study.leaderboard.formats import csv_text, json_text

    text = csv_text(boards) if form == "csv" else json_text(boards)
    if str(path) == "-":
        sys.stdout.write(text)
    else:
        writable(path).write_text(text, encoding="utf-8")
        print(f"{sum(len(board.rows) for board in boards)} trials written to {path}")


def _print(
    opened: "list[OpenStudy]",
    every: "list[Leaderboard]",
    boards: "list[Leaderboard]",
    top: int,
    selected: bool,
) -> None:
    """Of several studies a comparison, and their trials only where some were asked for."""
    from dnnsearch.reporting.terminal import comparison, side_by_side
    from dnnsearch.study.leaderboard.formats import table

    if len(opened) > 1:
        print("\n".join(side_by_side(every)))
        print(" ".join(comparison(opened, _tell)))
        if not selected:
            return
    for board, chosen in zip(every, boards, strict=True):
        fit = f"; {len(chosen.rows)} of them fit" if len(chosen.rows) < len(board.rows) else ""
        print(f"study {board.study}, {board.counts}{fit}")
        print("\n".join(table(chosen, top)))


def _tell(at: int, of: int) -> None:
    """Long work is told of to whoever watches."""
    if sys.stderr.isatty() and (at % 50 == 0 or at == of):
        end = "\r\033[K" if at == of else ""
        print(f"\r{at} of {of} records read{end}", end="", file=sys.stderr, flush=True)


def best(study: Study, storage: Storage = STORAGE) -> None:
    """Print the best configuration as YAML.

    It can stand in a config, in place of the ranges that were searched.

    \b
    Example:
      dnnsearch best digits > best.yaml
    """
    from dnnsearch.study.leaderboard.formats import fragment
    from dnnsearch.study.leaderboard.ranking import leaderboard
    from dnnsearch.study.stored_study import open_study

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
    from dnnsearch.study.stored_study import open_study

    print(open_study(study, storage).fingerprint(trials))
