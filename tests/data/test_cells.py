"""A whole column of plain numbers is read at once, and its cells as each would be alone."""

import numpy as np
import pandas as pd
import pytest

from dnnsearch.data.cells import CellFormat, plain_cells
from dnnsearch.data.files.sheet import are_plain, numeric

PLAIN = ["1", "-0", "+.5", "1.", "-3e-4", "1E+10", "1e999", "9007199254740993", "0.1", "1" * 30]
ODD = ["", "1 ", "1_0", "0x10", "١٢", "inf", "1\n", "nan", "1,5", "−1", None]


def read(cells, **more):
    frame = pd.DataFrame({"x": pd.Series(cells, dtype="str")})
    return plain_cells(frame, {"x": "number"}, CellFormat(**more))["x"].to_numpy()


def test_plain_numbers_are_read_the_same_next_to_a_cell_that_is_none():
    alone, among = (numeric(pd.Series(c, dtype="str")) for c in (PLAIN, [*PLAIN, "x"]))
    np.testing.assert_array_equal(alone, among[:-1])
    assert alone.tolist() == [float(cell) for cell in PLAIN]


@pytest.mark.parametrize("cell", ODD)
def test_a_cell_with_any_other_mark_is_not_plain(cell):
    assert are_plain(pd.Series(PLAIN, dtype="str"))
    assert not are_plain(pd.Series([*PLAIN, cell], dtype="str"))


def test_a_column_is_read_the_same_with_and_without_a_gap():
    np.testing.assert_array_equal(read(PLAIN), read([*PLAIN, "-"])[:-1])


def test_a_mark_for_missing_that_is_a_plain_number_is_missing():
    np.testing.assert_array_equal(read(["1", "-999"], missing=("-999",)), [1.0, np.nan])


def test_plain_numbers_need_their_unit_and_clear_marks():
    with pytest.raises(ValueError, match="with %"):
        read(["1", "2"], spelled={"x": "%"})
    with pytest.raises(ValueError, match="decimal commas"):
        read(["1.234", "2"], decimal=",")


COMMAS = {"decimal": ",", "spelled": {"area": "1234,5", "rent": "1.234,5 €"}}


@pytest.mark.parametrize(
    ("decimal", "area", "rent"),
    [
        (",", ["86,5", "4"], ["1.964,94 €", "7,5 €"]),  # as in training
        (".", ["86.5", "4"], ["1,964.94 €", "7.5 €"]),  # another country's
        (".", ["86.5", "4"], ["€1,964.94", "€ 7.5"]),
        (".", ["86,5", "4"], ["1.964,94 €", "7,5 €"]),  # quoted, with commas between cells
        (".", ["86.5", "4"], ["1.964,94 €", "7,5 €"]),
    ],
)
def test_rows_with_the_other_decimal_mark_are_read_column_by_column(
    decimal: str, area: list[str], rent: list[str]
) -> None:
    frame = pd.DataFrame({"area": area, "rent": rent, "size": area}, dtype="str")
    kinds = dict.fromkeys(frame.columns, "number")
    found = plain_cells(frame, kinds, CellFormat.of(COMMAS, decimal))
    assert found["area"].tolist() == found["size"].tolist() == [86.5, 4]
    assert found["rent"].tolist() == [1964.94, 7.5]


@pytest.mark.parametrize(
    ("decimal", "area"),
    [
        (",", ["86.5", "4"]),  # in a file as that of training a point may be of a thousand
        (".", ["86.5", "4,5"]),  # in two ways
        (".", ["86.5", "large"]),
    ],
)
def test_a_column_is_read_in_one_way_and_only_as_its_file_may_have_it(
    decimal: str, area: list[str]
) -> None:
    frame = pd.DataFrame({"area": area}, dtype="str")
    with pytest.raises(ValueError, match="column 'area' must be numbers, but has"):
        plain_cells(frame, {"area": "number"}, CellFormat.of(COMMAS, decimal))
