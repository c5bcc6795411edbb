"""Covers the classifier and the regressor: predictions, seeds, errors."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.datasets import load_iris, make_friedman1, make_moons
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from dnnsearch import DeepNetClassifier, DeepNetRegressor

X, y = make_moons(200, noise=0.15, random_state=0)
X_FRIEDMAN, Y_FRIEDMAN = make_friedman1(300, n_features=5, random_state=0)


def moons(**arguments: object) -> DeepNetClassifier:
    given = {"learning_rate": 0.5, "units": 16, "iterations": 400, "random_state": 0, **arguments}
    return DeepNetClassifier(**given).fit(X, y)


def test_two_classes_are_predicted() -> None:
    model = moons()
    shares = model.predict_proba(X)
    assert model.score(X, y) > 0.95
    assert shares.shape == (200, 2)
    assert np.array_equal(shares.argmax(axis=1), model.predict(X))
    assert shares.sum(axis=1) == pytest.approx(1)
    assert model.n_iter_ == model.best_iteration_ == model.steps_[-1] == 400
    assert model.dev_loss_curve_ is None
    assert model.loss_curve_[-1] < model.loss_curve_[0]
    assert [model.parameters_[n].shape for n in ("W1", "b1", "W3")] == [(16, 2), (16, 1), (1, 16)]
    assert model.parameters_["W1"].dtype == np.float32


def test_a_data_frame_with_text_labels_is_accepted() -> None:
    bunch = load_iris(as_frame=True)
    names = bunch.target.map(dict(enumerate(bunch.target_names)))
    model = make_pipeline(StandardScaler(), DeepNetClassifier(iterations=300, random_state=0))
    model.set_output(transform="pandas")
    model.fit(bunch.data, names)
    network = model[-1]
    assert model.score(bunch.data, names) > 0.95
    assert network.classes_.tolist() == ["setosa", "versicolor", "virginica"]
    assert network.feature_names_in_.tolist() == bunch.feature_names
    assert network.n_features_in_ == 4
    assert model.predict_proba(bunch.data).shape == (150, 3)
    with pytest.raises(ValueError, match="feature names should match"):
        network.predict(pd.DataFrame(np.zeros((1, 4)), columns=list("abcd")))


def test_a_regression_predicts_in_the_unit_of_its_target() -> None:
    arguments = {"units": 32, "iterations": 500, "random_state": 0}
    model = make_pipeline(StandardScaler(), DeepNetRegressor(**arguments))
    large = 1e6 * Y_FRIEDMAN + 1e9
    model.fit(X_FRIEDMAN, large)
    assert model.score(X_FRIEDMAN, large) > 0.9
    assert model[-1].target_mean_ == pytest.approx(large.mean())
    assert model[-1].loss_curve_[-1] < 0.1
    constant = DeepNetRegressor(iterations=300).fit(X_FRIEDMAN, np.full(300, 7.0))
    assert constant.predict(X_FRIEDMAN) == pytest.approx(7, abs=0.5)


def test_it_stops_early_if_the_dev_cost_does_not_fall() -> None:
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((200, 20)), rng.integers(0, 2, 200)
    model = DeepNetClassifier(iterations=3000, dev_fraction=0.3, random_state=0).fit(*noise)
    assert model.n_iter_ == model.steps_[-1] < 3000
    assert model.best_iteration_ == model.steps_[model.dev_loss_curve_.argmin()] < model.n_iter_
    assert len(model.loss_curve_) == len(model.dev_loss_curve_) == len(model.steps_)


def test_class_weights_raise_the_recall_of_the_rare_class() -> None:
    rng = np.random.default_rng(0)
    labels = np.where(rng.uniform(size=600) < 0.1, "rare", "usual")
    rows = rng.standard_normal((600, 2)) + (labels == "rare")[:, np.newaxis]

    def recall(weights: float | None) -> float:
        model = DeepNetClassifier(iterations=300, class_weights=weights, random_state=0)
        return float(np.mean(model.fit(rows, labels).predict(rows[labels == "rare"]) == "rare"))

    assert recall(None) == recall(0) < 0.6 < 0.7 < recall(1)


def test_the_random_state_is_all_that_is_random() -> None:
    one, again = moons(), moons(dev_fraction=0.2)
    other = moons(random_state=1)
    assert np.array_equal(one.parameters_["W1"], moons().parameters_["W1"])
    assert np.array_equal(again.loss_curve_, moons(dev_fraction=0.2).loss_curve_)
    assert not np.array_equal(one.parameters_["W1"], other.parameters_["W1"])


def test_the_prediction_of_a_row_does_not_depend_on_others() -> None:
    model = moons()
    alone = np.concatenate([model.predict_proba(row[np.newaxis]) for row in X])
    assert alone == pytest.approx(model.predict_proba(X), abs=1e-14)


def test_a_fitted_model_can_be_pickled() -> None:
    model = moons()
    again = pickle.loads(pickle.dumps(model))
    assert np.array_equal(again.predict_proba(X), model.predict_proba(X))


def test_grid_search_and_cross_validation_work_with_it() -> None:
    model = make_pipeline(StandardScaler(), DeepNetClassifier(iterations=60, random_state=0))
    grid = {"deepnetclassifier__units": [4, (8, 4)], "deepnetclassifier__momentum": [0, 0.9]}
    search = GridSearchCV(model, grid, cv=2, scoring="roc_auc").fit(X, y)
    assert search.best_params_.keys() == grid.keys()
    assert search.best_score_ > 0.85
    assert cross_val_score(model, X, y, cv=3).min() > 0.7


def test_data_that_cannot_be_learnt_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="y must have 2 classes, but has one class, 'a'"):
        DeepNetClassifier().fit([[1.0], [2.0]], ["a", "a"])
    with pytest.raises(ValueError, match="too large for dtype"):
        DeepNetClassifier().fit([[1e300], [2.0]], [0, 1])
    with pytest.raises(ValueError, match="units must be a whole number"):
        DeepNetClassifier(units=0).fit(X, y)
    with pytest.raises(NotFittedError):
        DeepNetRegressor().predict(X)


X_FRAME = pd.DataFrame(X, columns=["east", "north"])
TRUE = pd.Series(y == 1)


@pytest.mark.parametrize(
    ("rows", "labels"),
    [
        (pl.from_pandas(X_FRAME), pl.Series(y == 1)),
        (pa.Table.from_pandas(X_FRAME), pa.array(y == 1)),
        (X_FRAME.to_dict("records"), (y == 1).tolist()),
        (X_FRAME.convert_dtypes(), TRUE.astype("boolean")),
        (X_FRAME.convert_dtypes(dtype_backend="pyarrow"), TRUE.astype("bool[pyarrow]")),
    ],
    ids=["polars", "arrow", "records", "nullable", "pyarrow"],
)
def test_tables_of_any_library_are_accepted(rows: object, labels: object) -> None:
    model = DeepNetClassifier(iterations=20, random_state=0).fit(rows, labels)
    plain = DeepNetClassifier(iterations=20, random_state=0).fit(X_FRAME, y == 1)
    assert model.classes_.tolist() == [False, True]
    assert model.feature_names_in_.tolist() == ["east", "north"]
    assert np.array_equal(model.predict_proba(rows), plain.predict_proba(X_FRAME))
    assert model.score(rows, labels) == plain.score(X_FRAME, y == 1)
