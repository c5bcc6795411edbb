import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnnsearch.data.stratified_split import Indices, drawn_folds, stratified, stratified_folds

TWO = ("no", "yes")


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
        ([8, 2], (0.2, 0.6), "must be a stratified draw|every class needs at least 1 examples of"),
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
        assert "must" in str(error) or "needs" in str(error)
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
