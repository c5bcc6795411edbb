"""`best`: the best configuration of a study."""

from dnnsearch.cli.options import Storage, Study
from dnnsearch.cli.streams import write_document
from dnnsearch.urls import DEFAULT_STORAGE


def best(study: Study, storage: Storage = DEFAULT_STORAGE) -> None:
    """Print the best configuration as YAML.

    It can replace the search space in a config.

    \b
    Example:
      dnnsearch best digits > best.yaml
    """
    from dnnsearch.study.leaderboard.formats import fragment
    from dnnsearch.study.leaderboard.ranking import leaderboard
    from dnnsearch.study.stored_study import open_study

    board = leaderboard(open_study(study, storage))
    write_document(fragment(board, board.best))
