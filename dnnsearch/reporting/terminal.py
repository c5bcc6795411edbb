"""What `show` prints: leaderboards with ties, and a comparison of several studies."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from dnnsearch.errors import DamagedFile, UserError
from dnnsearch.reporting.analysis.report_data import read, read_lazily
from dnnsearch.reporting.analysis.study_comparison import compared
from dnnsearch.reporting.analysis.ties import tie_meaning, ties
from dnnsearch.runtime.text_table import aligned, table_width
from dnnsearch.study.leaderboard.formats import TABLE_HYPERPARAMETERS, short
from dnnsearch.study.leaderboard.leaderboard_table import hyper, measured
from dnnsearch.study.leaderboard.ranking import Leaderboard, leaderboard
from dnnsearch.study.stored_study import OpenStudy
from dnnsearch.study.test_set_history import history
from dnnsearch.trials.hyperparameters import OPTIONAL


def with_ties(study: OpenStudy) -> Leaderboard:
    """Return the leaderboard with its ties; without them if a record is missing.

    Raise DamagedFile if a record that is read is not the one that was written.
    """
    try:
        data = read_lazily(study)
        return replace(data.board, tied=frozenset(ties(data)), tie_meaning=tie_meaning(data))
    except DamagedFile:
        raise
    except UserError:
        return leaderboard(study)


def side_by_side(boards: Sequence[Leaderboard], width: int | None = None) -> Iterator[str]:
    """Yield the lines of a table with a column for each study: its progress and its best trial.

    Studies that do not fit in the width are in further tables below.
    """
    count = len(boards)
    while count > 1 and width is not None and _too_wide(boards[:count], width):
        count -= 1
    yield from _side_by_side(boards[:count], width)
    if rest := boards[count:]:
        yield ""
        yield from side_by_side(rest, width)


def _too_wide(boards: Sequence[Leaderboard], width: int) -> bool:
    lines = _side_by_side(boards, width)
    return table_width([list(lines)]) > width


def _side_by_side(boards: Sequence[Leaderboard], width: int | None) -> Iterator[str]:
    best = [board.ranked[0] if board.ranked else None for board in boards]
    lines = [
        ["objective", *(board.objective for board in boards)],
        ["trials", *(board.counts for board in boards)],
        ["best value", *(measured(row) if row else "" for row in best)],
        ["tied with it", *("" if b.tied is None else str(len(b.tied)) for b in boards)],
        ["its trial", *(str(row.number) if row else "" for row in best)],
    ]
    if any(board.champion is not None for board in boards):
        lines += [["champion", *(short(board.champion, "d") for board in boards)]]
    given = {name for row in best if row for name in row.params}
    names = (*TABLE_HYPERPARAMETERS, *(name for name in OPTIONAL if name in given))
    lines += [[name, *(hyper(row, name) if row else "" for row in best)] for name in names]
    lines += [["parameters", *(short(row.parameters, "d") if row else "" for row in best)]]
    yield from aligned(("study", *(board.study for board in boards)), lines, width)


def comparison(
    studies: Sequence[OpenStudy], progress: Callable[[int, int], object]
) -> Iterator[str]:
    """Yield sentences that compare the studies: data, budgets, and which one is better.

    `progress(done, total)` is called for each record. Raise UserError if a record is missing or
    damaged.
    """
    yield from compared([read(study, progress) for study in studies])


def test_sets(studies: Sequence[OpenStudy]) -> Iterator[str]:
    """Yield a line for each study whose test rows were opened: how often, and by which studies."""
    for study in studies:
        opened = history(study)
        if opened.openings or opened.unknown:
            yield f"{study.name}: {opened.sentence()}"
