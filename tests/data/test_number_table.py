"""Tables of numbers, and the standardisation of their columns."""

import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import StandardScaler

from dnnsearch.data.datasets import load
from dnnsearch.data.number_table import Standardisation
from dnnsearch.data.split_config import Split


def test_the_standardisation_is_scikit_learns():
    X = load({"name": "breast_cancer"}).X
    ours = Standardisation.fit(X)
    theirs = StandardScaler().fit(X)
    assert np.allclose(ours.mean, theirs.mean_, rtol=1e-12)
    assert np.allclose(ours.scale, theirs.scale_, rtol=1e-12)


def test_a_constant_column_has_the_scale_one_and_becomes_zero():
    X = np.column_stack([np.full(7, 0.1), np.arange(7)])
    fitted = Standardisation.fit(X)
    assert fitted.scale[0] == 1
    assert fitted.standardise(X, np.float64)[:, 0].tolist() == [0] * 7


def test_columns_of_a_frame_are_found_by_their_names_in_any_order():
    fitted = Standardisation(np.array([1.0, 2.0]), np.array([1.0, 2.0]), ("a", "b"))
    frame = pd.DataFrame({"more": ["x"], "b": [4.0], "a": [2.0]})
    assert fitted.apply(frame, np.float64).tolist() == [[1, 1]]
    assert fitted.apply([{"a": 2, "b": 4}], np.float64).tolist() == [[1, 1]]
    with pytest.raises(ValueError, match="'b' is missing"):
        fitted.apply(frame.drop(columns="b"), np.float64)
    assert fitted.filled(frame.drop(columns="b"))["b"].tolist() == [2]
    with pytest.raises(ValueError, match="no missing values"):
        fitted.apply(frame.assign(a=np.nan), np.float64)


def test_a_set_with_a_name_has_no_column_to_split_by():
    with pytest.raises(ValueError, match="by needs a file with columns"):
        load({"name": "iris"}).split(Split(by="x"), None)
