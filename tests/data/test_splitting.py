"""Splits by class, at random, by group and by time, and folds."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnnsearch.data.split_config import Split
from dnnsearch.data.splitting import (
    Indices,
    by_group,
    by_time,
    draw,
    drawn,
    drawn_folds,
    outer_folds,
    stratified_folds,
    times_of,
)
from dnnsearch.data.stratification import check_classes, stratified, stratified_without_test

TWO = ("no", "yes")
SHARES = {"dev": 0.2, "test": 0.3}


def test_the_parts_are_disjoint_and_cover_all_rows():
    rows = stratified(np.arange(100) % 2, TWO, dev=0.2, test=0.1, seed=0)
    assert {part: len(r) for part, r in rows.items()} == {"train": 70, "dev": 20, "test": 10}
    assert np.array_equal(np.sort(np.concatenate(list(rows.values()))), np.arange(100))


def test_every_class_keeps_its_share_in_each_part():
    y = np.repeat([0, 1], [900, 100])
    rows = stratified(y, TWO, dev=0.2, test=0.2, seed=3)
    assert {part: y[r].mean() for part, r in rows.items()} == {
        "train": 0.1,
        "dev": 0.1,
        "test": 0.1,
    }


def test_the_seed_alone_draws_the_rows():
    y = np.arange(100) % 2
    one, again, other = (stratified(y, TWO, 0.2, 0.2, seed) for seed in (1, 1, 2))
    assert all(np.array_equal(one[part], again[part]) for part in one)
    assert not all(np.array_equal(one[part], other[part]) for part in one)


@pytest.mark.parametrize(
    ("counts", "shares", "rule"),
    [
        ([10], (0.2, 0.2), "a classification needs 2 classes, but got 1"),
        ([10, 0], (0.2, 0.2), "every class needs at least 2 examples, but class '1' has 0"),
        ([10, 1], (0.2, 0.2), "every class needs at least 2 examples, but class '1' has 1"),
        ([2] * 5, (0.2, 0.2), "train needs .*|dev needs at least .* got 2 examples for 5 classes"),
        ([5, 5], (0.01, 0.2), "dev needs at least as many examples as .* got 0 examples"),
        ([5, 5], (0.2, 0.79), "train needs at least as many examples as"),
        ([8, 2], (0.2, 0.6), "cannot draw a stratified|every class needs at least 1 examples of"),
    ],
)
def test_a_class_or_a_part_that_is_too_small_is_refused(counts, shares, rule):
    y = np.repeat(np.arange(len(counts)), counts)
    names = [str(name) for name in range(len(counts))]
    with pytest.raises(ValueError, match=rule):
        stratified(y, names, *shares, seed=0)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.integers(0, 8), min_size=1, max_size=4),
    st.floats(0.01, 0.98),
    st.floats(0.01, 0.98),
)
def test_any_classes_and_shares_are_split_or_refused(counts, dev, test):
    if dev + test >= 1:
        return
    y = np.repeat(np.arange(len(counts)), counts)
    try:
        rows = stratified(y, [str(i) for i in range(len(counts))], dev, test, 0)
    except ValueError as error:
        assert "cannot draw" in str(error) or "needs" in str(error)
    else:
        assert set(y[rows["train"]]) == set(range(len(counts)))


def folds_of(y: np.ndarray, folds: int, seed: int = 0) -> Indices:
    classes = [str(k) for k in range(int(y.max()) + 1)]
    return stratified_folds(y, classes, stratified(y, classes, 0.2, 0.2, 0), folds, seed)


@pytest.mark.parametrize("folds", [2, 3, 7])
def test_every_fold_is_of_one_size_and_the_left_over_examples_always_train(folds: int) -> None:
    y = np.repeat([0, 1, 2], [50, 31, 20])
    before = stratified(y, ["0", "1", "2"], 0.2, 0.2, 0)
    pool = np.sort(np.concatenate([before["train"], before["dev"]]))
    rows = folds_of(y, folds)
    assert rows["dev"].shape == (folds, len(pool) // folds)
    for train, dev in zip(rows["train"], rows["dev"], strict=True):
        np.testing.assert_array_equal(np.sort(np.concatenate([train, dev])), pool)
        assert set(y[dev]) == {0, 1, 2}
    tested = np.concatenate(rows["dev"])
    assert len(set(tested.tolist())) == len(tested)
    np.testing.assert_array_equal(rows["test"], before["test"])


@pytest.mark.parametrize("folds", [2, 3, 7])
def test_folds_without_classes_are_of_one_size_and_take_every_row_but_the_left_over(
    folds: int,
) -> None:
    before = {"train": np.arange(0, 60, 2), "dev": np.arange(1, 60, 6)}
    pool = np.sort(np.concatenate([before["train"], before["dev"]]))
    rows = drawn_folds(before, folds, seed=0)
    assert rows.keys() == {"train", "dev"}
    assert rows["dev"].shape == (folds, len(pool) // folds)
    for train, dev in zip(rows["train"], rows["dev"], strict=True):
        np.testing.assert_array_equal(np.sort(np.concatenate([train, dev])), pool)
    assert len(np.unique(rows["dev"])) == folds * (len(pool) // folds)
    assert not np.array_equal(rows["dev"], drawn_folds(before, folds, seed=1)["dev"])


def test_fewer_than_two_rows_in_a_fold_are_refused() -> None:
    with pytest.raises(ValueError, match="3 folds need at least 6 rows, but got 5"):
        drawn_folds({"train": np.arange(3), "dev": np.arange(3, 5)}, 3, seed=0)


@pytest.mark.parametrize("sizes", [(8, 8), (9, 8), (8, 8, 8), (8,) * 10])
@pytest.mark.parametrize("seed", range(3))
def test_the_left_over_examples_leave_every_class_one_for_each_fold(
    sizes: tuple[int, ...], seed: int
) -> None:
    y = np.repeat(np.arange(len(sizes)), sizes)
    for dev in folds_of(y, 5, seed)["dev"]:  # scikit-learn warns where that is not so
        assert set(y[dev]) == set(y)


def test_a_class_with_fewer_examples_than_folds_is_refused() -> None:
    y = np.repeat([0, 1], [60, 6])
    with pytest.raises(
        ValueError, match="at least 9 examples of train and dev for 9 folds, but class '1' has"
    ):
        folds_of(y, 9)


def test_folds_are_drawn_by_the_seed() -> None:
    y = np.repeat([0, 1], [40, 40])
    np.testing.assert_array_equal(folds_of(y, 4, 1)["dev"], folds_of(y, 4, 1)["dev"])
    assert not np.array_equal(folds_of(y, 4, 1)["dev"], folds_of(y, 4, 2)["dev"])


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
    rows = stratified_without_test(y, ("a", "b"), 0.2, 0)
    is_partition(rows, 100)
    assert np.bincount(y[rows["dev"]]).tolist() == [18, 2]


def test_folds_cannot_be_combined_with_a_split_by_a_column():
    y, by = np.arange(60) % 2, pd.Series(np.arange(60) % 20)
    is_partition(draw(y, TWO, Split(by="who"), None, by), 60)
    with pytest.raises(ValueError, match="cannot be combined with split.by"):
        draw(y, TWO, Split(by="who"), 3, by)


def test_a_fold_whose_target_is_constant_is_refused():
    y = np.r_[np.zeros(58), 1.0, 2.0]
    with pytest.raises(ValueError, match="two values of the target, but fold . of 5 has only 0"):
        draw(y, (), Split(), 5)


@pytest.mark.parametrize("count", [2, 5])
def test_outer_folds_cut_all_rows_into_parts_with_the_same_classes(count: int) -> None:
    y = np.random.default_rng(0).choice(3, 100, p=[0.7, 0.2, 0.1])
    parts = outer_folds(y, ("a", "b", "c"), count, seed=0)
    assert np.array_equal(np.sort(np.concatenate(parts)), np.arange(100))
    shares = np.array([np.bincount(y[part], minlength=3) for part in parts])
    assert np.ptp(shares, axis=0).max() <= 1


@pytest.mark.parametrize("folds", [None, 3])
def test_an_outer_fold_is_the_test_set_and_dev_has_its_share_of_the_rest(folds: int | None) -> None:
    y = np.arange(200) % 2
    split = Split(dev=0.2, test=0.2, outer_fold="2/5")
    rows = draw(y, ("a", "b"), split, folds)
    assert np.array_equal(rows["test"], outer_folds(y, ("a", "b"), 5, seed=0)[1])
    train, dev = (np.atleast_2d(rows[part])[0] for part in ("train", "dev"))
    assert len(dev) == (53 if folds else 40)
    assert len({*train, *dev, *rows["test"]}) == len(train) + len(dev) + len(rows["test"])
    values = np.random.default_rng(0).standard_normal(200)
    rows = draw(values, (), split, folds)
    assert len(rows["test"]) == 40


def test_groups_stay_together_in_outer_folds() -> None:
    by = pd.Series(np.random.default_rng(0).integers(0, 30, 300))
    split = Split(by="who", outer_fold="1/3")
    rows = draw(np.arange(300) % 2, ("a", "b"), split, None, by)
    groups = [set(by[these]) for these in rows.values()]
    assert sum(map(len, groups)) == len(set.union(*groups)) == 30
    assert all(groups)


@pytest.mark.parametrize("value", ["0/5", "6/5", "1/1", "1/21", "half", 0.4])
def test_an_outer_fold_is_one_of_its_parts(value: object) -> None:
    with pytest.raises(ValueError, match="must be K/N, the K-th of N parts"):
        Split(outer_fold=value)
