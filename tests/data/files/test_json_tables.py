"""Covers JSON in the forms that pandas and others write, to train on and to predict."""

import json
import random
from pathlib import Path

import pandas as pd
import pytest

from dnnsearch.data.files.prediction_rows import rows_of
from dnnsearch.data.files.read import read
from tests.support.people import PEOPLE, is_people

FRAME = pd.DataFrame(PEOPLE, columns=["name", "age", "member"]).assign(age=[31, None, 27.5, 40])
RECORDS = [dict(zip(FRAME, row)) for row in PEOPLE]
NUMBERS = pd.DataFrame({"a": [1.5, 2.5], "b": [3, 4]})


def is_read(path: Path) -> None:
    is_people(read({"file": str(path), "target": "member"}))
    (part,) = rows_of(path, {}, ["name", "age"]).parts()
    assert part["name"].tolist() == FRAME["name"].tolist()


@pytest.mark.parametrize("orient", ["columns", "index", "records", "split", "table"])
@pytest.mark.parametrize("indent", [None, 2])
def test_each_orient_of_pandas_is_a_table(tmp_path: Path, orient, indent) -> None:
    FRAME.to_json(tmp_path / "people.json", orient=orient, indent=indent)
    is_read(tmp_path / "people.json")


def test_the_reported_file_of_columns_is_read() -> None:
    path = Path(__file__).parents[2] / "cases" / "formats" / "columns.json"
    sheet = read({"file": str(path), "target": "lab"})
    assert sheet.frame.shape == (20, 2) and sheet.frame["x"].dtype == "float64"


@pytest.mark.parametrize(
    "document",
    [
        {name: [row[name] for row in RECORDS] for name in FRAME},
        {"count": 4, "next": None, "results": RECORDS},
        {"status": {"code": 200}, "data": RECORDS},
    ],
    ids=["lists", "results", "data"],
)
def test_lists_of_columns_and_wrapped_records_are_tables(tmp_path: Path, document) -> None:
    for mark in ("", "\ufeff"):
        (tmp_path / "people.json").write_text(mark + json.dumps(document))
        is_read(tmp_path / "people.json")


def test_names_decide_what_is_a_row_where_numbers_do_not(tmp_path: Path) -> None:
    wide = pd.DataFrame({str(i): [i, i + 1.5] for i in range(5)} | {"member": ["y", "n"]})
    for orient in ("columns", "index"):
        wide.to_json(tmp_path / "wide.json", orient=orient)
        sheet = read({"file": str(tmp_path / "wide.json"), "target": "member"})
        assert sheet.frame.shape == (2, 6)
        assert sheet.notices == ()


def test_labels_of_rows_are_left_out_with_a_notice(tmp_path: Path) -> None:
    FRAME.set_axis(["w", "x", "y", "z"]).to_json(tmp_path / "people.json")
    sheet = read({"file": str(tmp_path / "people.json"), "target": "member"})
    is_people(sheet)
    assert "the labels of the rows (w, x and 2 more)" in sheet.notices[0]


def test_one_row_is_a_row(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text('{"a": 1, "b": "x"}')
    (part,) = rows_of(tmp_path / "one.json", {}, ["a", "b"]).parts()
    assert part.to_dict("records") == [{"a": 1, "b": "x"}]


def test_training_and_predicting_read_the_same_numbers(tmp_path: Path) -> None:
    """pandas rounds the last digit of one number in a thousand."""
    rng = random.Random(0)
    rows = [{"a": rng.uniform(-1e3, 1e3), "member": "yn"[i % 2]} for i in range(5000)]
    (tmp_path / "a.json").write_text(json.dumps(rows))
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    for name in ("a.json", "a.jsonl"):
        sheet = read({"file": str(tmp_path / name), "target": "member", "reading": 2})
        (part,) = rows_of(tmp_path / name, {}, ["a"]).parts()
        assert sheet.frame["a"].tolist() == part["a"].tolist() == [row["a"] for row in rows]


def test_numbers_keep_all_digits(tmp_path: Path) -> None:
    values = [0.1 + 0.2, 1 / 3, 123456789.123456789]
    pd.DataFrame({"a": values, "member": list("yny")}).to_json(
        tmp_path / "a.json", double_precision=15
    )
    document = json.loads((tmp_path / "a.json").read_text())
    sheet = read({"file": str(tmp_path / "a.json"), "target": "member"})
    assert sheet.frame["a"].tolist() == list(document["a"].values())


@pytest.mark.parametrize("text", ['{"a": {"0": 1}', '{"a": ' * 5000, '{"a": [1, 2], "b": [1]}'])
def test_json_that_is_no_table_is_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    for reader in (
        lambda: read({"file": str(tmp_path / "a.json"), "target": "b"}),
        lambda: rows_of(tmp_path / "a.json", {}, ["a"]),
    ):
        with pytest.raises(ValueError) as error:
            reader()
        assert "\n" not in str(error.value)
