"""The conditions and the sorting of `show`, and the errors of invalid ones."""

import pytest

from dnnsearch.errors import UserError
from dnnsearch.study.leaderboard.ranking import Leaderboard
from dnnsearch.study.leaderboard.selection import select
from tests.study.leaderboard.test_formats import board, row


@pytest.fixture
def trials() -> Leaderboard:
    """Learning rates 0.05, 0.1, 0.15, 0.2 by number."""
    return board(
        row(1, 0.98, 64, 32, seconds=3.0, final={"dev_cost": 0.25}),
        row(0, 0.97, 8, seconds=1.0, final={"dev_cost": 0.5}),
        row(3, 0.97, seconds=2.0, final={"dev_cost": 0.125}),
        row(2, None, 16, state="diverged", seconds=None),
    )


def numbers(board: Leaderboard) -> list[int]:
    return [row.number for row in board.rows]


@pytest.mark.parametrize(
    ("where", "fit"),
    [
        (["learning_rate<0.15"], [1, 0]),
        (["learning_rate >= 0.1", "learning_rate<=0.1"], [1]),
        (["units=64-32"], [1]),
        (["units_1>8"], [1, 2]),
        (["units_1 != 8"], [1, 2]),  # trial 3 has no layer, and fulfils no condition on it
        (["dev_cost<0.3"], [1, 3]),
        (["dev_accuracy==0.97"], [0, 3]),
        (["activation=tanh"], []),
        (["state=diverged"], [2]),
        (["batch_size>=128"], [1, 0, 3, 2]),  # a full batch is the largest
        (["batch_size=full", "trial>1"], [3, 2]),
    ],
)
def test_trials_that_fulfil_every_condition_stay_in_their_order(
    trials: Leaderboard, where: list[str], fit: list[int]
) -> None:
    assert numbers(select(trials, where)) == fit


def test_states_are_chosen_by_name(trials: Leaderboard) -> None:
    assert numbers(select(trials, states=["diverged"])) == [2]
    assert numbers(select(trials, states=["finished", "diverged"])) == [1, 0, 3, 2]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        (None, [1, 0, 3, 2]),
        ("trial", [0, 1, 2, 3]),
        ("-trial", [3, 2, 1, 0]),
        ("seconds", [0, 3, 1, 2]),  # what lacks the column is last,
        ("-seconds", [1, 3, 0, 2]),  # also from the end
        ("dev_accuracy", [0, 3, 1, 2]),  # of equal ones the better stands first
        ("state", [2, 1, 0, 3]),
    ],
)
def test_trials_are_sorted_by_a_column(
    trials: Leaderboard, sort: str | None, order: list[int]
) -> None:
    assert numbers(select(trials, sort=sort)) == order


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("learning_rate", "--where must be a column, one of"),
        ("learning_rate<", "learning_rate is compared with a number, but got ''"),
        ("learning_rate<nan", "learning_rate is compared with a number, but got nan"),
        ("lerning_rate<1", "no column lerning_rate; did you mean learning_rate"),
        ("zzz=1", "there is no column zzz; there are dev_cost, trial, state"),
        ("activation<relu", "activation is text and has no order: use = or !="),
        ("__import__('os')", "--where must be a column"),
    ],
)
def test_a_condition_that_is_not_understood_is_one_line(
    trials: Leaderboard, where: str, message: str
) -> None:
    with pytest.raises(UserError) as raised:
        select(trials, [where])
    assert message in str(raised.value).replace("'zzz'", "zzz").replace("'nan'", "nan").replace(
        "'lerning_rate'", "lerning_rate"
    )


def test_states_and_columns_that_there_are_not_are_refused(trials: Leaderboard) -> None:
    with pytest.raises(UserError, match="--state must be one of finished, pruned, .* 'done'"):
        select(trials, states=["done"])
    with pytest.raises(UserError, match="--sort: there is no column 'second'; did you mean sec"):
        select(trials, sort="-second")


def test_a_study_without_trials_has_none_to_choose_from() -> None:
    assert numbers(select(board(), ["learning_rate<1"], sort="seconds")) == []
