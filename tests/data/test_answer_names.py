"""Features that are called as an answer is: the answers of `predict` take other names."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dnnsearch.data.answer_names import appended_names, clash_note
from dnnsearch.errors import UserError
from dnnsearch.models.predict_table import predict_table
from tests.support.csv_tables import rows, written
from tests.support.models import members, people
from tests.support.preloaded import Preloaded

CASE = Path(__file__).parents[1] / "cases" / "answer_names" / "scores.csv"
SMALL = ["folds=null", "iterations=30", "hidden_layers=1", "units=4", "tracking=none", "trials=1"]


@pytest.mark.parametrize(
    ("used", "names"),
    [
        (["age"], ["prediction", "probability_no"]),
        (["prediction"], ["model_prediction", "model_probability_no"]),
        (["probability_no", None], ["model_prediction", "model_probability_no"]),
        (["prediction", "model_probability_no"], ["model_model_prediction"]),
    ],
)
def test_all_answers_get_a_prefix_if_a_column_has_the_name_of_one(used, names) -> None:
    assert appended_names(["prediction", "probability_no"], used)[: len(names)] == names
    assert bool(clash_note(["no"], used)) == (names[0] != "prediction")


@pytest.mark.parametrize(
    ("frame", "target"),
    [
        (lambda: pd.read_csv(CASE), "bought"),
        (lambda: rows(60).assign(y=["a", "b"] * 30, probability_a=np.arange(60) / 7), "y"),
        (lambda: rows(60).assign(prediction=["a", "b"] * 30), "prediction"),  # the target
        (lambda: rows(60).assign(y=np.arange(60) / 7, prediction=np.sin(np.arange(60))), "y"),
    ],
)
def test_new_says_it_and_predict_can_be_used(
    program: Preloaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, frame, target
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DNNSEARCH_CACHE", str(tmp_path / "cache"))
    written(frame())
    lines = program.run(
        tmp_path, "new", "data.csv", "--target", target, *(f"--set={s}" for s in SMALL)
    )
    assert "its answers get the names model_prediction" in lines
    program.run(tmp_path, "search", "configs/data.yaml")
    program.run(tmp_path, "predict", "data/0", "data.csv", "--out", "out.csv")
    found, given = pd.read_csv("out.csv"), pd.read_csv("data.csv")
    pd.testing.assert_frame_equal(found[list(given)], given)
    assert found.columns[len(given.columns)] == "model_prediction"
    assert all(name.startswith("model_p") for name in found.columns[len(given.columns) :])


def test_an_answer_of_before_that_the_model_does_not_need_is_still_refused() -> None:
    table = people().assign(prediction="no")
    with pytest.raises(UserError, match="'prediction' is there already: rename it or leave it out"):
        predict_table(members(), table)
