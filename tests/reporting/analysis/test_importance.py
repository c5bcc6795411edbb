"""fANOVA and the forest behind it give what Optuna and scikit-learn give, in a part of the time."""

import numpy as np
import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from sklearn.ensemble import RandomForestRegressor

from dnnsearch.reporting.analysis import fanova as ours
from dnnsearch.reporting.analysis.importance import importance
from dnnsearch.reporting.analysis.random_forest import forest, predicted

SPACE = {
    "activation": CategoricalDistribution(["relu", "tanh", "gelu"]),
    "batch_size": CategoricalDistribution([32, 64]),
    "learning_rate": FloatDistribution(1e-4, 1.0, log=True),
    "momentum": FloatDistribution(0.0, 1.0),
    "units_1": IntDistribution(1, 9),
}


def trials(count, value):
    rng = np.random.default_rng(0)
    for _ in range(count):
        params = {
            "activation": ["relu", "tanh", "gelu"][rng.integers(3)],
            "batch_size": [32, 64][rng.integers(2)],
            "learning_rate": float(10 ** rng.uniform(-4, 0)),
            "momentum": float(rng.random()),
            "units_1": int(rng.integers(1, 10)),
        }
        noise = 0.2 * rng.normal()
        yield optuna.trial.create_trial(
            value=float(value(params) + noise), params=params, distributions=SPACE
        )


def value(params):
    units = 0.3 * (params["activation"] == "tanh") * params["units_1"]
    return np.log10(params["learning_rate"]) + units + params["momentum"]


@pytest.fixture(scope="module")
def finished():
    return list(trials(60, value))


def columns(finished):
    """Return X, y, bounds and the columns of each hyperparameter, as Optuna encodes them."""
    found, bounds, inputs = [], [], []
    for name, d in SPACE.items():
        values = np.array([t.params[name] for t in finished], object)
        choices = d.choices if isinstance(d, CategoricalDistribution) else [None]
        inputs.append(list(range(len(found), len(found) + len(choices))))
        found += [values == c if c is not None else values for c in choices]
        bounds += [(0, 1) if c is not None else (d.low, d.high) for c in choices]
    y = np.array([t.value for t in finished])
    return np.array(found, float).T, y, np.array(bounds, float), inputs


def test_fanova_is_optunas(finished):
    study = optuna.create_study()
    study.add_trials(finished)
    evaluator = optuna.importance.FanovaImportanceEvaluator(n_trees=8, max_depth=8, seed=5)
    theirs = optuna.importance.get_param_importances(study, evaluator=evaluator, params=[*SPACE])
    found = ours.fanova(*columns(finished), trees=8, seed=5)
    shares = {name: share / sum(found) for name, share in zip(SPACE, found)}
    assert shares == pytest.approx(theirs, rel=1e-9)


def test_fanova_of_equal_values_is_zero_for_each(finished):
    X, _, bounds, inputs = columns(finished)
    assert ours.fanova(X, np.ones(len(X)), bounds, inputs, trees=2, seed=0) == [0.0] * len(SPACE)


@pytest.mark.parametrize("depth", [None, 3])
def test_a_forest_predicts_as_scikit_learns(finished, depth):
    X, y, *_ = columns(finished)
    theirs = RandomForestRegressor(7, max_depth=depth, random_state=3).fit(X, y)
    assert (predicted(forest(X, y, 7, 3, depth), X) == theirs.predict(X)).all()


def test_the_hyperparameter_that_decides_is_the_most_important_by_both_methods():
    found = importance(list(trials(60, lambda p: 3 * p["momentum"])), draws=2)
    assert found.names[0] == "momentum" and found.explained > 0.5
    for shares in (found.fanova, found.permutation):
        assert sum(share.mean for share in shares.values()) == pytest.approx(1)


def test_trials_with_equal_hyperparameters_have_no_importance(finished):
    first = finished[0]
    alike = [
        optuna.trial.create_trial(value=float(i), params=first.params, distributions=SPACE)
        for i in range(30)
    ]
    assert importance(alike) is None
