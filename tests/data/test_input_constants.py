import numpy as np
import pytest

from dnnsearch.data.input_constants import PREFIX, is_constant, with_constants, without_constants
from dnnsearch.data.table import PreparedArrays
from dnnsearch.nn import number_scaling
from dnnsearch.nn.number_scaling import scale_numbers

M, F = 300, 3


def prepared(folds=0, task="binary"):
    rng = np.random.default_rng(0)
    leading = (folds,) if folds else ()
    X = rng.standard_normal((*leading, M, F + 2)).astype(np.float32)
    X[..., 2] = np.round(X[..., 2])  # many equal values
    y = (X[..., 0] > 0.5).astype(int) if task == "binary" else X[..., 0] ** 2
    moments = {"mean": np.full((folds or 1, F), 7.0), "scale": np.full((folds or 1, F), 2.0)}
    return PreparedArrays({"X_train": X, "y_train": y}, {"X_test": X, **moments}, ())


def constants(needed, folds=0, task="binary"):
    found = with_constants(prepared(folds, task), needed, task)
    stored = {name.removeprefix(PREFIX): a for name, a in found.arrays.items() if is_constant(name)}
    assert all(found.test[PREFIX + name] is array for name, array in stored.items())
    assert list(without_constants(found.arrays)) == ["X_train", "y_train"]
    return stored


NEEDED = ("robust", "quantile", "none", "edges quantile 4", "edges tree 4")


def test_each_fold_has_constants_of_its_own():
    for name, array in constants(NEEDED, folds=2).items():
        assert array.shape == (2, *constants(NEEDED)[name].shape)
        assert name == "none" or not np.array_equal(array[0], array[1])


def test_robust_numbers_have_median_0_and_stay_within_3():
    X = prepared().arrays["X_train"].copy()
    found = scale_numbers(X, "robust", constants(["robust"])["robust"])
    assert np.median(found[:, :F], axis=0) == pytest.approx(0, abs=1e-6)
    assert np.std(found[:, :2], axis=0) == pytest.approx(1, abs=0.15)
    X[0, :F] = 1e9
    assert np.abs(scale_numbers(X, "robust", constants(["robust"])["robust"])[:, :F]).max() <= 3
    assert np.array_equal(found[:, F:], X[:, F:]), "what is not a number stays"


@pytest.mark.parametrize("folds", [0, 2])
@pytest.mark.parametrize("kind", ["robust", "quantile", "none"])
def test_rows_in_blocks_have_the_bits_of_all_rows_at_once(kind, folds, monkeypatch):
    X, found = prepared(folds).arrays["X_train"], constants([kind], folds)[kind]
    at_once = scale_numbers(X, kind, found)
    monkeypatch.setattr(number_scaling, "BLOCK_ROWS", 7)
    assert scale_numbers(X, kind, found).tobytes() == at_once.tobytes()


def test_quantiles_make_numbers_normal_and_keep_their_order():
    X = prepared().arrays["X_train"]
    found = scale_numbers(X, "quantile", constants(["quantile"])["quantile"])
    assert np.array_equal(np.argsort(found[:, 0]), np.argsort(X[:, 0]))
    assert np.quantile(found[:, 1], [0.1, 0.5, 0.9]) == pytest.approx([-1.28, 0, 1.28], abs=0.05)
    assert len(np.unique(found[:, 2])) == len(np.unique(X[:, 2]))


def test_none_gives_back_the_raw_numbers_and_divide_a_part_of_them():
    X = prepared().arrays["X_train"]
    raw = X[:, :F] * 2.0 + 7.0
    assert scale_numbers(X, "none", constants(["none"])["none"])[:, :F] == pytest.approx(raw)


def test_a_constant_column_becomes_0_or_its_only_value():
    filled = prepared()
    filled.arrays["X_train"][:, 1] = 0.0
    found = with_constants(filled, ["robust", "edges tree 4", "edges quantile 4"], "binary").arrays
    X = filled.arrays["X_train"]
    assert not scale_numbers(X, "robust", found[PREFIX + "robust"])[:, 1].any()
    for kind in ("tree", "quantile"):
        assert found[PREFIX + f"edges {kind} 4"][1].tolist() == [0.0] * 5


def test_edges_of_quantiles_hold_equally_many_rows():
    edges = constants(["edges quantile 4"])["edges quantile 4"]
    X = prepared().arrays["X_train"]
    assert np.histogram(X[:, 0].astype(float), edges[0])[0].tolist() == [M // 4] * 4
    assert (np.diff(edges) >= 0).all()
    assert edges[2, -1] == X[:, 2].max()


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_edges_of_a_tree_lie_where_the_target_changes(task):
    edges = constants(["edges tree 2"], task=task)["edges tree 2"]
    assert edges.shape == (F, 3)
    if task == "binary":
        assert edges[0, 1] == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("folds", [0, 2])
def test_a_table_without_number_columns_has_no_edges(folds):
    one = prepared(folds)
    moments = {name: one.test[name][..., :0] for name in ("mean", "scale")}
    bare = one._replace(test={**one.test, **moments})
    found = with_constants(bare, NEEDED, "binary")
    assert found.arrays[PREFIX + "edges tree 4"].shape[-2:] == (0, 5)
