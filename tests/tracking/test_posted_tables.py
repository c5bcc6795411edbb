"""Covers the made-up row that `serve` prints: short, of usual values, and answered."""

import json

import numpy as np
import pandas as pd
import pytest

from dnnsearch.data.column_inputs import ColumnInputs
from dnnsearch.data.date_parts import DateParts
from dnnsearch.data.number_table import Standardisation
from dnnsearch.data.preprocessing import fit
from dnnsearch.models.ensemble import Model
from dnnsearch.models.targets import labels
from dnnsearch.tracking.posted_tables import example_body
from dnnsearch.tracking.scoring_server import CheckedServer, _how_to_post
from tests.support.models import parameters
from tests.support.scoring import ask_app

TARGET = np.array([0.0, 1.0])


def classifier(inputs: Standardisation | ColumnInputs) -> Model:
    flat = parameters([inputs.shape[0], 1], 2)
    return Model(flat, "relu", inputs, labels(["no", "yes"]), TARGET, "left")


def wide(columns: int) -> Model:
    names = tuple(f"pixel_{i}_0" for i in range(columns))
    mean = np.random.default_rng(0).uniform(0, 16, columns)
    return classifier(Standardisation(mean, np.ones(columns), names))


def families() -> Model:
    """Return a model of whole numbers, others, dates, and a country that most rows lack."""
    rng = np.random.default_rng(0)
    country = pd.Series(rng.choice(["France", None, None], 201), dtype="str")
    rows = {"age": rng.integers(17, 90, 201), "height": rng.normal(1.7, 0.1, 201)}
    days = pd.Series(pd.date_range("2024-01-01", periods=201)).astype("datetime64[s]")
    roles = {"age": "number", "height": "number", "country": "category", "sold": "date"}
    frame, dates = pd.DataFrame({**rows, "country": country, "sold": days}), DateParts.of(days)
    return classifier(ColumnInputs([fit(frame, roles, dates={"sold": dates})]))


@pytest.mark.parametrize("columns", [3, 64])
def test_the_row_of_a_table_of_numbers_is_short_and_answered(columns: int) -> None:
    body = example_body(wide(columns))
    assert ("dataframe_records" in body) == (columns == 3)
    assert len(body) <= 800
    app = CheckedServer(wide(columns), 10_000)
    status, answer = ask_app(app, [body.encode()], "application/json")
    assert (status, len(json.loads(answer)["predictions"])) == (200, 1)


def test_of_a_row_that_is_too_long_the_columns_are_named() -> None:
    assert example_body(wide(400)) == ""
    line, *_ = _how_to_post(wide(400), "http://127.0.0.1:5001/invocations")
    columns = "pixel_0_0, pixel_1_0, pixel_2_0 and 397 more"
    assert line == f"to post a table with the columns {columns}, as for `predict`:"


def test_the_row_has_whole_numbers_where_train_has_and_a_category_that_is_given() -> None:
    (row,) = json.loads(example_body(families()))["dataframe_records"]
    assert isinstance(row["age"], int)
    assert 40 < row["age"] < 70  # not the 0 that stands for the median of numbers without gaps
    assert row["sold"] == "2024-04-10"  # a date without a time, as the table has them
    app = CheckedServer(families(), 10_000)
    assert ask_app(app, [example_body(families()).encode()], "application/json")[0] == 200
    assert isinstance(row["height"], float)
    assert row["country"] == "France"
