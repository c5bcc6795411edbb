"""What a search writes into Optuna's storage for Optuna's own tools."""

import sqlite3
from pathlib import Path

import optuna
import pytest

from dnnsearch.study.stored_study import open_study
from tests.cli.conftest import Command, command

pytestmark = pytest.mark.usefixtures("forked_pinned_calls")
STORAGE = "sqlite:///optuna.db"
__all__ = ["command"]  # a fixture


def test_optunas_tools_have_a_column_for_each_metric_and_the_name_of_the_value(tiny: Path) -> None:
    study = optuna.load_study(study_name="tiny", storage=STORAGE)
    assert study.metric_names == ["dev_accuracy"]
    frame = study.trials_dataframe()
    finished = frame[frame.state == "COMPLETE"]
    assert (finished["user_attrs_dev_accuracy"] == finished["value_dev_accuracy"]).all()
    record = open_study("tiny", STORAGE).record(0)
    assert frame["user_attrs_dev_cost"][0] == record.final["dev_cost"].mean().item()


def test_a_metric_that_was_changed_in_the_storage_is_found_by_rerun(
    tiny: Path, command: Command
) -> None:
    with sqlite3.connect("optuna.db") as database:
        change = "UPDATE trial_user_attributes SET value_json = '0.5'"
        database.execute(f"{change} WHERE key = 'dev_cost' AND trial_id = 1")
    code, output, _ = command("rerun", "tiny/0")
    assert code == 1
    assert "attribute dev_cost is 0.5, and the record has" in output
