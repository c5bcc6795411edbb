"""Sketches of rows: what two test sets have in common, exactly or estimated."""

import numpy as np
import pandas as pd
import pytest

from dnnsearch.data.row_sketch import MAX_ROWS, RowSketch, sketch
from dnnsearch.data.table import HeldOut

TABLE = pd.DataFrame({"a": [1, 2, 3, 3], "b": ["x", None, "y", "y"]})
LABELS = np.array([0, 1, 1, 1])


def test_rows_are_known_by_their_content_in_whatever_order_and_type() -> None:
    first = sketch(HeldOut(TABLE, LABELS), ("no", "yes"))
    again = TABLE.iloc[::-1][["b", "a"]].astype({"a": float})
    other = sketch(HeldOut(again, 1 - LABELS[::-1]), ("yes", "no"))
    assert (first.count, other.count) == (3, 3)  # two rows are equal
    assert first.in_common(other) == 3
    flipped = sketch(HeldOut(TABLE, 1 - LABELS), ("no", "yes"))
    assert first.in_common(flipped) == 0  # the target is a part of a row


def test_rows_of_numbers_alone_are_known_with_gaps_and_signs_of_zero() -> None:
    X = np.array([[0.0, np.nan], [1.0, 2.0]])
    first = sketch(HeldOut(X, np.array([0.5, 1.5])), ())
    again = sketch(HeldOut(np.array([[-0.0, -np.nan]]), np.array([0.5])), ())
    assert (first.in_common(again), again.in_common(first)) == (1, 1)


def test_what_is_stored_is_read_back_and_anything_else_refused() -> None:
    rng = np.random.default_rng(0)
    first = sketch(HeldOut(rng.normal(size=(50, 2)), rng.normal(size=50)), ())
    again = RowSketch.from_document(first.document())
    assert (again.count, again.keys.tolist()) == (first.count, first.keys.tolist())
    fewer = RowSketch.from_document(first.document(10))
    assert not fewer.is_exact
    assert first.in_common(fewer) == fewer.in_common(first) == 50
    with pytest.raises(ValueError):
        RowSketch.from_document({"count": 1, "keys": "AAA="})


def test_many_rows_are_a_sample_from_which_the_common_ones_are_estimated() -> None:
    rows = np.arange(60_000, dtype=float)
    first = sketch(HeldOut(rows[:40_000, np.newaxis], rows[:40_000]), ())
    second = sketch(HeldOut(rows[30_000:, np.newaxis], rows[30_000:]), ())
    assert len(first.keys) == MAX_ROWS
    assert 9_000 < first.in_common(second) < 11_000  # 10,000
    few = sketch(HeldOut(rows[39_000:41_000, np.newaxis], rows[39_000:41_000]), ())
    assert 700 < few.in_common(first) < 1_300  # 1,000
    assert len(str(first.document())) < 33_000
