"""A leaderboard as a table that fits the terminal."""

from dataclasses import replace

import pytest

from dnnsearch.study.leaderboard.leaderboard_table import measured, studies, table
from tests.study.leaderboard.test_formats import board, row


def test_the_table_has_the_best_rows_and_says_how_many_more_there_are() -> None:
    lines = list(table(board(row(1, 0.98, 64, 32), row(0, 0.97, 8)), top=1))
    names = ["trial", "state", "dev_accuracy", "train_accuracy", "seconds", "parameters"]
    assert lines[0].split() == [*names, "learning_rate", "units"]
    assert " ".join(lines[1].split()) == "1 finished 0.9800 ± 0.0100 0.9900 0.50 100 0.1 64-32"
    assert lines[2] == "... and 1 more"


def test_what_is_the_same_in_all_trials_stands_below_the_table() -> None:
    *_, last = table(board(row(1, 0.98, 64, 32), row(0, 0.97, 8)), top=2)
    same = "iterations 100, activation relu, momentum 0.9, batch_size full"
    assert last == f"the same in all trials: {same}"


def test_the_marks_of_a_table_are_explained_below_it() -> None:
    best, tied = row(1, 0.98, 64, 32), row(0, 0.97, 8)
    tie = "a tie is what the study says"
    marked = replace(board(best, tied), tied=frozenset({0, 1}), leader=1, tie_meaning=tie)
    legend = list(table(marked, top=1))[3]
    assert legend == "± is one standard error"
    *_, legend, _ = table(marked, top=2)
    assert legend == f"± is one standard error; {tie}"
    unknown = replace(marked, rows=[replace(best, error=None)], tied=None)
    assert "standard error" not in "".join(table(unknown, top=2))


def test_the_champion_is_marked_and_has_a_column_in_the_list_of_studies() -> None:
    best, tied = row(1, 0.98, 64, 32), row(0, 0.97, 8)
    marked = replace(board(best, tied), tied=frozenset({0, 1}), leader=1, champion=0)
    lines = list(table(marked, top=2))
    assert [" best " in lines[1], " tie, champion " in lines[2]] == [True, True]
    assert " best, champion " in list(table(replace(marked, champion=1), top=2))[1]
    header, first, second = studies([marked, board(best)])
    assert header.split() == ["study", "objective", "best", "trial", "champion", "trials"]
    assert first.split()[3:5] == ["1", "0"]
    assert "champion" not in next(studies([board(best)]))
    assert second.split()[3:5] == ["1", "1"]


def test_a_trial_without_a_value_has_its_place_in_the_table() -> None:
    empty = row(2, None, state="failed", error=None, final={}, seconds=None, parameters=None)
    assert "failed" in "\n".join(table(board(row(1, 0.98, 8), empty), top=5))


def test_a_study_without_trials_is_a_table_of_no_rows() -> None:
    assert len(list(table(board(), top=5))) == 1
    assert list(studies([board()]))[1].split() == ["digits", "dev_accuracy", "0", "trials"]


def varied(count: int = 3) -> list[dict[str, object]]:
    return [{"params": {**row(i, 0.9, 64, 32).params, "momentum": 0.1 * i}} for i in range(count)]


@pytest.mark.parametrize(
    ("width", "missing"),
    [
        (200, []),
        (75, ["seconds", "parameters"]),
        (50, ["seconds", "parameters", "train_accuracy", "momentum"]),
    ],
)
def test_columns_are_left_out_in_an_order_that_the_last_line_says(
    width: int, missing: list[str]
) -> None:
    rows = [row(i, 0.9, 64, 32, **other) for i, other in enumerate(varied())]
    lines = list(table(board(*rows), 9, width))
    assert max(map(len, lines)) <= width
    said = " ".join(lines).partition(f"left out at {width} columns: ")[2]
    shown_by = " (a wider terminal shows them, and so does show --csv -)"
    assert said.partition(" the same in all trials: ")[0] == (
        ", ".join(missing) + shown_by if missing else ""
    )
    assert not set(missing) & set(lines[0].split())


def test_in_a_narrow_terminal_each_trial_has_a_short_description() -> None:
    failed = row(2, None, 8, state="failed", error=None)
    lines = list(table(board(row(1, 0.98, 64, 32), failed), 9, 44))
    assert [" ".join(line.split()) for line in lines[:3]] == [
        "trial dev_accuracy configuration",
        "1 0.9800 ± 0.0100 relu 64-32 lr 0.1",
        "2 failed relu 8 lr 0.15",
    ]
    assert max(map(len, lines)) <= 44


def test_the_best_trial_is_marked_wherever_it_stands() -> None:
    rows = board(row(0, 0.9, 8), row(1, 0.98, 8))
    lines = list(table(replace(rows, leader=1, tied=frozenset({0})), 9))
    assert [line.split()[5] for line in lines[1:3]] == ["tie", "best"]


def test_an_error_of_zero_is_none_so_the_interval_follows() -> None:
    assert measured(row(0, 1.0, 8, error=0.0, examples=359)) == "1.0000 (0.9894 to 1.0000)"
    assert measured(row(0, 1.0, 8, error=0.0)) == "1.0000"
    assert measured(row(0, 0.5, 8, error=2e-6)) == "0.5000 ± 2e-06"
