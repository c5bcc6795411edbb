"""A user's table with the predictions of a model, in every format, whole or in parts."""

import gzip
import json
import tracemalloc
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dnnsearch.errors import UserError
from dnnsearch.models.ensemble import Model
from dnnsearch.models.predict_table import predict_file, predict_table, write
from dnnsearch.tracking.posted_tables import predict_body
from tests.support.models import flowers, members, people

MODEL = members()


@pytest.fixture
def table(tmp_path: Path) -> pd.DataFrame:
    """A user's table, and a file of it in the test's folder."""
    rows = people(40, seed=7).assign(note="007", member="yes")
    rows.to_csv(tmp_path / "people.csv", index=False)
    return rows


def predicted(path: Path, model: Model = MODEL, missing: str = "refuse") -> pd.DataFrame:
    return pd.concat(predict_file(model, path, missing))


def same_answers(found: pd.DataFrame, rows: pd.DataFrame, model: Model = MODEL) -> bool:
    expected = model.answers(rows)
    return all(found[name].tolist() == expected[name].tolist() for name in expected)


def test_all_columns_stay_unchanged_and_the_predictions_follow_them(
    table: pd.DataFrame, tmp_path: Path
) -> None:
    found = predicted(tmp_path / "people.csv")
    own = pd.read_csv(tmp_path / "people.csv", dtype="str", keep_default_na=False)
    pd.testing.assert_frame_equal(found[own.columns], own)
    assert [*found.columns[len(own.columns) :]] == MODEL.columns
    assert same_answers(found, table)


