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
