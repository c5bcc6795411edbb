"""What is known of the studies; nothing here changes it."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dnnsearch.api.cli_call import storage_of
from dnnsearch.api.results import Study, Trial
from dnnsearch.errors import UserError
from dnnsearch.study.leaderboard.ranking import leaderboards
from dnnsearch.study.stored_study import open_study

if TYPE_CHECKING:
    import pandas as pd


def load(name: str, *, storage: str | None = None) -> Any:
    """A Study for STUDY, a Trial for STUDY/NUMBER; raises UserError when there is none."""
    study, slash, number = name.rpartition("/")
    if not slash:
        return Study(open_study(name, storage_of(storage)))
    if not re.fullmatch(r"[0-9]{1,9}", number):
        raise UserError(f"a trial is STUDY/NUMBER, such as digits/17, but got {name!r}")
    return Study(open_study(study, storage_of(storage)))[int(number)]


def list(*, storage: str | None = None) -> "pd.DataFrame":
    """The studies: name, objective, best value, its trial, number of trials."""
    import pandas as pd

    columns = ["study", "objective", "best", "trial", "trials"]
    rows = []
    for board in leaderboards(storage_of(storage)):
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
    """Every trial with every column, the best first, of one study or of several.

    `where` is one condition such as "learning_rate<0.1", or several; `state` one or several of
    finished, pruned, diverged, failed, unfinished; `sort` a column, descending with a "-" before
    it. The column `tied` says what the dev set cannot tell from the best; with several studies the
    first column is `study`. Raises UserError for a condition or a column that there is not.
    """
    import pandas as pd

    from dnnsearch.reporting.terminal import with_ties
    from dnnsearch.study.leaderboard.formats import all_column_values, all_columns
    from dnnsearch.study.leaderboard.selection import select

    conditions, states = (
        [given] if isinstance(given, str) else [*given] for given in (where, state)
    )
    names = dict.fromkeys([study, *others])
    every = [with_ties(open_study(name, storage_of(storage))) for name in names]
    boards = [select(board, conditions, states, sort) for board in every]
    return pd.DataFrame([*all_column_values(boards)], columns=all_columns(boards))


def best(study: str, *, storage: str | None = None) -> Trial:
    """The best trial of a study; raises UserError while none has finished."""
    return Study(open_study(study, storage_of(storage))).best


def fingerprint(study: str, trials: int | None = None, *, storage: str | None = None) -> str:
    """The fingerprint of a study, or of its first so many trials."""
    return open_study(study, storage_of(storage)).fingerprint(trials)
