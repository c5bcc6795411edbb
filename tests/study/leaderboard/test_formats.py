"""A leaderboard as CSV, JSON, and YAML for a config."""

import csv
import io
from pathlib import Path
from typing import Any

import yaml

from dnnsearch.config.config import parse_config
from dnnsearch.study.leaderboard.formats import UNITS_BY_LAYER, csv_text, fragment
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
    assert f"\n{UNITS_BY_LAYER}\ntry_first:\n" in fragment(board(one), one)
    assert definition["try_first"] == [{"units_1": 64, "units_2": 32}]


def test_logistic_regression_is_a_valid_config_too() -> None:
    one = row(3, 0.98)
    assert as_config(fragment(board(one), one)).definition()["hidden_layers"] == 0
