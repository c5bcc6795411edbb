"""Replicates and folds: each is the same as if trained alone, and the trial is their mean."""

from pathlib import Path

import numpy as np
import pytest

from dnnsearch import nn
from dnnsearch.config.config import parse_config
from dnnsearch.data.prepare import prepare
from dnnsearch.errors import UserError
from dnnsearch.storage.array_store import ArrayStore
from dnnsearch.study.definition import Definition, resolve_definition
from dnnsearch.trials.hyperparameters import Hyperparameters
from dnnsearch.trials.record import decode, encode
from dnnsearch.trials.run import TRIAL_STREAM, Result, run_trial
from dnnsearch.trials.spec import generator
from dnnsearch.trials.training import CURVES, train

CONFIG = {
    "data": "wine",
    "learning_rate": 0.1,
    "iterations": 40,
    "hidden_layers": 1,
    "units": 5,
    "activation": "tanh",
    "momentum": 0.9,
    "batch_size": 16,
    "curve_every": 10,
}
HYPER = Hyperparameters(0.1, 40, (5,), "tanh", 0.9, 16)
UNSTABLE = Hyperparameters(3e19, 40, (5,), "relu", 0.0, 16)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ArrayStore:
    return ArrayStore(tmp_path_factory.mktemp("store"))


def definition_of(store: ArrayStore, **changes: object) -> Definition:
    config = parse_config(CONFIG | changes, "test.yaml", "test")
    return Definition(config, prepare(config, store), "native")


def alone(definition: Definition, store: ArrayStore, hyper: Hyperparameters, r: int) -> Result:
    """Replicate r of trial 7, trained without the others."""
    spec = definition.spec(7, hyper, [])
    data = store.open(spec.arrays)
    data = {name: array[r] if definition.config.folds else array for name, array in data.items()}
    rng = generator(spec.seed, TRIAL_STREAM, 7, r)
    parameters = nn.initialize(spec.layer_sizes, [rng], spec.initialization, spec.dtype)
    points = list(
        train(
            parameters,
            data,
            hyper,
            output=spec.output,
            curve_every=spec.curve_every,
            rngs=[rng],
        )
    )
    curves = {name: np.concatenate([getattr(p, name) for p in points]) for name in CURVES}
    steps = np.array([p.iteration for p in points])
    nothing = np.empty(0)
    return Result("", steps, curves, 0, parameters.flat[0], nothing, "", 0.0)


@pytest.mark.parametrize("stack", [{"replicates": 4}, {"folds": 4}, {"folds": 3}])
def test_each_of_a_stack_is_what_it_is_alone(store: ArrayStore, stack: dict[str, int]) -> None:
    definition = definition_of(store, **stack)
    spec = definition.spec(7, HYPER, [])
    result = run_trial(spec, store.open(spec.arrays))
    for r in range(definition.config.stacked):
        single = alone(definition, store, HYPER, r)
        np.testing.assert_array_equal(result.parameters[r], single.parameters)
        for name in CURVES:
            np.testing.assert_array_equal(result.curves[name][r], single.curves[name])


def test_a_replicate_that_diverges_ends_and_the_others_go_on(store: ArrayStore) -> None:
    definition = definition_of(store, replicates=8, dtype="float32", initialization="small")
    spec = definition.spec(7, UNSTABLE, [])
    result = run_trial(spec, store.open(spec.arrays))
    assert result.end == "diverged"
    for r in range(8):
        single = alone(definition, store, UNSTABLE, r)
        points = len(single.steps)
        np.testing.assert_array_equal(
            result.curves["train_cost"][r, :points], single.curves["train_cost"]
        )
        assert np.isnan(result.curves["train_cost"][r, points:]).all()


def test_the_trial_is_scored_by_the_mean_and_the_record_has_every_value(
    store: ArrayStore,
) -> None:
    spec = definition_of(store, replicates=5).spec(7, HYPER, [])
    record = decode(encode(spec, run_trial(spec, store.open(spec.arrays)), {}))
    values = record.final["dev_accuracy"]
    assert values.shape == (5,)
    assert record.value == values.mean()


def test_folds_are_standardised_each_on_its_own_training_part(store: ArrayStore) -> None:
    prepared = definition_of(store, folds=3).prepared
    X = store.open(prepared.key)["X_train"]
    np.testing.assert_allclose(X.mean(axis=1), 0, atol=1e-6)
    np.testing.assert_allclose(X.std(axis=1), 1, atol=1e-6)
    assert store.open(prepared.test_key)["mean"].shape == (3, X.shape[-1])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"replicates": 0}, "replicates: must be a whole number from 1"),
        ({"folds": 0}, "folds: must be .*none.* but got 0|folds: must be a whole number from 2"),
        ({"folds": 1}, "folds: must be"),
        ({"folds": 100}, "split: every class needs at least 100 examples of train and dev"),
        ({"folds": 3, "replicates": 2}, "replicates or folds can be given, not both"),
        ({"folds": 2, "batch_size": 100}, "batch_size: must be at most the 71 examples"),
    ],
)
def test_bad_stacks_are_one_clear_line(
    tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        resolve_definition(
            parse_config(CONFIG | changes, "test.yaml", "test"), ArrayStore(tmp_path)
        )
