"""Metrics against scikit-learn's, the better of two values, and weights of classes."""

import numpy as np
import pytest
from sklearn import metrics

from dnnsearch import nn
from dnnsearch.trials.hyperparameters import Hyperparameters
from dnnsearch.trials.metrics import MAXIMIZE, METRICS, MINIMIZE, best_so_far, measure, on_request
from dnnsearch.trials.momentum import example_weights
from dnnsearch.trials.run import run_trial
from dnnsearch.trials.spec import Spec
from dnnsearch.trials.training import train

rng = np.random.default_rng(0)
M = 200
BINARY = np.round(rng.normal(size=(2, 1, M)), 1), (rng.uniform(size=M) < 0.1).astype(np.int64)
MULTI = rng.normal(size=(2, 4, M)), rng.integers(0, 4, M)
REAL = rng.normal(size=(2, 1, M)), rng.normal(size=M)


def test_scores_of_two_classes_are_scikit_learns():
    Z, y = BINARY
    for z, *ours in zip(Z, *(measure(name, Z, y) for name in on_request("sigmoid"))):
        predicted = (z[0] > 0).astype(int)
        assert ours[0] == pytest.approx(metrics.balanced_accuracy_score(y, predicted))
        assert ours[1] == pytest.approx(metrics.f1_score(y, predicted, zero_division=0))
        assert ours[2] == pytest.approx(metrics.roc_auc_score(y, z[0]))


def test_f1_is_that_of_the_rarer_class():
    Z, y = BINARY
    assert measure("dev_f1", -Z + 0.01, 1 - y) == pytest.approx(measure("dev_f1", Z - 0.01, y))


def test_scores_of_more_classes_are_scikit_learns():
    Z, y = MULTI
    probabilities = np.exp(Z[0]) / np.exp(Z[0]).sum(axis=0)
    predicted = Z[0].argmax(axis=0)
    assert measure("dev_balanced_accuracy", Z, y)[0] == pytest.approx(
        metrics.balanced_accuracy_score(y, predicted)
    )
    assert measure("dev_f1", Z, y)[0] == pytest.approx(
        metrics.f1_score(y, predicted, average="macro")
    )
    assert measure("dev_roc_auc", Z, y)[0] == pytest.approx(
        metrics.roc_auc_score(y, probabilities.T, multi_class="ovr")
    )


def test_scores_of_a_regression_are_scikit_learns_and_the_error_has_the_targets_unit():
    Z, y = REAL
    assert measure("dev_r2", Z, y)[0] == pytest.approx(metrics.r2_score(y, Z[0, 0]))
    expected = metrics.root_mean_squared_error(10 * y, 10 * Z[0, 0])
    assert measure("dev_rmse", Z, y, scale=10)[0] == pytest.approx(expected)


def test_a_replicate_whose_logits_are_not_finite_has_no_score():
    Z, y = MULTI[0].copy(), MULTI[1]
    Z[0, 0, 0] = np.inf
    scores = measure("dev_f1", Z, y)
    assert np.isnan(scores[0])
    assert np.isfinite(scores[1])


def test_folds_have_targets_of_their_own():
    Z, y = MULTI
    both = measure("dev_f1", Z, np.stack([y, y[::-1]]))
    assert both[1] == measure("dev_f1", Z[1:], y[::-1])[0]


def test_a_trial_always_measures_accuracy_and_cost_and_the_rest_on_request():
    assert {*METRICS} - {*on_request()} == {"dev_accuracy", "dev_cost"}


def test_a_direction_says_which_of_two_values_is_better_and_none_is_worse_than_any():
    assert MAXIMIZE.better(2.0, 1.0)
    assert MINIMIZE.better(1.0, 2.0)
    assert not MAXIMIZE.better(1.0, 1.0)
    assert MINIMIZE.better(9.0, None)
    assert not MINIMIZE.better(None, 9.0)
    assert sorted([2.0, None, 3.0], key=MAXIMIZE.sort_key) == [3.0, 2.0, None]
    assert sorted([None, 3.0, 2.0], key=MINIMIZE.sort_key) == [2.0, 3.0, None]


def test_of_equal_values_the_first_stays_the_best_so_far():
    values = [None, 2.0, 2.0, None, 1.0, 3.0]
    assert list(best_so_far(values, MAXIMIZE)) == [None, 1, 1, 1, 1, 5]
    assert list(best_so_far(values, MINIMIZE)) == [None, 1, 1, 1, 4, 4]