FORMATS = {
    "tabs.tsv": lambda rows, path: rows.to_csv(path, sep="\t", index=False),
    "excel.csv": lambda rows, path: rows.to_csv(path, sep=";", decimal=",", index=False),
    "bom.csv": lambda rows, path: rows.to_csv(path, index=False, encoding="utf-8-sig"),
    "wide.csv": lambda rows, path: rows.to_csv(path, index=False, encoding="utf-16"),
    "crlf.csv": lambda rows, path: rows.to_csv(path, index=False, lineterminator="\r\n"),
    "packed.csv.gz": lambda rows, path: rows.to_csv(path, index=False),
    "rows.parquet": lambda rows, path: rows.to_parquet(path),
    "rows.jsonl": lambda rows, path: rows.to_json(
        path, orient="records", lines=True, double_precision=15
    ),
    "list.json": lambda rows, path: rows.to_json(path, orient="records", double_precision=15),
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_same_answers(
    name: str, table: pd.DataFrame, tmp_path: Path
) -> None:
    rows = table.round(6)
    FORMATS[name](rows, tmp_path / name)
    found = predicted(tmp_path / name)
    assert same_answers(found, rows)
    assert found["note"].tolist() == rows["note"].tolist()


def test_zip_arff_and_arrays_are_read_too(table: pd.DataFrame, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "people.zip", "w") as archive:
        archive.write(tmp_path / "people.csv", "people.csv")
    assert same_answers(predicted(tmp_path / "people.zip"), table)
    body = table[["zone", "age", "income", "city"]].to_csv(index=False, header=False, na_rep="?")
    head = "@relation p\n@attribute zone {1,2,3}\n@attribute age numeric\n"
    head += "@attribute income numeric\n@attribute city {Rome,Oslo,Lima,Bonn}\n@data\n"
    (tmp_path / "people.arff").write_text(head + body)
    assert same_answers(predicted(tmp_path / "people.arff"), table)
    X = np.random.default_rng(0).normal(size=(9, 3))
    for name, save in {"x.npy": np.save, "x.npz": np.savez}.items():
        save(tmp_path / name, X)
        assert same_answers(predicted(tmp_path / name, flowers()), pd.DataFrame(X), flowers())


@pytest.mark.parametrize("trained", [(",", "."), (";", ","), ("\t", ".")])
@pytest.mark.parametrize("given", [(",", "."), (";", ","), (";", "."), ("|", ".")])
def test_a_separator_that_the_training_had_not_is_detected_with_its_decimal_mark(
    table: pd.DataFrame, tmp_path: Path, trained: tuple[str, str], given: tuple[str, str]
) -> None:
    form = {"separator": trained[0], "decimal": trained[1], "quote": '"', "header": True}
    model = replace(MODEL, form={**MODEL.form, **form})
    table.to_csv(tmp_path / "rows.csv", sep=given[0], decimal=given[1], index=False)
    assert same_answers(predicted(tmp_path / "rows.csv", model), table)
    with (tmp_path / "answer").open("wb") as answer:
        predict_body(model, tmp_path / "rows.csv", "text/csv", answer)
    (first, *_) = json.loads((tmp_path / "answer").read_bytes())["predictions"]
    assert first["prediction"] == MODEL.answers(table)["prediction"][0]


def test_the_order_of_columns_leading_blanks_and_the_spelling_of_numbers_do_not_matter(
    table: pd.DataFrame, tmp_path: Path
) -> None:
    rows = table[["city", "note", "income", "zone", "age"]]
    text = rows.assign(zone=[f"0{zone}.0" for zone in rows["zone"]]).to_csv(index=False)
    lines = ["city, note, income, zone, age", *text.splitlines()[1:]]
    (tmp_path / "odd.csv").write_text("\n".join(line.replace(",", ", ") for line in lines))
    found = predicted(tmp_path / "odd.csv")
    assert found["note"].tolist() == [" 007"] * len(rows)
    assert same_answers(found, rows)


def test_numbers_are_written_as_they_were_in_training(tmp_path: Path) -> None:
    model = replace(MODEL, form={"spelled": {"income": "thousands", "age": "%"}})
    rows = people(5, seed=1).round(2).assign(age=[10, 20.5, 30, np.nan, 50])
    spelled = rows.assign(
        income=[f"{value:,.2f}" for value in rows["income"]],
        age=[f"{value} %" if value == value else "-" for value in rows["age"]],
    )
    spelled.to_csv(tmp_path / "p.csv", index=False)
    assert same_answers(predicted(tmp_path / "p.csv", model), rows, model)
    rows.to_csv(tmp_path / "p.csv", index=False)
    with pytest.raises(UserError, match="'age' must be numbers with %, but has cells such as"):
        predicted(tmp_path / "p.csv", model)


def test_a_point_that_may_mean_a_thousand_is_refused(tmp_path: Path) -> None:
    text = people(3, seed=1).assign(age="1.234", income=["5,5", "6,5", "7,5"]).to_csv(sep=";")
    (tmp_path / "p.csv").write_text(text)
    with pytest.raises(UserError, match="'age' must have clear numbers, but has '1.234'"):
        predicted(tmp_path / "p.csv")


def test_an_unknown_category_counts_as_other_and_a_mark_of_the_config_as_missing(
    tmp_path: Path,
) -> None:
    rows = people(3, seed=1).assign(city=["Atlantis", "Bonn", "Rome"], age=[np.nan, 30, 40])
    rows.assign(age=["-", "30", "40"]).to_csv(tmp_path / "p.csv", index=False)
    assert same_answers(predicted(tmp_path / "p.csv"), rows)


def test_a_missing_column_is_one_line_or_imputed_as_told(
    table: pd.DataFrame, tmp_path: Path
) -> None:
    path = tmp_path / "less.csv"
    table.drop(columns=["age", "city"]).rename(columns={"income": "Income"}).to_csv(path)
    with pytest.raises(
        UserError, match=r"columns 'age', 'income', 'city' are missing: .*--missing impute"
    ):
        predicted(path)
    table.drop(columns="age").to_csv(path, index=False)
    with pytest.warns(UserWarning, match=r"^imputed in each row: 'age' with [\d.]+, the median"):
        found = predicted(path, missing="impute")
    assert same_answers(found, table.assign(age=np.nan))
    assert "age" not in found
    with pytest.warns(UserWarning, match="^imputed in each row: 'wide' with 2, the mean of train$"):
        means = predict_table(flowers(), pd.DataFrame({"long": [2.0], "high": [1.0]}), "impute")
    assert same_answers(means, pd.DataFrame([[2.0, 2.0, 1.0]]), flowers())


def test_what_is_imputed_is_named_for_each_column(table: pd.DataFrame) -> None:
    said: list[str] = []
    predict_table(MODEL, table.drop(columns=["age", "city"]), "impute", said.append)
    first = MODEL.inputs.fitted[0]
    median = first.arrays["median"][first.numeric.index("age")]
    assert said[0].startswith(f"imputed in each row: 'age' with {median:.6g}")
    assert said[0].endswith("'city' with a value that train does not have")
    told: list[str] = []
    predict_table(MODEL, table, "impute", told.append)
    assert not told


def test_a_column_that_the_model_uses_is_not_meant_by_another_name() -> None:
    names = ("pixel_0_0", "pixel_0_1", "pixel_7_5")
    model = replace(flowers(), inputs=replace(flowers().inputs, names=names))
    one = pd.DataFrame({"pixel_0_0": [1.0]})
    with pytest.raises(UserError, match=r"'pixel_0_1', 'pixel_7_5' are missing: rename a column"):
        predict_table(model, one)
    with pytest.raises(UserError, match=r"'pixel_0_1' is missing \(did you mean pix_0_1\?\): ren"):
        predict_table(model, one.assign(pixel_7_5=1.0, pix_0_1=2.0))


def test_a_table_of_something_else_is_told_what_a_row_must_have(tmp_path: Path) -> None:
    path = tmp_path / "churn.csv"
    path.write_text("customer_id,x,y\nC100000,1,2\n")
    says = (
        "each row must have 3 numbers, in the columns long, wide, high, but none of them is there: "
        "the columns are customer_id, x, y"
    )
    with pytest.raises(UserError, match=f"{says}$"):
        predicted(path, flowers())
    with pytest.raises(UserError, match=f"{says}$"):
        predicted(path, flowers(), missing="impute")  # every answer would be the same
    with pytest.raises(UserError, match=r"'long', 'wide', 'high' are missing .*mean lonk.*impute"):
        predict_table(flowers(), pd.DataFrame({"lonk": [1.0]}))
    unnamed = replace(flowers(), inputs=replace(flowers().inputs, names=()))
    says = "^the table: each row must have 3 numbers, but column 'customer_id' has 'C100000'$"
    with pytest.raises(UserError, match=says):
        predict_table(unnamed, pd.read_csv(path))
    numbers = pd.DataFrame({"a": [1.0], "b": [2.0], "c": [3.0]})
    assert same_answers(predict_table(unnamed, numbers), numbers, unnamed)


WRONG = {
    "age must be numbers": ("zone,age,income,city\n1,old,3,Rome\n", "row 1 on: column 'age' must"),
    "too large": ("zone,age,income,city\n1,1e300,3,Rome\n", "numbers must be finite"),
    "short row": (
        "zone,age,income,city\n1,2,3,Rome\n1,2,3\n",
        "line 3 cannot be read: it has 3 cells",
    ),
    "prediction": (
        "zone,age,income,city,prediction\n1,2,3,Rome,x\n",
        "column 'prediction' is there already",
    ),
    "twice": ("zone,age,income,city,age\n1,2,3,Rome,2\n", "several columns have the name 'age'"),
    "blank": (" \n\n", "must have content, but it has only blank lines"),
    "empty": ("", "must have content, but it is empty"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_table_that_cannot_be_predicted_is_one_line_that_says_where_and_leaves_no_file(
    wrong: str, tmp_path: Path
) -> None:
    text, reason = WRONG[wrong]
    (tmp_path / "wrong.csv").write_text(text)
    with pytest.raises(UserError, match=reason) as caught:
        write(predict_file(MODEL, tmp_path / "wrong.csv"), tmp_path / "out.csv")
    assert str(caught.value).startswith(str(tmp_path / "wrong.csv"))
    assert [path.name for path in tmp_path.iterdir()] == ["wrong.csv"]


def test_a_header_alone_gives_a_header_alone(tmp_path: Path) -> None:
    (tmp_path / "none.csv").write_text("zone,age,income,city\n")
    assert write(predict_file(MODEL, tmp_path / "none.csv"), tmp_path / "out.csv") == 0
    assert (tmp_path / "out.csv").read_text() == (
        "zone,age,income,city,prediction,probability_no,probability_yes\n"
    )


def test_every_ending_writes_the_same_answers_and_an_unknown_one_nothing(
    table: pd.DataFrame, tmp_path: Path
) -> None:
    readers = {
        "csv": pd.read_csv,
        "tsv": lambda path: pd.read_csv(path, sep="\t"),
        "parquet": pd.read_parquet,
        "jsonl": lambda path: pd.read_json(path, lines=True, precise_float=True),
    }
    for ending, read in readers.items():
        out = tmp_path / f"out.{ending}"
        assert write(predict_file(MODEL, tmp_path / "people.csv"), out) == len(table)
        assert same_answers(read(out), table), ending
    with pytest.raises(UserError, match=r"out.xlsx cannot be written: .* \.csv, \.tsv"):
        write(predict_file(MODEL, tmp_path / "people.csv"), tmp_path / "out.xlsx")
    assert not list(tmp_path.glob(".*"))


def test_a_row_has_the_same_digits_alone_and_among_many(
    table: pd.DataFrame, tmp_path: Path
) -> None:
    whole = MODEL.outputs(table)
    alone = np.concatenate([MODEL.outputs(table.iloc[[i]]) for i in range(len(table))])
    assert np.array_equal(whole, alone)


def test_a_file_ten_times_as_long_takes_no_more_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dnnsearch.data.files.streaming.ROWS_PER_PART", 200)
    peaks = []
    for times in (1, 10):
        pd.concat([people(800, seed=2)] * times).to_csv(tmp_path / "long.csv", index=False)
        tracemalloc.start()
        count = write(predict_file(MODEL, tmp_path / "long.csv"), tmp_path / "out.csv")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert count == 800 * times
    assert peaks[1] < 1.2 * peaks[0]


def test_rows_without_a_header_are_named_as_in_training(tmp_path: Path) -> None:
    import dataclasses

    model = flowers()
    names = ("column_0", "column_1", "column_3")
    inputs = dataclasses.replace(model.inputs, names=names)
    model = dataclasses.replace(model, inputs=inputs, target_name="column_2")
    (tmp_path / "bare.csv").write_text("1.5,2,rose,3\n4,5.5,tulip,6\n")
    found = predicted(tmp_path / "bare.csv", model)
    assert same_answers(found, pd.DataFrame([[1.5, 2, 3], [4, 5.5, 6]]), flowers())
    with gzip.open(tmp_path / "bare.csv", "wt") as file:
        file.write("1.5,2,3\n4,5.5,6\n")  # without the target, the columns after it would move
    with pytest.raises(UserError, match="column 'column_3' is missing"):
        predicted(tmp_path / "bare.csv", model)
