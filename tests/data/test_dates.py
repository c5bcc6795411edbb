"""Dates and durations are inputs, however they are written, in training and after it."""

import datetime
import re

import numpy as np
import pandas as pd
import pytest

from dnnsearch.config.config import parse_config
from dnnsearch.data.cells import CellFormat
from dnnsearch.data.column_inputs import ColumnInputs
from dnnsearch.data.date_parts import DateParts
from dnnsearch.data.file_table import load_table
from dnnsearch.data.files.date_formats import FORMATS, detect_dates, seconds
from dnnsearch.data.files.spelled_columns import read_spelled
from dnnsearch.data.model_inputs import inputs
from dnnsearch.data.prepare import prepare
from dnnsearch.storage.array_store import ArrayStore
from tests.data.test_prepare import HYPER

M = 80
DATES = pd.Series(pd.date_range("2023-11-05 06:30", periods=M, freq="37h"))
PLAIN = DATES.dt.normalize()


def write(path, dates, **more):
    frame = pd.DataFrame({"sold": dates, "size": np.arange(M) % 7, **more})
    frame["y"] = ["ab"[i % 2] for i in range(M)]
    frame.to_csv(path, index=False)
    return path


def load(path, **more):
    return load_table({"file": str(path), "target": "y", "reading": 2, **more}, None)


@pytest.mark.parametrize("form", [*FORMATS[1:-10:9], *FORMATS[-10:]])
def test_every_format_is_told_from_the_column(form):
    text = DATES.dt.tz_localize("UTC").dt.strftime(form)
    if text.nunique() < 4 or form in ("%b %Y", "%B %Y"):
        text = pd.Series(pd.date_range("2010-01-31", periods=M, freq="MS")).dt.strftime(form)
    found = detect_dates(pd.Series(text, name="sold").astype("str"))
    expected = pd.to_datetime(text, format=form, utc=True)
    assert found
    assert pd.to_datetime(text, format=found, utc=True).equals(expected)


@pytest.mark.parametrize(
    "text",
    [
        DATES.astype("str"),
        PLAIN.astype("str"),
        DATES.dt.strftime("%Y-%m-%dT%H:%M:%S"),
        DATES.dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
        DATES.dt.strftime("%Y-%m-%d %H:%M:%S+02:00"),
        DATES.dt.strftime("%Y-%m"),
        DATES.dt.strftime("%d.%m.%Y"),
        DATES.dt.strftime("%m/%d/%Y %I:%M %p"),
        DATES.dt.strftime("%d-%b-%y"),
        DATES.dt.strftime("%B %d, %Y"),
        DATES.dt.strftime("%Y%m%d"),
    ],
)
def test_dates_of_a_file_become_datetimes_that_the_config_keeps(tmp_path, text):
    table = load(write(tmp_path / "t.csv", text))
    column, _ = table.columns
    assert (column.role, column.loud) == ("date", True)
    assert table.frame["sold"].dtype == "datetime64[us]"
    days = (table.frame["sold"] - DATES).abs().dt.days
    assert days.max() <= (31 if len(text[0]) == 7 else 1)
    again = load(
        tmp_path / "t.csv", spelled=table.spelled, columns={"sold": "date", "size": "number"}
    )
    assert again.frame.equals(table.frame)


def test_dates_of_the_first_reading_are_ignored_as_before(tmp_path):
    path = write(tmp_path / "t.csv", PLAIN.astype("str"))
    table = load_table({"file": str(path), "target": "y"}, None)
    assert table.columns[0].role == "ignored"


def test_a_day_and_a_month_that_cannot_be_told_apart_are_asked_for_and_each_answer_works(tmp_path):
    text = [f"{i % 12 + 1:02}/{i % 9 + 1:02}/2024" for i in range(M)]
    path = write(tmp_path / "t.csv", text)
    with pytest.raises(ValueError, match="whose day and month cannot be told apart") as refused:
        load(path)
    first, second = re.findall(r'data\.spelled\.sold="(%[^"]+)"', str(refused.value))
    months = {
        load(path, spelled={"sold": form}).frame["sold"].dt.month[1] for form in (first, second)
    }
    assert months == {2}
    assert load(path, columns={"sold": "ignored"}).columns[0].role == "ignored"


def test_what_of_a_date_varies_becomes_inputs_cyclic_parts_by_sine_and_cosine():
    parts = DateParts.of(DATES)
    found = parts.numbers("sold", DATES)
    assert np.allclose(found["sold: days"], [37 * i / 24 for i in range(M)])
    assert found["sold: year"].tolist() == DATES.dt.year.tolist()
    noon = DATES.dt.hour + DATES.dt.minute / 60 == 12.5
    assert np.allclose(found["sold: hour (sine)"][noon], np.sin(2 * np.pi * 12.5 / 24))
    circle = found["sold: weekday (sine)"] ** 2 + found["sold: weekday (cosine)"] ** 2
    assert np.allclose(circle, 1)
    assert "sold: hour (sine)" not in DateParts.of(PLAIN).names("sold")
    year = pd.Series(pd.date_range("2024-02-01", periods=20))
    assert not any("year" in name and "day" not in name for name in DateParts.of(year).names("x"))