def test_an_interval_ends_at_the_best_value_that_exists():
    assert METRICS["dev_f1"].clipped(-0.1, 1.2) == (-0.1, 1.0)
    assert METRICS["dev_rmse"].clipped(-0.1, 1.2) == (0.0, 1.2)


def test_the_training_measures_accuracy_and_cost_itself():
    with pytest.raises(ValueError, match="dev_cost"):
        measure("dev_cost", *MULTI)


def test_the_weight_of_an_example_is_that_of_its_class():
    weights = np.array([2.0, 3.0, 5.0])
    y = np.array([2, 0, 1, 1])
    Y = nn.OUTPUTS["softmax"].targets(y, 3)
    assert example_weights(weights, Y).tolist() == [[5, 2, 3, 3]]
    Y = nn.OUTPUTS["sigmoid"].targets(np.array([1, 0, 1]), 1)
    assert example_weights(weights[:2], Y).tolist() == [[3, 2, 3]]


def spec(**changes):
    weights = changes.pop("class_weights", None)
    hyper = Hyperparameters(0.5, 200, (8,), "relu", 0.9, 32, class_weights=weights)
    values = {
        "hyperparameters": hyper,
        "seed": 0,
        "number": 0,
        "data": "",
        "split": "",
        "arrays": "",
        "features": 2,
        "outputs": 1,
        "train_examples": 300,
        "output": "sigmoid",
        "objective": "dev_accuracy",
        "initialization": "he",
        "dtype": "float32",
        "curve_every": 100,
        "numerics": "native",
        "arithmetic": 1,
    }
    return Spec(**{**values, **changes})


@pytest.fixture(scope="module")
def rare():
    """Two clouds that overlap, one of them ten times as large."""
    random = np.random.default_rng(0)
    y = (random.uniform(size=600) < 0.1).astype(np.int64)
    X = (random.normal(size=(600, 2)) + y[:, None]).astype(np.float32)
    return {"X_train": X[:300], "y_train": y[:300], "X_dev": X[300:], "y_dev": y[300:]}


def test_class_weights_raise_the_balanced_accuracy(rare):
    wanted = {"objective": "dev_balanced_accuracy", "metrics": ("dev_f1",)}
    plain, balanced = (
        run_trial(spec(class_weights=power, **wanted), rare) for power in (None, 1.0)
    )
    name = "dev_balanced_accuracy"
    assert balanced.final[name].mean() > plain.final[name].mean() + 0.1
    assert balanced.dev_predictions.mean() > plain.dev_predictions.mean()
    assert set(plain.curves) >= {name, "dev_f1"}


def test_weights_of_power_zero_train_to_the_bits_of_none(rare):
    plain, zero = (run_trial(spec(class_weights=power), rare) for power in (None, 0.0))
    assert np.array_equal(plain.parameters, zero.parameters)


def test_a_weighted_gradient_is_that_of_the_repeated_examples():
    """Equal weights of classes of 20 and 10 are every example of the second twice."""
    random = np.random.default_rng(0)
    X, y = random.normal(size=(30, 3)), np.repeat([0, 1], [20, 10])
    repeated = np.repeat(np.arange(30), 1 + y)
    ends = []
    for rows, power in ((np.arange(30), 1.0), (repeated, None)):
        parameters = nn.initialize((3, 4, 1), [np.random.default_rng(1)], "he", "float64")
        data = {"X_train": X[rows], "y_train": y[rows], "X_dev": X, "y_dev": y}
        hyper = Hyperparameters(0.5, 20, (4,), "tanh", 0.5, "full", class_weights=power)
        rngs = [np.random.default_rng(0)]
        list(train(parameters, data, hyper, output="sigmoid", curve_every=20, rngs=rngs))
        ends.append(parameters.flat)
    assert np.allclose(*ends, rtol=1e-12)


def test_what_is_neutral_is_left_out_of_the_digest():
    plain = spec()
    assert "metrics" not in plain.as_dict()
    assert "class_weights" not in plain.as_dict()["hyperparameters"]
    assert "class_weights" not in plain.hyperparameters.as_params()
    weighted = spec(class_weights=0.0, metrics=("dev_f1",))
    assert Spec.from_dict(weighted.as_dict()) == weighted
    assert weighted.digest != plain.digest
