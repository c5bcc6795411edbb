"""`show`: the trials of one study, or several studies side by side."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dnnsearch.cli.options import Storage, write_text
from dnnsearch.cli.progress import counter
from dnnsearch.cli.streams import write_document
from dnnsearch.errors import UserError
from dnnsearch.runtime.terminal_text import say, terminal_width
from dnnsearch.urls import DEFAULT_STORAGE

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
    typer.Option(metavar="FILE", help="Write all trials with all columns as CSV; - is the screen."),
]
Json = Annotated[
    Path | None,
    typer.Option("--json", metavar="FILE", help="Like --csv, but as a JSON list of objects."),
]


def show(
    studies: Studies,
    top: Top = 20,
    where: Where = None,
    state: State = None,
    sort: Sort = None,
    csv: Csv = None,
    json_: Json = None,
    storage: Storage = DEFAULT_STORAGE,
) -> None:
    """Show a study's trials, or several studies side by side.

    The best trial is first.

    `±` is the standard error. For accuracy it covers dev examples and seeds, for other metrics
    seeds only. If it is zero, a 95 % interval follows. `best` marks the best trial. `tie`: not
    distinguishable from it, as a line below the table explains; `promote` compares with fresh
    seeds and may differ. `champion`: its configuration was promoted.

    A terminal that is too narrow for all columns gets fewer: seconds, parameters and the train
    score are left out first, then hyperparameters. A line below says which.

    Below are guessing, a linear model and boosted trees, if a search of at least half a minute or
    `report` has fitted them; the figure of `promote --outer`, if it was measured; and the git
    commits of the config and of dnnsearch.

    Of several studies it also says how often their test rows were opened, and by which studies.

    Columns are those of --csv, and `units`, such as 64-32. Quote < and >, which have a meaning for
    the shell. Trials without a value in a column never match a condition on it and sort last.

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
    from dnnsearch.study.output_check import check_output, files_of
    from dnnsearch.study.stored_study import open_study

    opened = [open_study(name, storage) for name in dict.fromkeys(studies)]
    every = [with_ties(study) for study in opened]
    to_file = csv is not None or json_ is not None
    order = sort or ("trial" if to_file else None)
    boards = [select(board, where or (), state or (), order) for board in every]
    files = [(path, form) for path, form in ((csv, "csv"), (json_, "json")) if path is not None]
    for path, _ in files:
        check_output(path, files_of(*opened))
    if csv is not None and csv == json_ and str(csv) != "-":
        raise UserError(f"--csv and --json must be two files, but both are {csv}")
    for path, form in files:
        _write(boards, path, form)
    if not to_file:
        selected = bool(where or state or sort)
        _print(opened, every, boards, top, selected)


def _write(boards: "list[Leaderboard]", path: Path, form: str) -> None:
    from dnnsearch.study.leaderboard.formats import csv_text, json_text
    from dnnsearch.validators import counted

    text = csv_text(boards) if form == "csv" else json_text(boards)
    if str(path) == "-":
        write_document(text)
    else:
        write_text(path, text)
        count = sum(len(board.rows) for board in boards)
        say([f"{counted(count, 'trial')} written to {path}"])


def _print(
    opened: "list[OpenStudy]",
    every: "list[Leaderboard]",
    boards: "list[Leaderboard]",
    top: int,
    selected: bool,
) -> None:
    """Print a comparison if there are several studies, and the trials of one or if selected."""
    from dnnsearch.cli.next_commands import champion_line
    from dnnsearch.reporting.terminal import comparison, side_by_side, test_sets
    from dnnsearch.study import source_commits
    from dnnsearch.study.baselines import baselines_file
    from dnnsearch.study.baselines.baselines_text import lines
    from dnnsearch.study.leaderboard.leaderboard_table import table
    from dnnsearch.study.outer_figure import outer_figure

    if len(opened) > 1:
        say(side_by_side(every, terminal_width()))
        with counter("records read") as report:
            text = " ".join(comparison(opened, report))
        say([text, *test_sets(opened)])
        if not selected:
            return
    for study, board, chosen in zip(opened, every, boards, strict=True):
        match = f"; {len(chosen.rows)} of them match" if len(chosen.rows) < len(board.rows) else ""
        say([f"study {board.study}, {board.counts}{match}"])
        say(table(chosen, top, terminal_width()))
        best = board.best.value if board.ranked else None
        say(lines(baselines_file.read(study), board.objective, best))
        say(champion_line(study.config, board))
        if outer := outer_figure(study):
            say([outer.sentence])
        if source := source_commits.line(study.attributes):
            say([source])
