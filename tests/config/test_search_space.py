"""What Optuna is asked for, trial 0, the points of the curves, and what fits the data."""

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from dnnsearch.config.config import load_config, parse_config
from dnnsearch.config.data_fit import check_fits, resolve_curve_every
from dnnsearch.config.search_space import complete, default_params, first_params, suggest
from dnnsearch.data.prepare import DataShape
from dnnsearch.errors import UserError

SHAPE = DataShape(features=64, outputs=10, train=1079, dev=359, test=359, task="multiclass")
SEARCHED = {
    "data": "digits",
    "learning_rate": {"low": 0.01, "high": 1, "log": True},
    "iterations": {"low": 100, "high": 5000},
    "hidden_layers": [1, 2, 3],
    "units": {"low": 4, "high": 128, "log": True},
    "activation": ["tanh", "relu"],
    "momentum": {"low": 0, "high": 0.99},
    "batch_size": [16, 32, "full"],
}
FIXED = {
    "data": "digits",
    "learning_rate": 0.5,
    "iterations": 100,
    "hidden_layers": 2,
    "units": 8,
    "activation": "tanh",
    "momentum": 0,
    "batch_size": "full",
}


def config(base=SEARCHED, **changes):
    return parse_config({**base, **changes}, "x.yaml", "x")


def ask(config, first=None, seed=0):
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    if first is not None:
        study.enqueue_trial(first)
    trial = study.ask()
    return suggest(trial, config), study.trials[0]


def test_fixed_values_are_not_asked_from_optuna():
    hyper, trial = ask(config(FIXED))
    assert trial.params == {}
    assert hyper.as_params() == {
        "learning_rate": 0.5,
        "iterations": 100,
        "hidden_layers": 2,
        "units_1": 8,
        "units_2": 8,
        "activation": "tanh",
        "momentum": 0.0,
        "batch_size": "full",
    }


def test_parameters_have_a_fixed_order_and_units_only_for_existing_layers():
    hyper, trial = ask(config(hidden_layers=[3, 4]), {"hidden_layers": 3})
    assert list(trial.params) == [
        "learning_rate", "iterations", "hidden_layers", "units_1", "units_2", "units_3",
        "activation", "momentum", "batch_size",
    ]  # fmt: skip
    assert len(hyper.units) == 3


def test_each_dimension_is_optunas_own_distribution():
    _, trial = ask(config(), {"hidden_layers": 1})
    assert trial.distributions == {
        "learning_rate": FloatDistribution(0.01, 1, log=True),
        "iterations": IntDistribution(100, 5000),
        "hidden_layers": CategoricalDistribution((1, 2, 3)),
        "units_1": IntDistribution(4, 128, log=True),
        "activation": CategoricalDistribution(("tanh", "relu")),
        "momentum": FloatDistribution(0, 0.99),
        "batch_size": CategoricalDistribution((16, 32, "full")),
    }


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_stored_params_are_completed_to_the_hyperparameters_that_were_asked(seed):
    for space in (config(), config(momentum=0.9, hidden_layers=[0, 2]), config(FIXED)):
        asked, trial = ask(space, seed=seed)
        completed = complete(trial.params, space)
        assert completed == asked
        assert list(map(type, completed.as_params().values())) == list(
            map(type, asked.as_params().values())
        )


def test_params_that_lack_a_searched_hyperparameter_are_an_error():
    with pytest.raises(KeyError, match="iterations"):
        complete({"learning_rate": 0.1}, config())


@pytest.mark.filterwarnings("error")
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_suggested_values_lie_in_the_space(seed):
    hyper, _ = ask(config(), seed=seed)
    assert 0.01 <= hyper.learning_rate <= 1
    assert 100 <= hyper.iterations <= 5000
    assert 1 <= hyper.hidden_layers <= 3
    assert all(4 <= n <= 128 for n in hyper.units)
    assert hyper.activation in ("tanh", "relu")
    assert 0 <= hyper.momentum <= 0.99
    assert hyper.batch_size in (16, 32, "full")


def test_zero_hidden_layers_ask_no_units():
    hyper, trial = ask(config(hidden_layers=0))
    assert hyper.units == ()
    assert not [name for name in trial.params if name.startswith("units")]


def test_the_default_has_two_layers_and_about_thirty_epochs():
    assert default_params(config(), SHAPE) == {
        "learning_rate": 0.2,
        "iterations": 1020,
        "hidden_layers": 2,
        "units_1": 64,
        "units_2": 32,
        "activation": "relu",
        "momentum": 0.9,
        "batch_size": 32,
    }


