"""How the numbers of a column are written is told from the column as a whole."""

import re

import numpy as np
import pandas as pd
import pytest

from dnnsearch.data.cells import CellFormat, plain_cells
from dnnsearch.data.file_table import load_table
from dnnsearch.data.files.number_spelling import Spelling, detect
from dnnsearch.data.files.source import setting, source

MANY = [f"{i}.{100 + i}" for i in range(1, 30)]


def column(cells: list[str]) -> pd.Series:
    return pd.Series(cells, dtype="str", name="x")


SPELLINGS: list[tuple[list[str], list[float], str]] = [
    (["1.234,50 €", "7,25 €"], [1234.5, 7.25], "1.234,5 €"),
    (["6,3 %", "12,75%"], [6.3, 12.75], "1234,5 %"),
    (["(1,234.50)", "650.00"], [-1234.5, 650], "1,234.5"),
    (["1,234.50-", "12.00"], [-1234.5, 12], "1,234.5"),
    (["−1.52", "0.65"], [-1.52, 0.65], "1234.5"),
    (["1'234.50", "999.00"], [1234.5, 999], "1'234.5"),
    (["1’234’567", "12"], [1234567, 12], "1’234"),
    (["CHF 1'234.50", "CHF 12.00"], [1234.5, 12], "CHF 1'234.5"),
    (["1 234,5", "12,25"], [1234.5, 12.25], "1 234,5"),
    (["1\u00a0234,5 zł", "12,25 zł"], [1234.5, 12.25], "1 234,5 zł"),
    (["$(5.00)", "$1,234.25"], [-5, 1234.25], "$ 1,234.5"),
    (["($5.00)", "-$1,234.25"], [-5, -1234.25], "$ 1,234.5"),
    (["19.67 kmpl", "8 kmpl"], [19.67, 8], "1234.5 kmpl"),
    (["23,5 °C", "−4,0 °C"], [23.5, -4], "1234,5 °C"),
    (["1.234.567", "2.345"], [1234567, 2345], "1.234"),
    ([*MANY, "628"], [*(1000 * i + 100 + i for i in range(1, 30)), 628], "1.234"),
]


@pytest.mark.parametrize(
    "cells", [["w1", "w2", "1 w"], ["1", "2", "x"], *(cells for cells, *_ in SPELLINGS)]
)
def test_repeated_cells_are_read_as_distinct_ones_are(cells: list[str]) -> None:
    once, often = (detect(column(cells * times), ".", ",", "") for times in (1, 5))
    assert (once and once.spelling) == (often and often.spelling)


@pytest.mark.parametrize(("cells", "numbers", "spelling"), SPELLINGS)
def test_a_column_of_formatted_numbers_is_read_and_named(
    cells: list[str], numbers: list[float], spelling: str
) -> None:
    found = detect(column(cells), ".", ",", "")
    assert found is not None
    assert found.numbers.tolist() == numbers
    assert str(found.spelling) == spelling
    assert Spelling.parse(spelling) == found.spelling


@pytest.mark.parametrize(
    "cells",
    [
        ["1", "2"],
        ["01234", "00777"],
        ["1.5", "2.25"],
        ["1,5", "2.5"],
        ["5 kg", "5 m"],
        ["5 kg", "5"],
        ["SKU123", "SKU456"],
        ["Room 1", "Room 2"],
        ["1-", "2", "2-"],
        ["(1)", "(2)"],
        ["2024-01-31", "2024-02-01"],
        ["31.01.2024", "01.02.2024"],
        ["12:30", "13:45"],
        ["192.168.0.1", "10.0.0.1"],
        ["030 123 456", "040 765 432"],
        ["2, 3", "4, 5"],
        ["4wd", "2wd"],
        ["many", "few"],
    ],
)
def test_other_columns_are_not(cells: list[str]) -> None:
    assert detect(column(cells), ".", ",", "") is None


def test_a_mark_that_may_be_either_is_taken_as_the_rest_of_the_table_says() -> None:
    cells = column(["1.234", "2.345"])
    assert detect(cells, ".", ";", "").numbers.tolist() == [1234, 2345]
    assert detect(cells, ".", ",", "").numbers.tolist() == [1.234, 2.345]
    assert detect(cells, ".", ";", ".").numbers.tolist() == [1.234, 2.345]
    commas = column(["1,234", "2,345"])
    assert detect(commas, ".", ",", "").numbers.tolist() == [1234, 2345]
    assert detect(commas, ",", ";", ",").numbers.tolist() == [1.234, 2.345]


