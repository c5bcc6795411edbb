"""What single cells mean: truths, codes and long numbers are the same in training and after it."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest

from dnnsearch.data.cells import CellFormat
from dnnsearch.data.column_inputs import ColumnInputs
from dnnsearch.data.file_table import load_table
from dnnsearch.data.files.reading_version import Reading
from dnnsearch.data.preprocessing import fit
from dnnsearch.models.ensemble import Model
from dnnsearch.models.targets import labels
from tests.support.models import parameters

NOW = CellFormat.of({"reading": 2})
M = 60


def load(path, reading=2, **more):
    return load_table({"file": str(path), "target": "y", "reading": reading, **more}, None)


def write(path, columns):
    frame = pd.DataFrame(columns).assign(y=["ab"[i % 2] for i in range(len(columns["size"]))])
    frame.to_csv(path, index=False)
    return path


def fitted(name, cells, reading=2):
    """Return the inputs that learnt from one category."""
    frame = pd.DataFrame({name: pd.Series(cells, dtype="str")})
    return ColumnInputs([fit(frame, {name: "category"}, Reading(reading))])


def same(inputs, cells, others):
    """Return whether two columns become the same inputs."""
    first, second = (
        inputs.apply(pd.DataFrame({"x": list(given)}), np.float64, NOW) for given in (cells, others)
    )
    return np.array_equal(first, second)


@pytest.mark.parametrize(
    ("true", "false"), [("TRUE", "FALSE"), ("true", "false"), ("yes", "no"), ("T", "F"), ("Y", "N")]
)
@pytest.mark.parametrize("gap", ["", "NA", None])
def test_truths_with_gaps_are_a_category_however_they_are_written(tmp_path, true, false, gap):
    flags = [true if i % 3 else false for i in range(M)]
    if gap is not None:
        flags[5] = gap
    table = load(write(tmp_path / "t.csv", {"flag": flags, "size": np.arange(M) % 7}))
    (flag, _) = table.columns
    assert (flag.role, flag.missing) == ("category", int(gap is not None))
    assert table.frame["flag"].nunique() == 2


@pytest.mark.parametrize("levels", [("True", "False"), ("yes", "no"), ("T", "F"), ("1", "0")])
@pytest.mark.parametrize("other", [("TRUE", "FALSE"), (True, False), ("Yes", "No"), (1, 0)])
def test_every_spelling_of_a_truth_means_the_level_of_training(levels, other):
    inputs = fitted("x", [*levels] * 10)
    assert same(inputs, levels, other)


def test_levels_that_are_no_pair_of_truths_are_left_alone():
    inputs = fitted("x", ["yes", "no", "maybe"] * 10)
    assert not same(inputs, ["yes", "no"], [True, False])


@pytest.mark.parametrize(
    ("codes", "numbers"),
    [
        (["01234", "00777", "20001"], [1234, 777, 20001]),
        (["01234", "00777", "20001"], [1234.0, 777.0, 20001.0]),
        (["01", "02", "10"], ["1", "2", "10"]),
        (["007", "008", "123"], np.array([7, 8, 123], np.int8)),
    ],
)
def test_a_code_is_known_by_its_number(codes, numbers):
    assert same(fitted("x", codes * 10), codes, numbers)


def test_a_code_of_an_older_model_stays_unknown_and_a_number_of_two_codes_too():
    before, now = (fitted("x", ["01234", "00777"] * 10, reading) for reading in (1, 2))
    frame = pd.DataFrame({"x": [1234]})
    assert before.apply(frame, np.float64, CellFormat()).sum() == 0
    assert now.apply(frame, np.float64, NOW).sum() == 1
    assert not same(fitted("x", ["01234", "001234"] * 10), ["01234"], [1234])


def model(cells):
    inputs = fitted("x", cells)
    sizes = [inputs.shape[0], 3, 1]
    form = {"reading": 2}
    target = np.array([0.0, 1.0])
    return Model(parameters(sizes, 1), "relu", inputs, labels(["no", "yes"]), target, "y", form)


def test_many_unknown_or_missing_values_are_warned_of():
    known = model(["Rome", "Oslo", "Lima"] * 20)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        known.predict_proba(pd.DataFrame({"x": ["Rome"] * 97 + ["Bonn"] * 3}))
        known.predict(pd.DataFrame({"x": ["Bonn"]}))  # one row says nothing
    rule = (
        r"'x' has a value that training did not know in 50 of 100 rows \(50 %\), in training in 0"
    )
    with pytest.warns(UserWarning, match=rule):
        known.predict_proba(pd.DataFrame({"x": ["Rome", "Bonn"] * 50}))
    with pytest.warns(UserWarning, match="'x' is missing in 50 of 100 rows"):
        known.predict(pd.DataFrame({"x": ["Rome", None] * 50}))


def test_what_training_had_often_too_is_not_warned_of():
    rare = model(["Rome"] * 60 + [f"c{i}" for i in range(20)])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rare.predict(pd.DataFrame({"x": ["Rome", "Bonn", "Rome", "Rome"] * 25}))


def test_the_shares_of_train_are_kept_with_the_inputs_and_only_since_the_second_reading():
    inputs = fitted("x", ["Rome"] * 60 + [f"c{i}" for i in range(20)])
    again = ColumnInputs.from_arrays(inputs.arrays())
    assert again.fitted[0].seen == {"x": (0.25, 0.0)}
    ColumnInputs.check(inputs.arrays(), [])
    document = json.loads(fitted("x", ["a", "b"] * 9, 1).arrays()["preparation"].tobytes())
    assert "seen" not in document


BIG = 2**53


@pytest.mark.parametrize(
    ("name", "cells", "role"),
    [
        ("tweet_id", [str(10**18 + 7 * i) for i in range(M)], "ignored"),
        ("value", [str(10**18 + 7 * i) for i in range(M)], "ignored"),  # shaped like one
        ("tweet_id", [str(10**18 + 7 * i) if i % 9 else "" for i in range(M)], "ignored"),
        ("value", [str(BIG * 2**i + 1) for i in range(M)], "number"),
        ("value", [str(3**i * 1000) for i in range(M)], "number"),  # beyond 2^64
        ("value", [str(-(BIG * 2 + i % 5)) for i in range(M)], "number"),
    ],
)
def test_whole_numbers_beyond_2_to_the_53_are_identifiers_or_numbers_with_a_note(
    tmp_path, name, cells, role
):
    table = load(write(tmp_path / "t.csv", {name: cells, "size": np.arange(M) % 7}))
    (column, _) = table.columns
    assert (column.role, column.loud) == (role, True)
    if role == "number":
        assert table.frame[name].tolist() == [float(cell) for cell in cells]
        again = load(tmp_path / "t.csv", columns={name: "number", "size": "number"})
        assert again.frame[name].astype(float).tolist() == table.frame[name].tolist()


@pytest.mark.parametrize("suffix", ["parquet", "jsonl"])
def test_other_formats_keep_the_digits_of_identifiers_too(tmp_path, suffix):
    frame = pd.DataFrame({"tweet_id": [10**18 + i for i in range(M)], "size": np.arange(M) % 7})
    frame["y"] = ["ab"[i % 2] for i in range(M)]
    path = tmp_path / f"t.{suffix}"
    if suffix == "parquet":
        frame.to_parquet(path)
    else:
        frame.to_json(path, orient="records", lines=True)
    assert load(path).columns[0].role == "ignored"


@pytest.mark.parametrize("mark", ["#DIV/0!", "#VALUE!", "#NAME?", "#NV"])
def test_errors_of_a_spreadsheet_are_gaps_and_a_named_mark_joins_the_usual_ones(tmp_path, mark):
    ratio = [f"{i / 8}" for i in range(M)]
    ratio[3], ratio[5], ratio[7] = mark, "", "gone"
    path = write(tmp_path / "t.csv", {"ratio": ratio, "size": np.arange(M) % 7})
    table = load(path, missing=["gone"])
    assert table.columns[0].missing == 3
    with pytest.raises(ValueError, match="'ratio' has 57 numbers and"):
        load(path, reading=1, missing=["gone"])