def test_the_default_is_clipped_into_the_space():
    narrow = config(
        learning_rate={"low": 0.2, "high": 1},
        iterations={"low": 10, "high": 50},
        hidden_layers={"low": 3, "high": 5},
        units=[10, 20, 100],
        activation=["sigmoid", "tanh"],
        momentum=[0.0, 0.5],
        batch_size=[256, "full"],
    )
    params = default_params(narrow, SHAPE)
    assert params == {
        "learning_rate": 0.2,
        "iterations": 50,
        "hidden_layers": 3,
        "units_1": 100,
        "units_2": 20,
        "units_3": 20,
        "activation": "sigmoid",
        "momentum": 0.5,
        "batch_size": 256,
    }
    assert {name: type(value) for name, value in params.items()}["units_1"] is int


def test_the_default_leaves_out_fixed_values():
    assert default_params(config(FIXED), SHAPE) == {}
    params = default_params(config(hidden_layers=1), SHAPE)
    assert "hidden_layers" not in params
    assert "units_1" in params


def test_optuna_takes_the_first_params_as_they_are():
    with_guesses = config(try_first=[{"learning_rate": 0.5, "units": [8, 16, 4]}, {"momentum": 0}])
    firsts = first_params(with_guesses, SHAPE)
    assert firsts[0] == default_params(with_guesses, SHAPE)
    assert firsts[1] == {
        **firsts[0], "learning_rate": 0.5, "hidden_layers": 3,
        "units_1": 8, "units_2": 16, "units_3": 4,
    }  # fmt: skip
    assert firsts[2] == {**firsts[0], "momentum": 0.0}
    for params in firsts:
        hyper, trial = ask(with_guesses, params)
        assert trial.params == params
        assert params.items() <= hyper.as_params().items()


RANGES = st.tuples(st.integers(1, 300), st.integers(1, 300)).filter(lambda p: p[0] < p[1])


@given(RANGES, RANGES, st.booleans(), st.integers(1, 500), st.integers(6, 10**6))
@settings(max_examples=50, deadline=None)
def test_the_default_lies_in_any_space(units, batch, log, features, train):
    shape = DataShape(features, 2, train, train, train, "multiclass")
    space = config(
        units={"low": units[0], "high": units[1], "log": log},
        batch_size={"low": batch[0], "high": batch[1], "log": log},
        hidden_layers={"low": 1, "high": 9},
    )
    params = default_params(space, shape)
    assert ask(space, params)[1].params == params


def test_a_number_of_updates_between_points_is_taken_as_given():
    assert resolve_curve_every(config(curve_every=7), SHAPE) == 7


@pytest.mark.parametrize(("pruner", "fewest"), [("none", 4), ("median", 10), ("halving", 10)])
@pytest.mark.parametrize("longest", [1, 7, 30, 100, 999, 1000, 12345, 10**6])
@pytest.mark.parametrize("dev", [10, 1000, 10**5])
@pytest.mark.parametrize("batch", [1, 32, "full"])
def test_auto_keeps_the_points_of_curves_between_what_is_needed_and_thirty(
    pruner, fewest, longest, dev, batch
):
    shape = DataShape(64, 10, 10**5, dev, dev, "multiclass")
    every = resolve_curve_every(config(iterations=longest, batch_size=batch, pruner=pruner), shape)
    points = longest / every
    assert min(longest, fewest) <= points <= 30


@pytest.mark.parametrize("longest", [1500, 5000, 10**5])
def test_the_points_of_curves_that_auto_sets_cost_less_than_a_tenth_of_the_training(longest):
    shape = DataShape(784, 10, 20_000, 6666, 100, "multiclass")
    fixed = config(iterations=longest, batch_size=128, hidden_layers=2, units=256)
    every = resolve_curve_every(fixed, shape)
    passes = (2 + (longest - 1) // every) * shape.dev + shape.train  # examples passed forward
    assert passes < 0.1 * longest * 3 * 128  # an update is worth three passes of its batch


def test_auto_gives_fewer_points_if_a_point_is_expensive():
    cheap, dear = (DataShape(64, 10, 1000, dev, 100, "multiclass") for dev in (10, 10**5))
    assert resolve_curve_every(config(), cheap) < resolve_curve_every(config(), dear)


@pytest.mark.parametrize("batch", [1080, [32, 1080], {"low": 1, "high": 1080}])
def test_a_batch_larger_than_the_training_set_is_a_user_error(batch):
    message = "x.yaml: batch_size: must be at most the 1079 examples for training, or full, but got"
    with pytest.raises(UserError, match=f"{message} 1080"):
        check_fits(config(batch_size=batch), SHAPE)


def test_a_network_beyond_any_machine_is_a_user_error():
    with pytest.raises(UserError, match="the largest network must have at most 1000000000 weights"):
        check_fits(config(units=[10, 100_000], hidden_layers=[1, 2]), SHAPE)


def test_a_space_that_fits_is_accepted():
    check_fits(config(), SHAPE)  # it would raise UserError
    check_fits(config(FIXED), SHAPE)
    check_fits(config(batch_size=1079), SHAPE)


def test_the_demo_config_fits_its_data():
    check_fits(load_config("configs/digits.yaml"), SHAPE)  # it would raise UserError
