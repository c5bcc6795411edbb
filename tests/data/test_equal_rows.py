"""Rows that are equal in all features: counted, and kept in one part, also with folds."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnnsearch.data import equal_rows
from dnnsearch.data.equal_rows import count, draw_together, groups, seen
from dnnsearch.data.split_config import Split

TOGETHER = Split(equal_rows="together")
TWO, FOUR = ("a", "b"), ("a", "b", "c", "d")


def test_gaps_and_types_make_no_difference_but_values_do():
    frame = pd.DataFrame(
        {"x": [1.0, 1.0, np.nan, np.nan, 0.0, -0.0], "t": ["u", "u", None, None, "u", "u"]}
    )
    assert groups(frame.astype({"t": "str"})).tolist() == [0, 0, 1, 1, 2, 2]
    whole, real = pd.DataFrame({"x": [1, 2]}), pd.DataFrame({"x": [2.0, 3.0]})
    assert seen(whole, real).tolist() == [True, False]
    text = pd.DataFrame({"x": ["nan", None]}, dtype="str")
    assert groups(text).tolist() == [0, 1]


def test_of_the_folds_of_an_array_the_first_counts():
    X = np.array([[[1.0], [2.0]], [[7.0], [8.0]]], np.float32)
    assert seen(X, X[:, ::-1]).all()
    assert not seen(X, X[1]).any()


@pytest.mark.parametrize(
    ("sizes", "rows", "largest", "few"),
    [
        ([1] * 1000, 0, 1, False),
        ([2] + [1] * 198, 2, 2, False),  # the largest group is not under 1 % of 200 rows
        ([2] + [1] * 199, 2, 2, True),
        ([2] * 100 + [1] * 800, 200, 2, False),  # a fifth of the rows
        ([2] * 99 + [1] * 802, 198, 2, True),
        ([11] + [1] * 989, 11, 11, False),
    ],
)
def test_equal_rows_are_counted_and_few_of_them_look_like_copies(sizes, rows, largest, few):
    found = count(np.repeat(np.arange(len(sizes)), sizes))
    assert (found.rows, found.largest, found.are_few) == (rows, largest, few)


@given(st.integers(0, 2**20), st.sampled_from([None, 2, 5]), st.booleans(), st.sampled_from([0, 4]))
def test_equal_rows_are_in_one_part_and_each_class_is_in_train(seed, folds, has_test, classes):
    rng = np.random.default_rng(seed)
    found = np.unique(rng.integers(0, 250, 400), return_inverse=True)[1]  # of one to six rows
    y = rng.integers(0, classes, 400) if classes else rng.normal(size=400)
    rows = draw_together(y, FOUR[:classes], TOGETHER, folds, found, has_test)
    train, dev = np.atleast_2d(rows["train"]), np.atleast_2d(rows["dev"])
    test = rows.get("test", np.arange(0))
    assert not np.isin(found[test], found[np.concatenate([*train, *dev])]).any()
    for one, other in zip(train, dev):
        assert not np.isin(found[other], found[one]).any()
        assert classes == 0 or set(y[one]) == set(range(classes))
    assert dev.size > 60 and len(test) == 0 if has_test else len(test) > 50
    again = draw_together(y, FOUR[:classes], TOGETHER, folds, found, has_test)
    assert all(np.array_equal(rows[part], again[part]) for part in rows)


def test_the_parts_are_stratified_and_the_folds_lose_few_rows():
    rng = np.random.default_rng(0)
    found = np.concatenate([np.arange(950), rng.integers(0, 950, 50)])
    y = (np.arange(1000) % 10 == 0).astype(np.int64)
    rows = draw_together(y, TWO, TOGETHER, 5, found)
    shares = [y[these].mean() for these in (*rows["train"], *rows["dev"], rows["test"])]
    assert max(abs(share - 0.1) for share in shares) < 0.015
    assert rows["dev"].size > 0.97 * (1000 - len(rows["test"]))


def test_a_class_that_only_twins_have_is_not_lost():
    found = np.repeat(np.arange(100), 2)
    y = np.tile([0, 1], 100)  # each row has a twin of the other class
    rare = np.where(np.arange(200) < 20, 2, y)
    rows = draw_together(rare[::-1].copy(), ("a", "b", "c"), TOGETHER, None, found)
    assert all(2 in rare[::-1][these] for these in rows.values())


def test_too_few_different_rows_are_refused():
    with pytest.raises(ValueError, match="a class needs 4 examples"):
        draw_together(np.arange(100) % 2, TWO, TOGETHER, None, np.arange(100) % 2)


def test_rows_are_the_same_groups_if_they_are_hashed_in_blocks(monkeypatch) -> None:
    rng = np.random.default_rng(0)
    rows = pd.DataFrame(
        {
            "number": rng.integers(0, 3, 500),
            "gaps": np.where(rng.random(500) < 0.3, np.nan, rng.integers(0, 2, 500)),
            "word": rng.choice(["a", "b", None], 500),
        }
    )
    whole = groups(rows)
    assert whole.max() < 60
    monkeypatch.setattr(equal_rows, "BLOCK_CELLS", 30)
    assert groups(rows).tolist() == whole.tolist()
    assert groups(rows[:0]).tolist() == []
    assert seen(rows, rows).all()
