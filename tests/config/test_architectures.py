"""Whole networks in `units`: the search space, the guesses and the definition that they give."""

import pytest
from optuna.distributions import CategoricalDistribution

from dnnsearch.config.config import parse_config
from dnnsearch.config.data_fit import check_fits, note_on_units
from dnnsearch.config.search_space import complete, first_params, into_space
from dnnsearch.errors import UserError
from tests.config.test_search_space import FIXED, SEARCHED, SHAPE, ask, config

NETWORKS = {key: value for key, value in SEARCHED.items() if key != "hidden_layers"}


def test_one_whole_network_fixes_depth_and_units():
    fixed = {key: value for key, value in FIXED.items() if key != "hidden_layers"}
    hyper, trial = ask(config(fixed, units=[[20, 7, 5]]))
    assert hyper.units == (20, 7, 5)
    assert trial.params == {}


def test_of_several_whole_networks_optuna_is_asked_for_a_name():
    space = config(NETWORKS, units=[[20, 7, 5], [64, 32], []])
    hyper, trial = ask(space, {"units": "64-32"})
    assert hyper.units == (64, 32)
    assert trial.distributions["units"] == CategoricalDistribution(("20-7-5", "64-32", "-"))
    assert list(trial.params)[:4] == ["learning_rate", "iterations", "units", "activation"]
    assert ask(space, {"units": "-"})[0].units == ()
    assert complete(trial.params, space) == hyper


def test_the_default_is_the_first_network_and_a_guess_names_one():
    guesses = [{"units": [64, 32], "momentum": 0.5}, {"units": "20-7-5"}]
    space = config(NETWORKS, units=[[20, 7, 5], [64, 32]], try_first=guesses)
    default, *guessed = first_params(space, SHAPE)
    assert default["units"] == "20-7-5"
    assert guessed == [{**default, "units": "64-32", "momentum": 0.5}, default]
    for params in (default, *guessed):
        assert ask(space, params)[1].params == params


@pytest.mark.parametrize("guess", [{"units": [64, 33]}, {"units": "64"}, {"units": 64}])
def test_a_guess_of_another_network_is_a_user_error(guess):
    with pytest.raises(UserError, match="guess 1: units must be one of 20-7-5, 64-32, but got"):
        config(NETWORKS, units=[[20, 7, 5], [64, 32]], try_first=[guess])


def test_a_trial_of_another_space_finds_its_network_or_the_first():
    space = config(NETWORKS, units=[[20, 7, 5], [64, 32]])
    there = {"hidden_layers": 2, "units_1": 64, "units_2": 32}
    assert into_space(there, space, SHAPE) == {"units": "64-32"}
    assert into_space({**there, "units_2": 31}, space, SHAPE) == {"units": "20-7-5"}
    assert into_space(there, config(), SHAPE) == there


def test_the_definition_of_whole_networks_is_read_as_the_same_config():
    space = config(NETWORKS, units=[[20, 7, 5], [64, 32]], try_first=[{"units": [64, 32]}])
    assert space.definition()["units"] == [[20, 7, 5], [64, 32]]
    assert space.definition()["hidden_layers"] == [2, 3]
    assert parse_config(space.document(), "x.yaml", "x") == space


def test_a_wrong_network_is_one_message_with_its_key():
    with pytest.raises(UserError) as error:
        config(NETWORKS, units=[[20, 0]])
    assert str(error.value) == "x.yaml: units: must be a whole number from 1 to 100000, but got 0"


def test_the_largest_of_the_networks_must_fit_a_machine():
    check_fits(config(NETWORKS, units=[[10_000, 10_000]]), SHAPE)
    with pytest.raises(UserError, match="the largest network must have at most 1000000000 weights"):
        check_fits(config(NETWORKS, units=[[8], [50_000, 50_000]]), SHAPE)


def test_a_list_that_looks_like_one_network_gets_a_note():
    assert note_on_units(config(units=[20, 7, 5], hidden_layers=3)) == (
        "x.yaml: units: [20, 7, 5] are 3 choices for each of the 3 hidden layers; for one network "
        "of these layers, write units: [[20, 7, 5]], without hidden_layers"
    )


@pytest.mark.parametrize(
    "clear",
    [
        {"units": [20, 7, 5], "hidden_layers": 2},
        {"units": [20, 7, 5], "hidden_layers": [3]},
        {"units": [20], "hidden_layers": 1},
        {"units": 20, "hidden_layers": 3},
    ],
)
def test_units_that_are_clear_get_no_note(clear):
    assert note_on_units(config(**clear)) is None
    assert note_on_units(config(NETWORKS, units=[[20, 7, 5]])) is None
