"""The leaderboard of a real study: the best trial first, trials without a value last."""

import sqlite3
from pathlib import Path

import pytest

from dnnsearch.errors import UserError
from dnnsearch.study.leaderboard.ranking import (
    Leaderboard,
    binomial_error,
    leaderboard,
    leaderboards,
)
from dnnsearch.study.stored_study import open_study

STORAGE = "sqlite:///optuna.db"


@pytest.fixture
def board(tiny: Path) -> Leaderboard:
    return leaderboard(open_study("tiny", STORAGE))


def test_the_best_trials_stand_first_and_those_without_a_value_last(board: Leaderboard) -> None:
    values = [row.value for row in board.ranked if row.value is not None]
    assert values == sorted(values, reverse=True)
    assert sorted(row.number for row in board.ranked) == [0, 2, 4]
    assert [(row.number, row.state) for row in board.rows[3:]] == [(1, "diverged"), (3, "failed")]


def test_of_equal_trials_the_one_asked_first_stands_first(tiny: Path) -> None:
    with sqlite3.connect("optuna.db") as database:
        database.execute("UPDATE trial_values SET value = 0.5")
    assert [row.number for row in leaderboard(open_study("tiny", STORAGE)).ranked] == [0, 2, 4]


def test_a_cost_is_ranked_from_the_smallest_up_and_has_no_binomial_error(tiny: Path) -> None:
    with sqlite3.connect("optuna.db") as database:
        change = """SET value_json = replace(value_json, '"dev_accuracy"', '"dev_cost"')"""
        database.execute(f"UPDATE study_user_attributes {change} WHERE key = 'config'")
    board = leaderboard(open_study("tiny", STORAGE))
    values = [row.value for row in board.ranked if row.value is not None]
    assert values == sorted(values)
    assert {row.error for row in board.rows} == {None}


def test_every_hyperparameter_is_there_the_fixed_ones_too(board: Leaderboard) -> None:
    second = next(row for row in board.rows if row.number == 2)
    assert second.params == {
        "learning_rate": 0.1,
        "iterations": 30,
        "hidden_layers": 2,
        "units_1": 8,
        "units_2": 5,
        "activation": "tanh",
        "momentum": 0.9,
        "batch_size": 32,
    }
    assert second.units == "8-5"


def test_an_accuracy_has_the_standard_error_of_its_number_of_examples(board: Leaderboard) -> None:
    assert board.best.value is not None
    assert board.best.error == binomial_error(board.best.value, 24)  # a fifth of 120
    assert binomial_error(0.9, 100) == pytest.approx(0.03)


def test_a_trial_that_was_asked_and_not_told_is_unfinished(tiny: Path) -> None:
    with sqlite3.connect("optuna.db") as database:
        database.execute("UPDATE trials SET state = 'RUNNING' WHERE number = 4")
        database.execute("DELETE FROM trial_values WHERE trial_id = 5")
        database.execute("DELETE FROM trial_user_attributes WHERE trial_id = 5")
    board = leaderboard(open_study("tiny", STORAGE))
    assert board.rows[-1].state == "unfinished"
    assert board.counts.startswith("5 trials: 2 finished, ")


def test_without_a_finished_trial_there_is_no_best(tiny: Path) -> None:
    with sqlite3.connect("optuna.db") as database:
        database.execute("DELETE FROM trial_values")
    with pytest.raises(UserError, match="study tiny has no finished trial yet"):
        _ = leaderboard(open_study("tiny", STORAGE)).best


def test_a_storage_that_is_not_there_has_no_studies(tiny: Path) -> None:
    assert leaderboards("sqlite:///nowhere.db") == []
    assert [board.study for board in leaderboards(STORAGE)] == ["tiny"]
    assert not Path("nowhere.db").exists()


def test_studies_of_others_are_left_alone(tiny: Path) -> None:
    with sqlite3.connect("optuna.db") as database:
        database.execute("INSERT INTO studies (study_name) VALUES ('theirs')")
    assert [board.study for board in leaderboards(STORAGE)] == ["tiny"]
    with pytest.raises(UserError, match="study theirs in .* was not created by dnnsearch"):
        open_study("theirs", STORAGE)
