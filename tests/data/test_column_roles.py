"""Which role a column gets, and the reason that is given."""

import numpy as np
import pandas as pd
import pytest

from dnnsearch.data.column_roles import profile
from dnnsearch.data.target import read_target

M = 40
Y = ["a", "b"] * (M // 2)
rng = np.random.default_rng(0)


def role(values, name="x", given=None, declared=None, aside=None, y=Y):
    frame = pd.DataFrame({name: values, "other": rng.normal(size=M)})
    target = read_target(pd.Series(y, name="y"))
    column = profile(frame, target, given or {}, declared or {}, aside or {})[0]
    assert column.reason
    return column


@pytest.mark.parametrize(
    ("values", "name", "expected", "reason"),
    [
        (rng.normal(size=M), "x", "number", "numbers from"),
        ([1, 2, 3, 4] * 10, "x", "number", "numbers"),
        ([0.0] * (M - 1) + [1e6], "x", "quantile", "long tail"),
        (["u", "v", "w", "u"] * 10, "x", "category", "3 levels"),
        ([7] * M, "x", "ignored", "constant"),
        (["u"] * M, "x", "ignored", "constant"),
        ([np.nan] * M, "x", "ignored", "no values"),
        (range(100, 100 + M), "x", "ignored", "identifier"),
        (rng.permutation(1000)[:M], "customer_id", "ignored", "identifier"),
        (rng.permutation(1000)[:M], "PassengerId", "ignored", "identifier"),
        (rng.permutation(1000)[:M], "price", "number", "numbers"),
        ([f"text {i}" for i in range(M)], "x", "ignored", "40 different"),
        (["01067", "10115", "01067", "04109"] * 10, "x", "category", "codes such as 01067, not"),
        ([f"0{i}" for i in range(M)], "x", "ignored", "codes such as 00, not numbers"),
        (["yes", "no"] * (M // 2), "x", "ignored", "equals the target"),
        ([1, 0] * (M // 2), "x", "ignored", "equals the target"),
    ],
)
def test_a_column_gets_a_role_with_the_reason(values, name, expected, reason):
    column = role(values, name)
    assert column.role == expected
    assert reason in column.reason


def test_the_config_stands_above_the_file_and_the_file_above_the_look():
    values = [1, 2, 3, 4] * 10
    assert role(values, declared={"x": "category"}).role == "category"
    assert role(values, declared={"x": "category"}, given={"x": "number"}).role == "number"
    assert role(values, given={"*": "ignored", "other": "number"}).role == "ignored"
    assert role(range(M), given={"x": "number"}).role == "number"
    assert role(values, aside={"x": "the split goes by it"}).role == "ignored"


def test_a_column_of_numbers_and_text_says_how_many_and_shows_one():
    values = ["1.5"] * (M - 1) + ["lots"]
    with pytest.raises(ValueError, match="'x' has 39 numbers and 1 text, texts such as 'lots'"):
        role(values)
    assert role(values, given={"x": "category"}).role == "category"
    assert role(values, given={"x": "ignored"}).role == "ignored"


def test_of_numbers_and_text_the_rarer_kind_is_shown():
    with pytest.raises(ValueError, match=r"1 number and 39 texts, numbers such as '-999'"):
        role(["Rome"] * (M - 1) + ["-999"])


def test_a_leak_with_gaps_is_a_leak_and_so_is_the_target_in_another_unit():
    copy = [None, None, *Y[2:]]
    assert "equals the target" in role(copy).reason
    assert role(copy).loud
    y = rng.normal(size=M)
    assert "in another unit" in role(y * 1.8 + 32, y=y).reason
    assert role(y + rng.normal(size=M) / 10, y=y).role == "number"


def test_dates_are_ignored_and_it_says_what_they_are_good_for():
    for form in ("%Y-%m-%d", "%d.%m.%Y"):
        column = role(pd.date_range("2024-01-01", periods=M).strftime(form), "when")
        assert column.role == "ignored"
        assert "split.by=when" in column.reason


def test_infinite_and_huge_numbers_are_refused():
    for wrong in (np.inf, -1e300):
        with pytest.raises(ValueError, match="column 'x' has 1"):
            role([wrong] + [1.0] * (M - 1))


def test_a_table_without_anything_to_learn_from_is_refused():
    target = read_target(pd.Series(Y, name="y"))
    with pytest.raises(ValueError, match="to learn from"):
        profile(pd.DataFrame({"x": [1] * M}), target, {}, {}, {})


def test_a_number_that_equals_a_regressions_target_is_a_leak():
    y = rng.normal(size=M)
    assert "equals the target" in role(y, y=y).reason
