"""The column to be predicted: task, classes, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from dnnsearch.data.target import read_target, read_test_target


def series(values):
    return pd.Series(values, name="y")


@pytest.mark.parametrize(
    ("values", "task", "classes"),
    [
        (["b", "a", "b", "a"], "binary", ("a", "b")),
        ([1, 0, 1, 0], "binary", ("0", "1")),
        ([1.0, 2.0, 10.0, 1.0, 2.0, 10.0], "multiclass", ("1", "2", "10")),
        (["10", "2", "10", "2"], "binary", ("2", "10")),
        ([0.5, 1.5, 0.5, 1.5], "regression", ()),
        (list(range(30)) * 2, "regression", ()),
    ],
)
def test_the_column_says_which_task_it_is(values, task, classes):
    target = read_target(series(values))
    assert (target.task, target.classes) == (task, classes)


def test_the_config_can_say_it_too():
    target = read_target(series([3, 4, 3, 5]), "regression")
    assert target.task == "regression"
    assert target.y.tolist() == [3, 4, 3, 5]


def test_whole_numbers_may_stand_beside_broken_ones():
    grades = ["1.0", "1.5", "2.0", "1.0", "1.5", "2.0"]
    assert read_target(series(grades), "multiclass").classes == ("1.0", "1.5", "2.0")
    half = ["1", "1.5", "1", "1.5"]
    assert read_target(series(half), "binary").classes == ("1", "1.5")


def test_rows_without_a_target_are_left_out():
    target = read_target(series(["a", None, "b", "a", "b"]))
    assert target.y.tolist() == [0, 1, 0, 1]
    assert target.missing == 1
    assert target.counts == {"a": 2, "b": 2}


@pytest.mark.parametrize(
    ("values", "wanted", "says"),
    [
        ([None, None], None, "missing"),
        (["a", "a", "a"], None, "2 classes, but all 3 rows are 'a'"),
        (["a", "b", "c"], None, "every row has a different label"),
        (["a", "a", "b"], None, "of the target 'y' these have 1: 'b'"),
        (["0", "1.0", "0", "1"], None, "'1' .1 rows. and '1.0'"),
        (["yes", "Yes", "no", "no"], None, "two ways"),
        (["0", "1.0", "0", "1.0"], None, "one way, but mixes '0' and '1.0'"),
        (["0", "1", "True", "False"] * 2, None, "mixes 'False' and '0'"),
        (["a", "b", "a", "b"], "regression", "2 texts|4 texts"),
        ([1.0, np.inf, 2.5], None, "finite"),
        ([1.0, 1e300, 2.5], None, "finite"),
        ([2.5, 2.5, 2.5], None, "must vary"),
        (["a", "b", "c", "a", "b", "c"], "binary", "needs 2 classes"),
    ],
)
def test_what_cannot_be_learnt_is_refused(values, wanted, says):
    with pytest.raises(ValueError, match=says):
        read_target(series(values), wanted)


def test_labels_as_long_as_books_are_refused_in_a_short_line():
    book = "x" * 10**6
    for labels in (["a", "b", "b", book], ["a", "a", book, book.upper()], [book, book]):
        with pytest.raises(ValueError) as error:
            read_target(series(labels))
        assert len(str(error.value)) < 300


def test_a_test_file_may_spell_the_labels_otherwise():
    train = read_target(series(["<=50K", ">50K", "<=50K", ">50K"]))
    assert read_test_target(series([">50K.", "<=50K."]), train).y.tolist() == [1, 0]
    numbers = read_target(series([0, 1, 0, 1]))
    assert read_test_target(series(["1.0", "0.0"]), numbers).y.tolist() == [1, 0]
    with pytest.raises(ValueError, match="'maybe'"):
        read_test_target(series([">50K", "maybe"]), train)