@pytest.fixture
def prepared(tmp_path):
    """The inputs that learnt from dates with gaps, durations and a number, and their format."""
    dates = DATES.dt.strftime("%d.%m.%Y %H:%M").where(np.arange(M) % 9 > 0, "unknown")
    spent = [f"{i // 7}:{i % 60:02}:30" for i in range(M)]
    path = write(tmp_path / "t.csv", dates, spent=spent)
    data = {"file": str(path), "target": "y", "reading": 2}
    document = {**HYPER, "data": data, "folds": 3}
    store = ArrayStore(tmp_path / "store")
    found = prepare(parse_config(document, "x.yaml", "x"), store)
    arrays = store.open(found.test_key)
    fitted = {n: a for n, a in arrays.items() if n not in ("X_test", "y_test")}
    return found, fitted


def test_a_date_is_one_column_for_users_and_several_inputs_with_one_indicator(prepared):
    found, fitted = prepared
    names = found.feature_names
    assert sum(name.startswith("sold: ") for name in names) >= 8
    assert [name for name in names if name.endswith("is missing")] == ["sold: days is missing"]
    model = inputs(fitted)
    assert model.kinds == {"sold": "date", "size": "number", "spent": "number"}
    ColumnInputs.check(fitted, [])
    assert found.spelled == {"sold": "%d.%m.%Y %H:%M", "spent": "duration"}
    form = CellFormat.of({"spelled": found.spelled, "reading": 2})
    assert np.isfinite(model.apply(model.typical(), np.float64, form)).all()


@pytest.mark.parametrize(
    "cell",
    [
        "05.11.2023 06:30",
        " 05.11.2023 06:30 ",
        "2023-11-05 06:30",
        "2023-11-05T06:30:00Z",
        "2023-11-05 08:30:00+02:00",
        pd.Timestamp("2023-11-05 06:30"),
        pd.Timestamp("2023-11-05 07:30", tz="Europe/Rome"),
        datetime.datetime(2023, 11, 5, 6, 30),
        np.datetime64("2023-11-05T06:30"),
    ],
)
def test_a_date_is_the_same_in_every_form_that_a_caller_may_have(prepared, cell):
    found, fitted = prepared
    form = CellFormat.of({"spelled": found.spelled, "reading": 2})
    row = {"sold": DATES[0], "size": 3, "spent": "1:00:30"}
    expected = inputs(fitted).apply(pd.DataFrame([row]), np.float64, form)
    given = pd.DataFrame([{**row, "sold": cell}])
    assert np.array_equal(inputs(fitted).apply(given, np.float64, form), expected)


def test_a_cell_of_a_file_that_is_no_date_is_told_one_that_is():
    cells = pd.DataFrame({"sold": ["02.08.2022", "soon", "31.01.2023"]})
    says = r"such as 02\.08\.2022 \(%d\.%m\.%Y\), but has 1 other cells, such as 'soon'"
    with pytest.raises(ValueError, match=says):
        read_spelled(cells, {"spelled": {"sold": "%d.%m.%Y"}}, None)


@pytest.mark.parametrize("gap", [None, "", "NA", "-", "unknown", pd.NaT, float("nan")])
def test_a_missing_date_is_imputed_and_another_cell_is_refused(prepared, gap):
    found, fitted = prepared
    form = CellFormat.of({"spelled": found.spelled, "reading": 2})
    rows = pd.DataFrame({"sold": [gap], "size": [3], "spent": ["1:00:30"]}, dtype=object)
    place = found.feature_names.index("sold: days is missing")
    assert (inputs(fitted).apply(rows, np.float64, form)[..., place] == 1).all()
    for wrong in ("soon", "31.31.2023", 20231105, 19666.5):
        with pytest.raises(ValueError, match="column 'sold' must be dates such as"):
            inputs(fitted).apply(rows.assign(sold=[wrong]), np.float64, form)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("12:30", 45000),
        ("1:23:45", 5025),
        ("26:00:00.5", 93600.5),
        ("-0:30", -1800),
        ("PT1H30M", 5400),
        ("P1DT2H", 93600),
        ("2 days 01:00:00", 176400),
        ("3 days", 259200),
        ("12:60", np.nan),
        ("noon", np.nan),
        ("5", np.nan),
    ],
)
def test_durations_and_times_of_day_are_seconds(cell, expected):
    assert np.array_equal(seconds(pd.Series([cell])), [expected], equal_nan=True)


@pytest.mark.parametrize("suffix", ["parquet", "feather"])
def test_typed_dates_and_durations_of_other_formats_are_inputs_too(tmp_path, suffix):
    spent = pd.to_timedelta(np.arange(M) * 90, unit="s")
    frame = pd.DataFrame({"sold": DATES, "spent": spent, "y": ["ab"[i % 2] for i in range(M)]})
    path = tmp_path / f"t.{suffix}"
    getattr(frame, f"to_{suffix}")(path)
    table = load(path)
    assert [column.role for column in table.columns] == ["date", "number"]
    assert table.frame["sold"].tolist() == DATES.tolist()
    assert table.frame["spent"].tolist() == (np.arange(M) * 90).tolist()


def test_a_constant_date_and_the_column_that_the_split_goes_by_are_left_aside(tmp_path):
    path = write(tmp_path / "t.csv", PLAIN.dt.strftime("%m/%d/%Y"), day=["2024-01-01"] * M)
    given = {"file": str(path), "target": "y", "reading": 2}
    table = load_table(given, "sold")
    assert [column.role for column in table.columns] == ["ignored", "number", "ignored"]
