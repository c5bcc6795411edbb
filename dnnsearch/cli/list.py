"""`list`: all studies of a storage."""

from dnnsearch.cli.options import Storage
from dnnsearch.runtime.terminal_text import say, terminal_width
from dnnsearch.urls import DEFAULT_STORAGE, without_password


def list_(storage: Storage = DEFAULT_STORAGE) -> None:
    """List the studies with their best values.

    \b
    Example:
      dnnsearch list
    """
    from dnnsearch.study.leaderboard.leaderboard_table import studies
    from dnnsearch.study.leaderboard.ranking import leaderboards

    boards = leaderboards(storage)
    lines = studies(boards, terminal_width())
    say(lines if boards else [f"no study yet in {without_password(storage)}"])
