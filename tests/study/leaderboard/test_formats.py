"""A leaderboard as a table, CSV, JSON, and YAML for a config."""

import csv
import io
from pathlib import Path
from typing import Any

import yaml

from dnnsearch.config.config import parse_config
from dnnsearch.study.leaderboard.formats import aligned, csv_text, fragment, studies, table
from dnnsearch.study.leaderboard.ranking import Leaderboard, Row


def row(
    number: int, value: float | None, *units: int, state: str = "finished", **other: Any
) -> Row:
    params = {"learning_rate": 0.05 * (number + 1), "iterations": 100, "hidden_layers": len(units)}
    named = {f"units_{layer}": n for layer, n in enumerate(units, start=1)}
    rest = {"activation": "relu", "momentum": 0.9, "batch_size": "full"}
    given: dict[str, Any] = {
        "error": 0.01,
        "final": {"train_accuracy": 0.99},
        "seconds": 0.5,
        "parameters": 100,
    }
    given |= {"params": {**params, **named, **rest}, "digest": "d", "reason": "", **other}
    return Row(number=number, state=state, value=value, **given)


def board(*rows: Row) -> Leaderboard:
    return Leaderboard("digits", "dev_accuracy", list(rows))


def test_columns_are_aligned_and_numbers_stand_to_the_right() -> None:
    assert list(aligned(("name", "n"), [("a", "1"), ("long one", "10")])) == [
        "name       n",
        "a          1",
        "long one  10",
    ]


def test_the_table_has_the_best_rows_and_says_how_many_more_there_are() -> None:
    lines = list(table(board(row(1, 0.98, 64, 32), row(0, 0.97, 8)), top=1))
    names = ["trial", "state", "dev_accuracy", "train_accuracy", "seconds", "parameters"]
    assert lines[0].split() == [*names, "learning_rate", "units"]
    assert " ".join(lines[1].split()) == "1 finished 0.9800 ± 0.0100 0.9900 0.50 100 0.1 64-32"
    assert lines[2] == "... and 1 more"


def test_what_is_the_same_in_all_trials_stands_below_the_table() -> None:
    *_, last = table(board(row(1, 0.98, 64, 32), row(0, 0.97, 8)), top=2)
    assert last == "in all of them: iterations 100, activation relu, momentum 0.9, batch_size full"


def test_a_trial_without_a_value_has_its_place_in_the_table() -> None:
    empty = row(2, None, state="failed", error=None, final={}, seconds=None, parameters=None)
    assert "failed" in "\n".join(table(board(row(1, 0.98, 8), empty), top=5))


def test_a_study_without_trials_is_a_table_of_no_rows() -> None:
    assert len(list(table(board(), top=5))) == 1
    assert list(studies([board()]))[1].split() == ["digits", "dev_accuracy", "0", "trials"]


def test_the_csv_has_every_trial_with_all_digits() -> None:
    text = csv_text([board(row(0, None, 8, state="diverged", error=None), row(1, 1 / 3, 64, 32))])
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [r["trial"] for r in rows] == ["0", "1"]
    assert float(rows[1]["dev_accuracy"]) == 1 / 3
    assert (rows[1]["units_1"], rows[1]["units_2"], rows[0]["units_2"]) == ("64", "32", "")
    assert rows[0]["state"] == "diverged"


def as_config(text: str) -> Any:
    return parse_config({"data": "digits", **yaml.safe_load(text)}, "best", "best")


def test_the_best_configuration_is_a_valid_config(tmp_path: Path) -> None:
    one = row(3, 0.98, 64, 64)
    config = as_config(fragment(board(one), one))
    assert config.definition()["units"] == 64
    assert config.definition()["try_first"] == []


def test_layers_of_different_width_are_tried_first_in_their_order() -> None:
    one = row(3, 0.98, 64, 32)
    definition = as_config(fragment(board(one), one)).definition()
    assert definition["units"] == [64, 32]
    assert definition["try_first"] == [{"units_1": 64, "units_2": 32}]


def test_logistic_regression_is_a_valid_config_too() -> None:
    one = row(3, 0.98)
    assert as_config(fragment(board(one), one)).definition()["hidden_layers"] == 0
