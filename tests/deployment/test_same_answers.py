"""The same rows sent to a model by every way get the same digits, labels and refusals."""

import json
import warnings
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnnsearch.errors import UserError
from dnnsearch.models.calibration import Calibration
from dnnsearch.models.ensemble import Model
from dnnsearch.models.model_file import encode
from dnnsearch.models.predict_table import predict_file, predict_table
from dnnsearch.tracking.model_folder import write_folder
from dnnsearch.tracking.scoring_server import CheckedServer
from tests.support.models import accounts
from tests.support.scoring import ask_app

GAPS = ["", "NA", "n/a", "?", "-", "unknown", "NaN", "None"]
GOOD = {  # decimal points and commas between thousands; the others are written from these
    "price": ["$47.23", "-$5", "$1,234.50", "$ 7", "$-7.5", *GAPS],
    "share": ["12 %", "12.5%", "0%", "1,200 %", *GAPS],
    "size": ["1,234", "12", "1 234 567", "1'234", "1,234.5", "999.25", *GAPS],
    "age": ["31", "3.5", "1e3", "007", " 8 ", ".5", "+4", *GAPS],
    "zone": ["1", "2", "01", "1.0", "9", "2.5", "", "NA"],
    "member": ["TRUE", "FALSE", "true", "False", "yes", "no", "", "NaN"],
    "vip": ["yes", "no", "Yes", "TRUE", ""],
    "code": ["01234", "00777", "1234", "01235", ""],
    "day": ["2024-01-01", "2024-02-01", "01.02.2024", ""],
    "city": ["Rome", " Rome ", "Atlantis", "-", "None", ""],
}
BAD = {
    "price": ["47.23", "€5", "$x", "$1,23", "$"],
    "share": ["12", "%", "12 % 3"],
    "size": ["1,23,4", "$5", "many"],
    "age": ["old", "TRUE", "$3", "12 %", "1_0", "0x10", "1e999", "1,234"],
}


@cache
def folder() -> TemporaryDirectory[str]:
    return TemporaryDirectory()


@cache
def model(decimal: str) -> Model:
    """Return a model; the one with decimal points has what is fitted after a training, too."""
    return accounts(
        decimal, calibration=Calibration(0.7, (0.4,), (-0.2,)) if decimal == "." else None
    )


@cache
def server(decimal: str) -> CheckedServer:
    return CheckedServer(model(decimal), 10**6)


@cache
def pyfunc(decimal: str) -> Any:
    path = Path(folder().name) / f"model{ord(decimal)}"
    write_folder(path, encode(model(decimal)))
    with warnings.catch_warnings(action="ignore"):
        from mlflow.pyfunc import load_model
    return load_model(str(path))


def by_command(rows: pd.DataFrame, decimal: str) -> pd.DataFrame:
    path = Path(folder().name) / "rows.csv"
    rows.to_csv(path, sep=";", index=False)
    return pd.concat(predict_file(model(decimal), path))


def by_python(rows: pd.DataFrame, decimal: str) -> pd.DataFrame:
    found = pd.DataFrame(model(decimal).predict_proba(rows), columns=model(decimal).columns[1:])
    return found.assign(prediction=model(decimal).predict(rows))


def with_objects(rows: pd.DataFrame, decimal: str) -> pd.DataFrame:
    """Gaps as None, in columns of objects, from the function that takes a DataFrame."""
    objects = rows.astype(object).where(rows != "", None)
    return predict_table(model(decimal), objects)


def by_pyfunc(rows: pd.DataFrame, decimal: str) -> pd.DataFrame:
    return pyfunc(decimal).predict(rows)


def by_server_csv(rows: pd.DataFrame, decimal: str) -> pd.DataFrame:
    return answered(rows.to_csv(sep=";", index=False).encode(), "text/csv", decimal)


def by_server_json(rows: pd.DataFrame, decimal: str) -> pd.DataFrame:
    body = json.dumps({"dataframe_records": rows.replace("", None).to_dict("records")})
    return answered(body.encode(), "application/json", decimal)


def answered(body: bytes, kind: str, decimal: str) -> pd.DataFrame:
    status, content = ask_app(server(decimal), [body], kind)
    if status != 200:
        assert status == 400
        raise ValueError(json.loads(content)["message"])
    return pd.DataFrame(json.loads(content)["predictions"])


WAYS = (by_command, by_python, with_objects, by_pyfunc, by_server_csv, by_server_json)


def outcome(way: Any, rows: pd.DataFrame, decimal: str) -> list[dict[str, Any]] | str:
    """Return the answers, or the reason of the refusal."""
    from mlflow.exceptions import MlflowException

    try:
        found = way(rows, decimal)
    except (ValueError, UserError, MlflowException) as error:
        return (
            str(error).rpartition(" on: ")[2].removeprefix("the table: ").split("BAD_REQUEST: ")[-1]
        )
    return found[model(decimal).columns].to_dict("records")


def written(cell: str, decimal: str) -> str:
    """Return the cell with commas and points swapped if the decimal mark is a comma."""
    return cell.translate(str.maketrans(",.", ".,")) if decimal == "," else cell


