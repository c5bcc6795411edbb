"""Read studies and their trials; nothing here changes them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dnnsearch.api.results import Study, Trial
from dnnsearch.study.leaderboard.ranking import Leaderboard, leaderboards
from dnnsearch.study.stored_study import open_study, trial_named
from dnnsearch.urls import storage_url

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Citation:
    """What a paper says of a study; `document` has all its parts."""

    text: str  # two sentences, or three with outer folds
    markdown: str  # a table with one row
    latex: str  # its header and its row
    document: Mapping[str, Any]


def load(name: str, *, storage: str | None = None) -> Any:
    """Return the Study of STUDY, the Trial of STUDY/NUMBER; raise UserError if there is none."""
    if "/" not in name:
        return Study(open_study(name, storage_url(storage)))
    study, number = trial_named(name)
    return Study(open_study(study, storage_url(storage)))[number]


def studies(*, storage: str | None = None) -> "pd.DataFrame":
    """Return a table of the studies: name, objective, best value, its trial, number of trials.

    `list` is an older name of this function.
    """
    import pandas as pd

    columns = ["study", "objective", "best", "trial", "trials"]
    rows = []
    for board in leaderboards(storage_url(storage)):
        first = board.ranked[0] if board.ranked else None
        value, number = (first.value, first.number) if first else (None, None)
        rows.append([board.study, board.objective, value, number, len(board.rows)])
    return pd.DataFrame(rows, columns=columns)


def show(
    study: str,
    *others: str,
    where: Sequence[str] | str = (),
    state: Sequence[str] | str = (),
    sort: str | None = None,
    storage: str | None = None,
) -> "pd.DataFrame":
    """Return a table of every trial with every column, the best first, of one study or several.

    STUDY/NUMBER is a table of one trial.

    `where` is one condition such as "learning_rate<0.1", or several. `state` is one or several of
    finished, pruned, diverged, failed, unfinished. `sort` is a column, descending if "-" precedes
    it. The column `tied` marks trials that cannot be distinguished from the best. With
    several studies the first column is `study`. Raise UserError for an unknown column or a
    condition that cannot be read.
    """
    import pandas as pd

    from dnnsearch.study.leaderboard.formats import all_column_values, all_columns
    from dnnsearch.study.leaderboard.selection import select

    conditions, states = (
        [given] if isinstance(given, str) else [*given] for given in (where, state)
    )
    names = dict.fromkeys([study, *others])
    boards = [select(_board(name, storage), conditions, states, sort) for name in names]
    return pd.DataFrame([*all_column_values(boards)], columns=all_columns(boards))


def _board(name: str, storage: str | None) -> Leaderboard:
    """Return the leaderboard of STUDY with its ties, or STUDY/NUMBER's row of it."""
    from dnnsearch.reporting.terminal import with_ties

    study, number = trial_named(name) if "/" in name else (name, None)
    board = with_ties(open_study(study, storage_url(storage)))
    return board if number is None else board.only(number)


def best(study: str, *, storage: str | None = None) -> Trial:
    """Return the best trial of a study; raise UserError if none has finished."""
    return Study(open_study(study, storage_url(storage))).best


def fingerprint(study: str, trials: int | None = None, *, storage: str | None = None) -> str:
    """Return the fingerprint of a study, or of its first `trials` trials.

    Raise UserError if one of them is unfinished.
    """
    return open_study(study, storage_url(storage)).fingerprint(trials)


def cite(study: str, *, storage: str | None = None) -> Citation:
    """Return what a paper says of a study: two sentences, and a table row in Markdown and LaTeX.

    Raise UserError if a trial is unfinished, or if none has finished.
    """
    from dnnsearch.reporting.citation import cite as cited

    document = cited(open_study(study, storage_url(storage)))
    sentences, markdown, latex = (document[key] for key in ("sentences", "markdown", "latex"))
    return Citation(" ".join(sentences), "\n".join(markdown), "\n".join(latex), document)
