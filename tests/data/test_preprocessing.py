"""What scikit-learn would make of the columns, fitted on train, kept without pickle."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, QuantileTransformer, StandardScaler

from dnnsearch.data.files.reading_version import Reading
from dnnsearch.data.fold_alignment import aligned
from dnnsearch.data.preprocessing import Preparation, fit

ROLES = {"n": "number", "q": "quantile", "c": "category"}


def frame(m=300, seed=0):
    rng = np.random.default_rng(seed)
    n, q = rng.normal(5, 3, m), rng.exponential(size=m) ** 4
    n[::7] = np.nan
    c = rng.choice(["u", "v", "seldom"], m, p=[0.59, 0.4, 0.01])
    c[3] = "once"
    return pd.DataFrame({"n": n, "c": c, "q": q})


def test_it_is_what_scikit_learns_pipeline_computes():
    train, new = frame(), frame(50, seed=1)
    number = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    quantile = make_pipeline(
        QuantileTransformer(output_distribution="normal", n_quantiles=200), StandardScaler()
    )
    gap = make_pipeline(SimpleImputer(strategy="constant", fill_value=-1e9, add_indicator=True))
    onehot = OneHotEncoder(min_frequency=2, handle_unknown="infrequent_if_exist")
    theirs = ColumnTransformer(
        [("n", number, ["n"]), ("q", quantile, ["q"]), ("g", gap, ["n"]), ("c", onehot, ["c"])],
        sparse_threshold=0,
    ).fit(train)
    expected = np.delete(theirs.transform(new), 2, axis=1)  # the gap's own column of numbers
    ours = fit(train, ROLES)
    assert ours.feature_names == ("n", "q", "n is missing", "c=seldom", "c=u", "c=v", "c=other")
    assert np.allclose(ours.apply(new, np.float64), expected, rtol=1e-10, atol=1e-10)


def test_unseen_levels_share_the_input_of_the_rare_ones_or_have_none():
    new = pd.DataFrame({"n": [1.0], "q": [1.0], "c": ["never seen"]})
    assert fit(frame(), ROLES).apply(new, "float32")[0, -4:].tolist() == [0, 0, 0, 1]
    common = frame()[lambda f: f["c"] != "once"]
    assert fit(common, ROLES).apply(new, "float32")[0, -3:].tolist() == [0, 0, 0]


def test_a_missing_category_is_a_level_of_its_own():
    train = pd.DataFrame({"c": ["u", "v", None] * 10})
    inputs = fit(train, {"c": "category"}).apply(train[:3], "float32")
    assert inputs.tolist() == [[0, 1, 0], [0, 0, 1], [1, 0, 0]]


def test_pixels_share_one_mean_and_one_scale():
    rng = np.random.default_rng(0)
    pixels = pd.DataFrame(rng.integers(0, 256, (50, 6), dtype=np.uint8))
    pixels[0] = np.uint8(0)
    pixels.columns = pixels.columns.astype(str)
    inputs = fit(pixels, dict.fromkeys(pixels, "pixel")).apply(pixels, np.float64)
    assert np.isclose(inputs.mean(), 0)
    assert np.isclose(inputs.std(), 1)
    assert np.allclose(inputs, (pixels - pixels.to_numpy().mean()) / pixels.to_numpy().std())


def test_arrays_and_json_are_all_there_is_to_keep():
    train = frame()
    ours = fit(train, ROLES)
    arrays = {name: array.copy() for name, array in ours.arrays.items()}
    again = Preparation.from_document(json.loads(json.dumps(ours.document())), arrays)
    assert np.array_equal(again.apply(train, "float32"), ours.apply(train, "float32"))


def test_categories_keep_their_inputs_when_they_are_read_back_from_json_in_any_order():
    rows = pd.DataFrame({"z": [*"ababcccc" * 20], "a": [*"xyxyxyyx" * 20]}).astype("str")
    ours = fit(rows, {"z": "category", "a": "category"})
    document = json.loads(json.dumps(ours.document(), sort_keys=True))
    again = Preparation.from_document(document, ours.arrays)
    assert again.feature_names == ours.feature_names == ("z=a", "z=b", "z=c", "a=x", "a=y")
    assert np.array_equal(again.apply(rows, "f4"), ours.apply(rows, "f4"))


def test_folds_have_the_same_inputs():
    one, two = frame()[:60], frame(seed=3)[:60]
    two["n"] = 1.0
    fitted = aligned([fit(part, ROLES) for part in (one, two)])
    assert fitted[0].feature_names == fitted[1].feature_names
    assert "n is missing" in fitted[0].feature_names
    shapes = {part.apply(frame(), "float32").shape for part in fitted}
    assert len(shapes) == 1


def test_rows_that_lack_a_column_or_have_text_for_numbers_are_refused():
    ours = fit(frame(), ROLES)
    with pytest.raises(ValueError, match="'q'"):
        ours.apply(frame().drop(columns="q"), "float32")
    with pytest.raises(ValueError, match="'n' must be numbers"):
        ours.apply(frame().assign(n="many"), "float32")
    text = frame().assign(n=frame()["n"].map(str))
    assert np.array_equal(ours.apply(text, "float32"), ours.apply(frame(), "float32"))


def test_a_category_whose_folds_share_no_level_has_a_typical_row_too():
    folds = [pd.DataFrame({"c": [level] * 9 + ["once"]}, dtype="str") for level in "uv"]
    fitted = aligned([fit(one, {"c": "category"}) for one in folds])
    assert fitted[0].feature_names == ("c=other",)
    assert fitted[0].typical() == {"c": ""}


@pytest.mark.parametrize(("reading", "stands"), [(1, 0.0), (2, 0.0), (3, 1995.5)])
def test_a_gap_that_train_has_not_is_the_median_of_whole_numbers_too(reading, stands):
    train = pd.DataFrame({"year": [1991, 1994, 1997, 2020], "x": [0.5, 1.0, 1.5, 2.0]})
    fitted = fit(train, {"year": "number", "x": "number"}, Reading(reading))
    new = pd.DataFrame({"year": [np.nan, stands], "x": [1.25, np.nan]})
    first, second = fitted.apply(new, np.float64)
    assert first.tolist() == second.tolist()
