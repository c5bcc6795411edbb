"""The kinds of numeric columns: a new one is a row in the table, and all else follows."""

import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import QuantileTransformer

from dnnsearch.config.config import parse_config
from dnnsearch.data.model_inputs import inputs
from dnnsearch.data.prepare import held_out, prepare
from dnnsearch.data.transformations import (
    MAX_QUANTILES,
    TRANSFORMATIONS,
    Transformation,
    fit_quantiles,
    middle,
    to_normal,
)
from dnnsearch.errors import UserError
from dnnsearch.models import model_file
from dnnsearch.models.ensemble import Model
from dnnsearch.models.targets import labels
from dnnsearch.nn import Parameters
from dnnsearch.storage.array_store import ArrayStore
from dnnsearch.trials.hyperparameters import Hyperparameters
from dnnsearch.trials.training import train
from tests.data.test_prepare import HYPER

M = 200


ROWS = {
    "log": Transformation(
        lambda values, _: np.log1p(values), typical=lambda mean, _: np.expm1(mean)
    ),
    "range": Transformation(
        lambda values, ends: np.clip(values, *ends),
        lambda values: np.stack([values.min(axis=0), values.max(axis=0)]),
        "ends",
    ),
}


@pytest.fixture
def table(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.exponential(9, M) ** 2, "b": rng.normal(size=M)})
    frame["y"] = np.where(np.log1p(frame["a"]) > 3, "much", "little")
    frame.to_csv(tmp_path / "table.csv", index=False)
    return tmp_path / "table.csv"


def config(table, role, **changes):
    data = {"file": str(table), "target": "y", "columns": {"a": role}}
    return parse_config({**HYPER, "data": data, **changes}, "x.yaml", "x")


@pytest.mark.parametrize("role", ROWS)
@pytest.mark.parametrize("folds", [None, 3])
def test_one_row_is_a_new_kind_of_column_to_train_with(table, role, folds, tmp_path, monkeypatch):
    monkeypatch.setitem(TRANSFORMATIONS, role, ROWS[role])
    store = ArrayStore(tmp_path / "store")
    prepared = prepare(config(table, role, folds=folds, dtype="float64"), store)
    X = store.open(prepared.key)["X_train"][..., prepared.feature_names.index("a")]
    assert np.allclose(X.mean(axis=-1), 0)
    assert np.allclose(X.std(axis=-1), 1)

    model = model_file.decode(trained(store, prepared), "the file")
    rows = held_out(config(table, role, folds=folds))
    right = np.mean(model.predict(rows.X) == np.array(prepared.classes)[rows.y])
    assert right > (0.9 if role == "log" else 0.6)  # the classes are a threshold of the logarithm
    X_test = store.open(prepared.test_key)["X_test"]
    assert np.array_equal(model.inputs.apply(rows.X, np.float64), X_test)
    typical = model.inputs.typical()["a"].item()
    assert rows.X["a"].min() < typical < rows.X["a"].max()


def trained(store, prepared):
    """The model file of a logistic regression on what was prepared."""
    fitted = inputs(store.open(prepared.test_key), prepared.feature_names)
    replicates = fitted.shape[1]
    parameters = Parameters([prepared.shape.features, 1], (replicates,), np.float64)
    course = train(
        parameters,
        store.open(prepared.key),
        Hyperparameters(
            learning_rate=1.0,
            iterations=100,
            units=(),
            activation="relu",
            momentum=0.9,
            batch_size="full",
        ),
        output=prepared.shape.output,
        curve_every=100,
        rngs=[np.random.default_rng(r) for r in range(replicates)],
    )
    assert all(progress.finite.all() for progress in course)
    classes, target = labels(prepared.classes), np.array([0.0, 1.0])
    return model_file.encode(Model(parameters, "relu", fitted, classes, target, "y"))


def test_a_row_changes_nothing_for_tables_that_do_not_use_it(table, tmp_path, monkeypatch):
    before = prepare(config(table, "quantile"), ArrayStore(tmp_path / "before"))
    for role, row in ROWS.items():
        monkeypatch.setitem(TRANSFORMATIONS, role, row)
    assert prepare(config(table, "quantile"), ArrayStore(tmp_path / "after")) == before


def test_a_role_without_a_row_is_unknown_to_a_config_and_to_a_model_file(
    table, tmp_path, monkeypatch
):
    with pytest.raises(UserError, match="must be one of number, quantile, pixel, date, category"):
        config(table, "log")
    with monkeypatch.context() as patch:
        patch.setitem(TRANSFORMATIONS, "log", ROWS["log"])
        store = ArrayStore(tmp_path / "store")
        prepared = prepare(config(table, "log", dtype="float64"), store)
        content = trained(store, prepared)
        model_file.decode(content, "the file")
    with pytest.raises(UserError, match="columns: must have known roles"):
        model_file.decode(content, "the file")
    with pytest.raises(ValueError, match="unknown role 'log'"):
        inputs(store.open(prepared.test_key))


def test_quantiles_become_normal_and_the_typical_value_is_the_middle_one():
    quantiles = np.linspace(0, 10, 101)[:, None]
    values = to_normal(np.array([[5.0], [0.0], [100.0]]), quantiles).ravel()
    assert np.allclose(values[0], 0)
    assert values[1] < -5
    assert values[2] > 5
    assert middle(np.zeros(1), quantiles).tolist() == [5]


@pytest.mark.parametrize("seed", range(20))
def test_quantiles_give_the_bits_of_scikit_learns_transformer(seed: int) -> None:
    """On train, on its quantiles, and far outside; with ties, and with few rows."""
    rng = np.random.default_rng(seed)
    shape = (int(rng.integers(1, 500)), int(rng.integers(1, 4)))
    train = rng.lognormal(0, 2, shape) if seed % 2 else rng.integers(-3, 4, shape).astype(float)
    theirs = QuantileTransformer(
        output_distribution="normal", n_quantiles=min(MAX_QUANTILES, len(train)), subsample=None
    ).fit(train)
    quantiles = fit_quantiles(train)
    values = np.concatenate([train, quantiles, rng.normal(0, 1e6, shape), quantiles + 1e-7])
    assert to_normal(values, quantiles).tobytes() == theirs.transform(values).tobytes()