def write(path, header, rows, separator):
    path.write_text("\n".join(separator.join(row) for row in [header, *rows]))
    return str(path)


def prices(tmp_path, cells):
    rows = [(cell, str(i % 7), "ab"[i % 2]) for i, cell in enumerate(cells)]
    return write(tmp_path / "prices.csv", ("price", "rooms", "y"), rows, ";")


def test_a_note_says_how_the_other_reading_is_asked_for_and_that_works(tmp_path) -> None:
    file = prices(tmp_path, [*MANY, "628", "12"])
    given = {"file": file, "target": "y", "reading": 2}
    table = load_table(given, None)
    assert table.frame["price"].max() == 29129
    assert table.spelled == {"price": "1.234"}
    (note,) = table.sheet.notices
    asked = re.fullmatch(
        r"price: '10.110' is read as 10110; if it means 10.11: --set data.spelled.(\w+)=([\d.]+)",
        note,
    )
    assert asked is not None
    other = load_table({**given, "spelled": {asked[1]: asked[2]}}, None)
    assert other.frame["price"].max() == 628
    assert other.frame["price"].min() == 1.101
    before = load_table({"file": file, "target": "y"}, None)
    assert before.frame["price"].min() == 1.101


def test_a_spelling_that_the_config_gives_must_fit(tmp_path) -> None:
    file = prices(tmp_path, ["7 €"] * 15 + ["many"])
    given = {"file": file, "target": "y", "reading": 2, "spelled": {"price": "1.234,5 €"}}
    with pytest.raises(ValueError, match="must be numbers such as 1.234,5 €, as data.spelled says"):
        load_table(given, None)


def test_rows_to_be_predicted_are_read_in_the_spelling_of_training() -> None:
    form = CellFormat.of({"spelled": {"x": "1.234,5 €"}, "reading": 2})
    frame = plain_cells(pd.DataFrame({"x": ["1.234,50 €", None, "−5 €"]}), {"x": "number"}, form)
    assert np.array_equal(frame["x"], [1234.5, np.nan, -5], equal_nan=True)
    with pytest.raises(ValueError, match="'x' must be numbers with €, but has cells such as '5'"):
        plain_cells(pd.DataFrame({"x": ["5"]}), {"x": "number"}, form)
    with pytest.raises(ValueError, match="must be numbers, but has '1,234.5 €'"):
        plain_cells(pd.DataFrame({"x": ["1,234.5 €"]}), {"x": "number"}, form)


def test_numbers_that_another_program_read_otherwise_are_refused() -> None:
    """pandas makes 15.531 of a German 15531."""
    form = CellFormat.of({"spelled": {"x": "1.234"}, "reading": 2})
    rule = "'x' must be whole numbers, written such as 1.234, but has 15.531"
    for dtype in (float, object):
        with pytest.raises(ValueError, match=rule):
            plain_cells(pd.DataFrame({"x": [15.531, 628]}, dtype=dtype), {"x": "number"}, form)
    frame = pd.DataFrame({"x": [15531.0, 628]})
    assert plain_cells(frame, {"x": "number"}, form)["x"].tolist() == [15531, 628]


@pytest.mark.parametrize(
    ("given", "read"),
    [("€1,234.5", "€ 1,234.5"), ("1.234,5€", "1.234,5 €"), ("CHF1'234.5", "CHF 1'234.5")],
)
def test_the_blank_between_a_number_and_its_unit_may_be_left_out(given: str, read: str) -> None:
    wanted = source({"file": "x.csv", "target": "y", "spelled": {"x": given}})
    assert wanted["spelled"] == {"x": read}


def test_an_unknown_spelling_is_told_all_forms() -> None:
    with pytest.raises(ValueError, match="as the column writes it, such as `€ 1.234,5`, .*dates"):
        source({"file": "x.csv", "target": "y", "spelled": {"x": "€12"}})


def test_a_setting_can_be_pasted_whatever_the_column_is_called() -> None:
    assert setting("data.spelled", "price", "1.234") == "--set data.spelled.price=1.234"
    assert setting("data.spelled", "my price", "1.234,5 €") == (
        "--set 'data.spelled.my price=\"1.234,5 €\"'"
    )
    assert setting("data.spelled", "a.b", "%") == '--set \'data.spelled={"a.b": "%"}\''
