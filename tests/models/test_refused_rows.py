"""What the user reads if rows do not fit a model."""

import numpy as np
import pandas as pd
import pytest

from dnnsearch.data.column_inputs import ColumnInputs
from dnnsearch.data.date_parts import DateParts
from dnnsearch.data.files.date_formats import FORMATS
from dnnsearch.data.files.reading_version import READING, Reading
from dnnsearch.data.files.source import ISO
from dnnsearch.data.preprocessing import fit
from dnnsearch.models.ensemble import Model
from dnnsearch.models.targets import labels
from tests.support.models import flowers, parameters

LONG = "each row must have 3 numbers (long, wide, high), but "
ROWS = {
    "text": (pd.DataFrame({"id": ["C1"], "b": [2], "c": [3]}), "column 'id' has 'C1'"),
    "a gap in text": (pd.DataFrame({"a": ["1"], "b": [""], "c": ["3"]}), "column 'b' has ''"),
    "more columns": (
        pd.DataFrame({"id": ["7", "C1"], "b": "2", "c": "3", "d": "4"}),
        "there are 4 columns, and column 'id' has 'C1'",
    ),
    "fewer numbers": (pd.DataFrame({"a": [1.0]}), "there are 1 columns"),
    "rows of lists": ([[1, 2, "x"]], "column 2 has 'x'"),
    "rows of several lengths": ([[1, 2, 3], [1, 2]], "row 2 has 2"),
    "an array of text": (np.array([["1", "2", "three"]]), "column 2 has 'three'"),
    "a mapping as a number": ([[1, 2, {}]], "column 2 has '{}'"),
}


@pytest.mark.parametrize("rows", ROWS)
def test_rows_that_are_no_numbers_are_told_how_many_and_which_column(rows: str) -> None:
    given, problem = ROWS[rows]
    with pytest.raises(ValueError) as caught:
        flowers().outputs(given)
    assert str(caught.value) == LONG + problem


@pytest.mark.parametrize("given", [5, None, "text", [], [1, 2, 3], np.ones((2, 3, 1))])
def test_rows_that_are_no_table_are_refused_in_one_line(given: object) -> None:
    with pytest.raises(ValueError, match=r"^[^\n]+$"):
        flowers().outputs(given)


def visits(clock: str, form: str) -> Model:
    """Return a model on a column of dates and a number."""
    days = pd.date_range(f"2022-01-01 {clock}", periods=200, freq="31h" if clock else "D")
    frame = pd.DataFrame({"day": days.as_unit("us"), "size": np.arange(200.0)})
    dates = {"day": DateParts.of(frame["day"])}
    fitted = fit(frame, {"day": "date", "size": "number"}, Reading(READING), dates)
    inputs = ColumnInputs([fitted])
    flat = parameters([inputs.shape[0], 4, 1], 2)
    origin = {"study": "visits", "trial": 0, "record": "ab" * 32}
    spelled = {"spelled": {"day": form}, "reading": 2} if form else {"reading": 2}
    target = np.array([0.0, 1.0])
    return Model(flat, "relu", inputs, labels(["no", "yes"]), target, "y", spelled, origin)


@pytest.mark.parametrize("clock", ["", "08:00"])
@pytest.mark.parametrize("form", ["", *FORMATS])
def test_a_wrong_date_is_told_an_example_in_the_form_of_its_column(clock: str, form: str) -> None:
    model = visits(clock, form)
    rows = pd.DataFrame({"day": ["any day"], "size": [1]})
    with pytest.raises(ValueError, match="^column 'day' must be dates such as ") as caught:
        model.outputs(rows)
    rule, has, _ = str(caught.value).partition(", but has 'any day'")
    assert has
    date = rule.removeprefix("column 'day' must be dates such as ")
    good = date.removesuffix(f" ({form})")
    assert (good == date) == (form in ("", ISO))  # the format is said, unless it is that of ISO
    assert good != form
    model.outputs(rows.assign(day=[good]))  # what it says can be predicted


def test_a_posted_row_is_not_told_that_a_column_of_the_model_is_meant() -> None:
    with pytest.raises(ValueError, match=r"^columns 'wide', 'high' are missing$"):
        flowers().outputs(pd.DataFrame({"long": [1.0], "y": [2.0]}))
    with pytest.raises(ValueError, match=r"^column 'wide' is missing \(did you mean wied\?\)$"):
        flowers().outputs([{"long": 1.0, "high": 2.0, "wied": 3.0}])
