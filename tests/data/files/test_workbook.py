"""Covers Excel workbooks: read as the CSV of their sheet is read."""

import datetime
import sys
import zipfile
from pathlib import Path

import openpyxl
import pytest

from dnnsearch.data.files.prediction_rows import rows_of
from dnnsearch.data.files.read import read
from tests.support.people import PEOPLE, is_people

HEADER = ["name", "age", "member"]
ROWS = [[name, float(age) if age else None, member] for name, age, member in PEOPLE]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "people.xlsx"


def save(path: Path, **sheets: list) -> None:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)


def test_a_sheet_is_a_table(path: Path) -> None:
    save(path, people=[HEADER, *ROWS])
    sheet = read({"file": str(path), "target": "member"})
    is_people(sheet)
    assert sheet.notices == ("the sheet 'people' is read",)
    assert sheet.found == {"header": True}
    (part,) = rows_of(path, sheet.found, HEADER[:2]).parts()
    assert part["age"].tolist() == ["31", "", "27.5", "40"]


def test_titles_and_empty_borders_are_skipped(path: Path) -> None:
    framed = [[None, *row, None] for row in (["All people"], [], HEADER, *ROWS, [None])]
    save(path, people=framed, empty=[], notes=[])
    sheet = read({"file": str(path), "target": "member"})
    is_people(sheet)
    assert sheet.notices[1] == "1 leading title rows were skipped"


def test_one_of_several_sheets_is_chosen_by_the_advice(path: Path) -> None:
    save(path, **{"read me": [["What", "this is"]], "my people": [HEADER, *ROWS]})
    with pytest.raises(ValueError, match="must be one of read me, my people") as error:
        read({"file": str(path), "target": "-1"})
    assert str(error.value).endswith("choose it, as in --set 'data.sheet=my people'")
    sheet = read({"file": str(path), "target": "-1", "sheet": "my people"})
    is_people(sheet)
    assert sheet.found["sheet"] == "my people"
    (part,) = rows_of(path, {"sheet": "my people"}, HEADER).parts()
    assert len(part) == 4


def test_the_only_sheet_with_the_names_is_read(path: Path) -> None:
    save(path, **{"read me": [["What", "this is"]], "my people": [HEADER, *ROWS]})
    sheet = read({"file": str(path), "target": "member"})
    is_people(sheet)
    assert sheet.notices == ("the sheet 'my people' is read",)
    (part,) = rows_of(path, {}, HEADER[:2]).parts()
    assert len(part) == 4


def test_cells_have_the_text_that_a_csv_has(path: Path) -> None:
    cells = {
        "code": "01234",
        "whole": 3.0,
        "share": 0.1,
        "large": 12345678901,
        "yes": True,
        "day": datetime.datetime(2024, 5, 6),
        "time": datetime.datetime(2024, 5, 6, 7, 8, 9),
        "error": "#DIV/0!",
    }
    save(path, a=[list(cells), list(cells.values())])
    (part,) = rows_of(path, {}, list(cells)).parts()
    assert part.iloc[0].tolist() == [
        *("01234", "3", "0.1", "12345678901", "TRUE", "2024-05-06", "2024-05-06 07:08:09"),
        "#DIV/0!",
    ]


def test_a_hidden_sheet_is_not_read(path: Path) -> None:
    save(path, people=[HEADER, *ROWS], lists=[["a", "b"], [1, 2]])
    book = openpyxl.load_workbook(path)
    book["lists"].sheet_state = "hidden"
    book.save(path)
    is_people(read({"file": str(path), "target": "member"}))


def test_without_openpyxl_the_refusal_says_what_is_needed(path: Path, monkeypatch) -> None:
    save(path, people=[HEADER, *ROWS])
    monkeypatch.setitem(sys.modules, "openpyxl", None)  # as if it were not installed
    with pytest.raises(ValueError, match="needs openpyxl: pip install openpyxl"):
        read({"file": str(path), "target": "member"})


def test_an_empty_or_damaged_workbook_is_one_line(path: Path) -> None:
    save(path, people=[])
    with pytest.raises(ValueError, match="all are empty"):
        read({"file": str(path), "target": "member"})
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
    with pytest.raises(ValueError, match="must be a complete workbook, or saved as CSV"):
        read({"file": str(path), "target": "member"})