@st.composite
def tables(draw: st.DrawFn, decimal: str) -> pd.DataFrame:
    """Rows of text, columns in any order, with one that the model does not need."""
    m = draw(st.integers(1, 4))
    columns = {
        name: [written(draw(st.sampled_from(cells)), decimal) for _ in range(m)]
        for name, cells in GOOD.items()
    }
    if draw(st.booleans()):
        name = draw(st.sampled_from(list(BAD)))
        columns[name][draw(st.integers(0, m - 1))] = draw(st.sampled_from(BAD[name]))
    columns["note"] = ["007"] * m
    names = draw(st.permutations(list(columns)))
    return pd.DataFrame({name: columns[name] for name in names}, dtype="str")


def check(data: st.DataObject) -> None:
    decimal = data.draw(st.sampled_from(".,"))
    rows = data.draw(tables(decimal))
    first, *others = [outcome(way, rows, decimal) for way in WAYS]
    for way, other in zip(WAYS[1:], others):
        assert other == first, way.__name__
    alone = [outcome(by_python, rows.iloc[[i]], decimal) for i in range(len(rows))]
    if isinstance(first, str):
        assert first in alone
    else:
        assert [row for one in alone for row in one] == first


@settings(max_examples=8)
@given(st.data())
def test_every_way_into_a_model_gives_the_same_answers_or_the_same_refusal(
    data: st.DataObject,
) -> None:
    check(data)


@pytest.mark.proof
@settings(max_examples=3000)
@given(st.data())
def test_many_more_tables_do(data: st.DataObject) -> None:
    check(data)


def row(**cells: object) -> dict[str, object]:
    usual = {name: cells_[0] for name, cells_ in GOOD.items()}
    return {**usual, **cells}


@pytest.mark.parametrize("way", WAYS)
def test_formatted_numbers_mean_what_they_meant_in_training(way: Any) -> None:
    found = outcome(way, pd.DataFrame([row()], dtype="str"), ".")
    plain = row(price=47.23, share=12.0, size=1234, age=31, zone=1, member=True)
    typed = pd.DataFrame([plain])
    assert found == outcome(by_python, typed, ".") == outcome(by_server_json, typed, ".")
    other = row(price="$47.24", member="FALSE")
    assert found != outcome(way, pd.DataFrame([other], dtype="str"), ".")


@pytest.mark.parametrize("way", WAYS)
def test_a_unit_that_is_missing_is_refused_in_the_same_words(way: Any) -> None:
    rows = pd.DataFrame([row(), row(price="47.23")], dtype="str")
    reason = "column 'price' must be numbers with $, but has cells such as '47.23'"
    assert outcome(way, rows, ".") == reason


def test_numbers_and_formatted_text_may_stand_in_one_column() -> None:
    mixed = pd.DataFrame([row(price=47.23), row(price="$5"), row(price=None), row(price=np.nan)])
    texts = pd.DataFrame([row(), row(price="$5"), row(price=""), row(price="")], dtype="str")
    assert outcome(by_python, mixed, ".") == outcome(by_command, texts, ".")


@pytest.mark.parametrize("way", WAYS)
def test_a_column_that_is_missing_is_refused_by_every_way(way: Any) -> None:
    rows = pd.DataFrame([row()], dtype="str").drop(columns="age")
    found = outcome(way, rows, ".")
    assert isinstance(found, str)
    assert "age" in found and "missing" in found


def test_missing_columns_are_imputed_alike_from_a_file_and_a_table() -> None:
    rows = pd.DataFrame([row(), row(price="$3")], dtype="str").drop(columns=["age", "city"])
    path = Path(folder().name) / "less.csv"
    rows.to_csv(path, sep=";", index=False)
    names = model(".").columns
    said: list[str] = []
    filled = pd.concat(predict_file(model("."), path, "impute", said.append))
    of_file = filled[names].to_dict("records")
    of_table = predict_table(model("."), rows, "impute", said.append)[names].to_dict("records")
    assert said[0] == said[1] and said[0].startswith("imputed in each row: ")
    gaps = pd.DataFrame([row(age="", city=""), row(price="$3", age="", city="")], dtype="str")
    assert of_file == of_table == outcome(by_python, gaps, ".")


def test_every_way_says_in_the_same_words_which_columns_are_missing_or_doubled() -> None:
    rows = pd.DataFrame([row()], dtype="str")
    for wrong, reason in (
        (rows.drop(columns="age"), "column 'age' is missing"),
        (rows.rename(columns={"price": "Price"}), "column 'price' is missing"),
        (
            rows.drop(columns=["age", "zone", "vip", "day"]),
            "columns 'age', 'zone', 'vip' and 1 more are missing",
        ),
    ):
        for way in WAYS:
            assert reason in str(outcome(way, wrong, ".")), way.__name__
    doubled = pd.concat([rows, rows[["age"]]], axis=1)
    for way in (by_command, by_python, by_server_csv):  # JSON cannot have it, and MLflow refuses it
        assert "several columns have the name 'age'" in str(outcome(way, doubled, "."))
