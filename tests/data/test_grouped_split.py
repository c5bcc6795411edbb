import numpy as np
import pandas as pd
import pytest

from dnnsearch.data.grouped_split import by_group, by_time, check_classes, drawn, times_of
from dnnsearch.data.grouped_split import stratified_without_test as without_test

SHARES = {"dev": 0.2, "test": 0.3}


def is_partition(rows, m):
    assert np.array_equal(np.sort(np.concatenate(list(rows.values()))), np.arange(m))


def test_rows_are_drawn_by_the_seed():
    rows = drawn(100, SHARES, 0)
    is_partition(rows, 100)
    assert [len(rows[part]) for part in ("train", "dev", "test")] == [50, 20, 30]
    assert np.array_equal(drawn(100, SHARES, 0)["dev"], rows["dev"])
    assert not np.array_equal(drawn(100, SHARES, 1)["dev"], rows["dev"])


def test_a_group_stays_together():
    groups = np.random.default_rng(0).integers(0, 20, 200)
    rows = by_group(groups, SHARES, 0)
    is_partition(rows, 200)
    found = [set(groups[rows[part]]) for part in rows]
    assert not (found[0] & found[1] or found[0] & found[2] or found[1] & found[2])


def test_the_latest_are_test_and_rows_of_one_time_stay_together():
    times = np.repeat(np.arange(20), 5)[::-1].copy()
    rows = by_time(times, {"dev": 0.21, "test": 0.21})
    is_partition(rows, 100)
    train, dev, test = (times[rows[part]] for part in ("train", "dev", "test"))
    assert train.max() < dev.min()
    assert dev.max() < test.min()


def test_times_are_numbers_or_dates():
    dates = pd.Series(["2024-01-31", "2023-12-01T10:00:00"], name="when")
    assert np.argsort(times_of(dates)).tolist() == [1, 0]
    assert times_of(pd.Series([3, 1])).tolist() == [3, 1]
    dotted = pd.Series(["31.01.2024", "01.12.2023"], name="when")
    assert np.argsort(times_of(dotted)).tolist() == [1, 0]
    for wrong in (["2024-01-31", "soon"], ["01/02/2024", "02/01/2024"], ["2024-01-31", None]):
        with pytest.raises(ValueError, match="when"):
            times_of(pd.Series(wrong, name="when"))


def test_parts_without_examples_and_too_few_groups_are_refused():
    with pytest.raises(ValueError, match="groups"):
        by_group(np.array([0, 1, 0, 1]), SHARES, 0)
    with pytest.raises(ValueError, match="dev needs 2"):
        drawn(5, SHARES, 0)
    with pytest.raises(ValueError, match="'b'"):
        check_classes(np.array([0, 0, 1]), ("a", "b"), {"train": np.array([0, 1])})


def test_without_a_test_part_dev_alone_is_drawn_by_class():
    y = np.repeat([0, 1], [90, 10])
    rows = without_test(y, ("a", "b"), 0.2, 0)
    is_partition(rows, 100)
    assert np.bincount(y[rows["dev"]]).tolist() == [18, 2]
