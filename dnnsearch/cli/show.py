"""`show`: the trials of one study, several studies side by side, or one trial in full."""

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
    list[str],
    typer.Argument(metavar="STUDY...", help="One study, several to compare, or STUDY/NUMBER."),
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
    """Show a study's trials, several studies, or one trial in full.

    The best trial is first. STUDY/NUMBER shows all that is known of one trial.

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
      dnnsearch show digits/17
    """
    from dnnsearch.reporting.terminal import with_ties
    from dnnsearch.study.leaderboard.selection import select
    from dnnsearch.study.output_check import check_output, files_of
    from dnnsearch.study.stored_study import open_study

    selected = bool(where or state or sort)
    names, trial = _asked([*dict.fromkeys(studies)], selected)
    opened = [open_study(name, storage) for name in names]
    every = [with_ties(study) for study in opened]
    to_file = csv is not None or json_ is not None
    order = sort or ("trial" if to_file else None)
    boards = [select(board, where or (), state or (), order) for board in every]
    if trial is not None:
        boards = [boards[0].only(trial)]
    files = [(path, form) for path, form in ((csv, "csv"), (json_, "json")) if path is not None]
    for path, _ in files:
        check_output(path, files_of(*opened))
    if csv is not None and csv == json_ and str(csv) != "-":
        raise UserError(f"--csv and --json must be two files, but both are {csv}")
    for path, form in files:
        _write(boards, path, form)
    if trial is not None and not to_file:
        _print_trial(opened[0], boards[0])
    elif not to_file:
        _print(opened, every, boards, top, selected)


def _asked(names: list[str], selected: bool) -> tuple[list[str], int | None]:
    """Return the studies, and the number of the trial if one is asked for.

    Raise UserError if a trial is asked for together with what is for studies.
    """
    from dnnsearch.study.stored_study import trial_named

    if all("/" not in name for name in names):
        return names, None
    study, number = trial_named(next(name for name in names if "/" in name))
    if len(names) > 1:
        raise UserError(f"show takes one trial or studies, but got {', '.join(names)}")
    if selected:
        raise UserError(f"--where, --state and --sort are for a study, but {names[0]} is a trial")
    return [study], number


def _print_trial(study: "OpenStudy", board: "Leaderboard") -> None:
    """Print the only trial of the board in full, and the commands that take it."""
    from dnnsearch.cli.next_commands import after_trial
    from dnnsearch.reporting.one_trial import one_trial

    (row,) = board.rows
    say(one_trial(study, board, row))
    say(after_trial(study, row))


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
    from dnnsearch.cli.next_commands import champion_line, comparing
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
        say([text, *comparing(opened), *test_sets(opened)])
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
