"""Leaderboards as `show` has them: ties marked, several studies beside each other."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from dnnsearch.errors import UserError
from dnnsearch.reporting.analysis.report_data import glance, read
from dnnsearch.reporting.analysis.ties import ties
from dnnsearch.study.leaderboard.formats import (
    TABLE_HYPERPARAMETERS,
    aligned,
    hyper,
    measured,
    short,
)
from dnnsearch.study.leaderboard.ranking import Leaderboard, leaderboard
from dnnsearch.study.stored_study import OpenStudy


def with_ties(study: OpenStudy) -> Leaderboard:
    """The leaderboard; its ties are not known where a record is missing or damaged."""
    try:
        material = glance(study)
        return replace(material.board, tied=frozenset(ties(material)))
    except UserError:
        return leaderboard(study)


def beside(boards: Sequence[Leaderboard]) -> Iterator[str]:
    """The lines of a table with a column for each study: how it stands, and its best trial."""
    best = [board.ranked[0] if board.ranked else None for board in boards]
    lines = [
        ["objective", *(board.objective for board in boards)],
        ["trials", *(board.counts for board in boards)],
        ["best value", *(measured(row) if row else "" for row in best)],
        ["tied with it", *("" if b.tied is None else str(len(b.tied)) for b in boards)],
        ["its trial", *(str(row.number) if row else "" for row in best)],
    ]
    lines += [
        [name, *(hyper(row, name) if row else "" for row in best)] for name in TABLE_HYPERPARAMETERS
    ]
    lines += [["parameters", *(short(row.parameters, "d") if row else "" for row in best)]]
    yield from aligned(("study", *(board.study for board in boards)), lines)


def sentences(
    studies: Sequence[OpenStudy], progress: Callable[[int, int], object]
) -> Iterator[str]:
    """What is the same in the studies, what is not, and which is better.

    Reads all records; `progress` is told how many of how many. Raises UserError where one is
    missing or damaged.
    """
    from dnnsearch.reporting.analysis.study_comparison import compared  # plotly takes a second

    yield from compared([read(study, progress) for study in studies])
