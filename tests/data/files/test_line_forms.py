"""Covers text that is not yet CSV: exports of databases, and blanks mixed with tabs."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dnnsearch.data.files.prediction_rows import rows_of
from dnnsearch.data.files.read import read
from tests.support.people import is_people, table

INPUTS = Path(__file__).parents[2] / "cases" / "formats"
TRUE = {"reading": 2}


def parts(path: Path, wanted: list[str]) -> pd.DataFrame:
    """Return the rows as `predict` reads them, part by part."""
    return pd.concat(rows_of(path, TRUE, wanted).parts())


def test_mysqls_escaped_quotes_are_quotes() -> None:
    path = INPUTS / "mysql.csv"
    sheet = read({"file": str(path), "target": "label", **TRUE})
    assert list(sheet.frame.columns) == ["id", "comment", "score", "label"]
    assert set(sheet.frame["comment"]) == {'said "hi", ok'}
    assert sheet.notices == ("backslash escapes were read, \\N as a gap",)
    assert set(parts(path, ["comment"])["comment"]) == {'said "hi", ok'}


def test_auto_mpg_has_nine_columns() -> None:
    path = INPUTS / "auto-mpg.data"
    for form in (TRUE, {"separator": " "}):
        sheet = read({"file": str(path), "target": "column_0", **form})
        assert sheet.frame.shape[1] == 9
        assert sheet.frame["column_3"].isna().any()
        assert sheet.frame["column_8"][0] == "car 0 gt"
    found = parts(path, ["column_8"])
    assert found["column_8"][0] == "car 0 gt" and found.shape == sheet.frame.shape


@pytest.mark.parametrize(
    "text",
    [
        "name\tage\tmember\nAnn\t31\tyes\nBob\t\\N\tno\nEve\t27.5\tyes\nZoe\t40\tno\n\\.\n",
        'name,age,member\n"Ann",31,"yes"\n"Bob",\\N,"no"\n"Eve",27.5,"yes"\n"Zoe",40,"no"\n',
        "name;age;member\nAnn;31;yes\nBob;\\N;no\nEve;27.5;yes\n\\Zoe;40;no\n",
        (
            " name | age  | member \n------+------+--------\n Ann  |   31 | yes\n"
            " Bob  |      | no\n"
            " Eve  | 27.5 | yes\n Zoe  |   40 | no\n(4 rows)\n\n"
        ),
        (
            "+------+------+--------+\n| name | age  | member |\n+------+------+--------+\n"
            "| Ann  |   31 | yes    |\n| Bob  | NULL | no     |\n| Eve  | 27.5 | yes    |\n"
            "| Zoe  |   40 | no     |\n+------+------+--------+\n4 rows in set (0.00 sec)\n"
        ),
        (
            "| name | age | member |\n|:-----|----:|--------|\n| Ann | 31 | yes |\n| Bob | | no |\n"
            "| Eve | 27.5 | yes |\n| Zoe | 40 | no |\n"
        ),
        "name^age^member\nAnn^31^yes\nBob^^no\nEve^27.5^yes\nZoe^40^no\n",
        "name:age:member\nAnn:31:yes\nBob::no\nEve:27.5:yes\nZoe:40:no\n",
    ],
    ids=["copy", "outfile", "semicolons", "psql", "mysql", "markdown", "caret", "colon"],
)
def test_exports_of_databases_are_tables(write, tmp_path: Path, text: str) -> None:
    text = text.replace("\\Zoe", "Zoe")
    sheet = write(text, **TRUE)
    is_people(sheet)
    found = parts(tmp_path / "people.csv", ["name", "age"])
    assert found["name"].tolist() == ["Ann", "Bob", "Eve", "Zoe"]
    assert found.columns.tolist() == ["name", "age", "member"]


@pytest.mark.parametrize(
    ("escaped", "plain"),
    [
        (r'"a \"b\" c"', 'a "b" c'),
        (r'"5\" pipe, long"', '5" pipe, long'),
        (r'"C:\\dir\\"', "C:\\dir\\"),
        (r'"two\nlines"', "two lines"),
        ('"two\\\nlines"', "two lines"),
    ],
)
def test_escapes_are_what_the_database_meant(write, tmp_path, escaped, plain) -> None:
    rows = "".join(f'{i},{escaped},"x \\"y\\", z",{"ab"[i % 2]}\n' for i in range(6))
    sheet = write("id,comment,other,member\n" + rows, **TRUE)
    assert set(sheet.frame["comment"]) == {plain}
    assert set(parts(tmp_path / "people.csv", ["id"])["comment"]) == {plain}


@pytest.mark.parametrize(
    "cell",
    [r'"C:\data\"', r'"C:\new\table"', r'"a\""b"', r"\d+ rows", r'"x \ ""y"", z"'],
)
def test_a_backslash_in_usual_csv_is_a_character(write, cell: str) -> None:
    rows = "".join(f"{i},{cell},{'ab'[i % 2]}\n" for i in range(6))
    sheet = write("id,path,member\n" + rows, **TRUE)
    assert sheet.frame["path"][0] == cell.strip('"').replace('""', '"')
    assert sheet.notices == ()


def rows_with(template: str, rows: int = 40, header: str = "") -> str:
    rng = np.random.default_rng(0)
    numbers = rng.uniform(10, 99, (rows, 3)).round(1)
    return header + "".join(template.format(*r, "ab"[i % 2]) for i, r in enumerate(numbers))


@pytest.mark.parametrize(
    "template",
    ['{} {}  {}\t"a {}"\n', "{}\t{} {}\t{}\n", " {}   {}\t\t{} \t{}\n"],
)
def test_blanks_and_tabs_separate_alike_between_numbers(write, tmp_path, template) -> None:
    sheet = write(rows_with(template), target="column_3", **TRUE)
    assert sheet.frame.shape == (40, 4)
    assert sheet.frame["column_0"].dtype == np.float64
    assert parts(tmp_path / "people.csv", ["column_1"]).shape == (40, 4)


@pytest.mark.parametrize(
    "template",
    ["Ann Lee\t{}\t{}\t{}\t{}\n", "1 234\t{}\t{}\t{}\t{}\n", "2024-01-01 10:00\t{}\t{}\t{}\t{}\n"],
)
def test_a_blank_in_a_cell_between_tabs_stays(write, template) -> None:
    header = "what\ta\tb\tc\tmember\n"
    assert write(rows_with(template, header=header), **TRUE).frame.shape == (40, 5)


@pytest.mark.parametrize("name", ["mysql.csv", "auto-mpg.data"])
def test_the_first_reading_is_as_it_was(name: str) -> None:
    sheet = read({"file": str(INPUTS / name), "target": "label"})
    assert sheet.frame.shape[1] == {"mysql.csv": 5, "auto-mpg.data": 2}[name]


def test_usual_tables_have_no_form(write) -> None:
    for separator in ",;\t|":
        assert write(table(separator), **TRUE).notices == ()
