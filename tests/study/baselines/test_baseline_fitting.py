"""The baselines are fitted in a process of their own and score as scikit-learn's models do."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import r2_score, roc_auc_score

from dnnsearch.config.config import parse_config
from dnnsearch.data.prepare import Prepared, prepare
from dnnsearch.runtime import numerics
from dnnsearch.storage.array_store import ArrayStore, default_root
from dnnsearch.study.baselines.baseline_fitting import Figures, description, fitting, skipped

pytestmark = pytest.mark.usefixtures("forked_pinned_calls")

PINS = numerics.supported_pins("portable")
SPACE = {
    "learning_rate": 0.1,
    "iterations": 50,
    "hidden_layers": 1,
    "units": 4,
    "activation": "tanh",
    "momentum": 0.9,
    "batch_size": 16,
}


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DNNSEARCH_CACHE", str(tmp_path))


def prepared(data: str | dict[str, str], **changes: object) -> Prepared:
    config = parse_config({"data": data, **SPACE, **changes}, "rig.yaml", "rig")
    return prepare(config, ArrayStore(default_root()))


def fitted(one: Prepared, metrics: list[str], folds: int | None = None) -> Figures:
    with fitting(one, "dev", PINS, 0, metrics, folds) as process:
        figures = process.figures()
    assert figures is not None
    return figures


def test_the_scores_on_dev_are_those_of_scikit_learn() -> None:
    one = prepared("breast_cancer")
    found = fitted(one, ["dev_accuracy", "dev_cost", "dev_roc_auc"])
    arrays = ArrayStore(default_root()).open(one.key)
    X, y, X_dev, y_dev = (np.array(arrays[n]) for n in ("X_train", "y_train", "X_dev", "y_dev"))
    model = LogisticRegression(max_iter=1000).fit(X, y)
    accuracy = found["linear"]["dev_accuracy"]
    assert accuracy["value"] == pytest.approx(model.score(X_dev, y_dev))
    assert accuracy["low"] < accuracy["value"] < accuracy["high"]
    area = roc_auc_score(y_dev, model.decision_function(X_dev))
    assert found["linear"]["dev_roc_auc"]["value"] == pytest.approx(area)
    assert found["guess"]["dev_roc_auc"] == {"value": 0.5}
    most = max(y_dev.mean(), 1 - y_dev.mean())
    assert found["guess"]["dev_accuracy"]["value"] == pytest.approx(most)
    assert found["trees"]["dev_accuracy"]["value"] > 0.9
    assert found == fitted(one, ["dev_accuracy", "dev_cost", "dev_roc_auc"])


def test_with_folds_each_fold_has_its_own_model_and_its_own_dev_set() -> None:
    one = prepared("wine", folds=3)
    found = fitted(one, ["dev_accuracy", "dev_balanced_accuracy"], folds=3)
    arrays = ArrayStore(default_root()).open(one.key)
    scores = [
        LogisticRegression(max_iter=1000).fit(X, y).score(X_dev, y_dev)
        for X, y, X_dev, y_dev in zip(
            *(np.array(arrays[n]) for n in ("X_train", "y_train", "X_dev", "y_dev")), strict=True
        )
    ]
    assert found["linear"]["dev_accuracy"]["value"] == pytest.approx(np.mean(scores))


def test_a_regression_is_scored_in_the_unit_of_its_target() -> None:
    one = prepared({"bundled": "diabetes", "target": "target", "task": "regression"})
    found = fitted(one, ["dev_r2", "dev_rmse"])
    store = ArrayStore(default_root())
    arrays, test = store.open(one.key), store.open(one.test_key)
    X, y, X_dev, y_dev = (np.array(arrays[n]) for n in ("X_train", "y_train", "X_dev", "y_dev"))
    predicted = Ridge().fit(X, y).predict(X_dev)
    assert found["linear"]["dev_r2"]["value"] == pytest.approx(r2_score(y_dev, predicted), abs=1e-5)
    error = float(np.sqrt(np.mean((predicted - y_dev) ** 2)) * test["target"][1])
    assert found["linear"]["dev_rmse"]["value"] == pytest.approx(error, rel=1e-4)
    assert found["guess"]["dev_rmse"]["value"] > error


def test_a_table_with_too_many_cells_gets_guessing_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    one = prepared("wine")
    large = replace(one, shape=replace(one.shape, train=5_000_000, features=11))
    assert skipped(one, None) == ""
    assert skipped(large, None) == (
        "no linear model and no boosted trees: 5.5e+07 cells are more than 5e+07"
    )
    assert skipped(replace(one, shape=replace(one.shape, train=1_000_000, features=11)), 5)
    assert list(fitted(large, ["dev_accuracy"])) == ["guess"]
    assert description(large, "dev") == "computing what guessing reaches"


def test_before_a_fit_it_is_said_what_is_fitted_to_how_many_rows_and_why() -> None:
    one = prepared("wine")
    models, rows = "fitting a linear model and boosted trees", one.shape.train
    assert description(one, "dev", 5) == (
        f"{models} 5 times to {rows} rows of train, to compare the trials with them on dev"
    )
    assert description(one, "test") == (
        f"{models} to {rows} rows of train and dev, to compare the model with them on test"
    )


def test_a_fit_that_takes_too_long_is_given_up() -> None:
    with fitting(prepared("wine"), "dev", PINS, 0, ["dev_accuracy"]) as process:
        assert process.figures(seconds=0.01) is None
