"""Covers the training of an estimator: early stopping, curves, divergence."""

from typing import Any

import numpy as np
import pytest

from dnnsearch import DeepNetClassifier, nn
from dnnsearch.estimators.arguments import hyperparameters, settings
from dnnsearch.estimators.fitting import Diverged, Fit, fit
from dnnsearch.trials.hyperparameters import Hyperparameters
from dnnsearch.trials.training import train

RNG = np.random.default_rng(0)
X = RNG.standard_normal((90, 4)).astype(np.float32)
y = (X[:, 0] * X[:, 1] > 0).astype(np.int64)
DATA = {"X_train": X[:60], "y_train": y[:60], "X_dev": X[60:], "y_dev": y[60:]}
ALL = {"X_train": X, "y_train": y}


def fitted(data: dict[str, np.ndarray], output: str = "sigmoid", **arguments: Any) -> Fit:
    given = DeepNetClassifier(units=16, iterations=100, batch_size=16).get_params() | arguments
    rng = np.random.default_rng(3)
    return fit(data, output, 1, hyperparameters(given), settings(given), rng)


def test_it_is_the_same_training_as_that_of_a_trial() -> None:
    rng = np.random.default_rng(3)
    parameters = nn.initialize((4, 16, 16, 1), [rng])
    points = train(
        parameters,
        DATA,
        Hyperparameters(
            learning_rate=0.1,
            iterations=100,
            units=(16, 16),
            activation="relu",
            momentum=0.9,
            batch_size=16,
        ),
        output="sigmoid",
        curve_every=3,
        rngs=[rng],
    )
    points = list(points)
    found = fitted({name: DATA[name] for name in ("X_train", "y_train")})
    trial = nn.Parameters.from_flat(parameters.layer_sizes, parameters.flat[0]).as_dict()
    assert found.curves["train_cost"].tolist() == [point.train_cost[0] for point in points]
    assert found.steps.tolist() == [*range(0, 100, 3), 100]
    assert all(np.array_equal(found.parameters[name], trial[name]) for name in trial)
    watched = fitted(DATA, patience=None)
    assert watched.curves["dev_cost"].tolist() == [point.dev_cost[0] for point in points]


def test_the_parameters_of_the_lowest_dev_cost_are_kept() -> None:
    noise = {**DATA, "y_dev": 1 - DATA["y_dev"]}  # what is learnt makes it worse there
    patient, hasty = fitted(noise, patience=None), fitted(noise, patience=4)
    dev = patient.curves["dev_cost"]
    assert patient.steps[-1] == 100
    assert patient.best == patient.steps[dev.argmin()] < 100
    assert len(hasty.steps) == dev.argmin() + 5
    assert hasty.best == patient.best
    network = nn.Network(nn.Parameters.from_dict(patient.parameters), "relu", "sigmoid")
    cost, _ = network.cost_and_gradient(DATA["X_dev"].T, noise["y_dev"][np.newaxis])
    assert cost == pytest.approx(dev.min(), rel=1e-6)


def test_without_a_dev_set_all_iterations_are_made() -> None:
    assert fitted(ALL, patience=1).best == 100


def test_a_training_that_diverges_says_what_helps() -> None:
    regression = {"X_train": X * 1000, "y_train": X[:, 0]}
    with pytest.raises(Diverged, match=r"finite.*learning_rate=10: .*StandardScaler"):
        fitted(regression, "identity", learning_rate=10, activation="leaky_relu")
