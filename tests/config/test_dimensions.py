"""Hyperparameters as fixed values, choices, ranges and whole networks, and the rules for each."""

import math

import pytest

from dnnsearch.config.dimensions import (
    Architectures,
    Choices,
    Fixed,
    Range,
    architectures,
    dimension,
    plain,
    with_depths,
)
from dnnsearch.trials.hyperparameters import HYPERPARAMETERS


def refusal(name, value):
    with pytest.raises(ValueError) as error:
        dimension(name, value)
    return str(error.value)


def test_a_scalar_is_fixed_a_list_has_choices_a_mapping_is_a_range():
    assert dimension("momentum", 0.9) == Fixed(0.9)
    assert dimension("momentum", [0.9]) == Choices((0.9,))
    assert dimension("momentum", {"low": 0, "high": 0.9}) == Range(0.0, 0.9, log=False)


def test_batch_size_is_a_number_or_full():
    assert dimension("batch_size", "full") == Fixed("full")
    assert dimension("batch_size", [32, "full"]) == Choices((32, "full"))
    assert dimension("batch_size", {"low": 8, "high": 64, "log": True}) == Range(8, 64, log=True)
    assert "low must be a whole number" in refusal("batch_size", {"low": "full", "high": 64})
    assert "or full, but got 'ful'" in refusal("batch_size", "ful")


def test_numbers_written_as_text_have_the_type_of_their_hyperparameter():
    assert dimension("learning_rate", {"low": "1e-3", "high": "1", "log": True}) == Range(
        0.001, 1.0, log=True
    )
    assert type(dimension("learning_rate", 1).value) is float
    assert type(dimension("iterations", "1e3").value) is int


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("learning_rate", {"low": 1, "high": 0.1}, "low < high must hold, but got low=1, high=0.1"),
        ("learning_rate", {"low": 1, "high": 1}, "low < high must hold, but got low=1, high=1"),
        ("learning_rate", {"low": 0, "high": 1, "log": True}, "low must be a number at least"),
        ("momentum", {"low": 0, "high": 0.9, "log": True}, "low > 0 must hold in a log range"),
        ("hidden_layers", {"low": 0, "high": 3, "log": True}, "low > 0 must hold in a log range"),
        ("units", [], "1 to 1000 choices, but got 0"),
        ("units", 0, "must be a whole number from 1 to 100000, but got 0"),
        ("units", {"low": -3, "high": 4}, "low must be a whole number from 1"),
        ("units", [8, 8.0], "choices must differ, but got 8 twice"),
        ("activation", ["relu", "tanh", "relu"], "choices must differ, but got 'relu' twice"),
        ("activation", "relu, tanh", "choices are a list [relu, tanh], but got one text"),
        ("activation", "relu tanh", "choices are a list [relu, tanh], but got one text"),
        ("activation", "rleu", "(did you mean relu?)"),
        ("activation", {"low": "relu", "high": "tanh"}, "has no order, so give a list"),
        ("learning_rate", "0.1 0.2", "choices are a list [0.1, 0.2]"),
        ("learning_rate", {"low": True, "high": 2}, "low must be a number"),
        ("learning_rate", {"low": 0.1, "high": math.inf}, "high must be a number"),
        ("learning_rate", {"low": 0.1, "high": math.nan}, "high must be a number"),
        ("learning_rate", math.nan, "must be a number"),
        ("learning_rate", 0, "must be a number at least 1e-10"),
        ("learning_rate", -0.1, "must be a number at least 1e-10"),
        ("learning_rate", 1e9, "at most 10000, but got 1000000000"),
        ("learning_rate", None, "but got nothing"),
        ("learning_rate", {"lo": 0.1, "high": 1}, "'lo' is unknown (did you mean low?)"),
        ("learning_rate", {"low": 0.1}, "a range needs low and high, but got low"),
        ("learning_rate", {}, "a range needs low and high, but got neither"),
        ("learning_rate", {"low": 0.1, "high": 1, "log": "yes"}, "must be true or false"),
        ("learning_rate", [[0.1]], "must be a number"),
        ("hidden_layers", 10**6, "must be a whole number from 0 to 100, but got 1000000"),
        ("hidden_layers", True, "must be a whole number"),
        ("hidden_layers", 1.5, "must be a whole number"),
        ("iterations", 0, "must be a whole number from 1"),
        ("iterations", 10**9, "must be a whole number from 1 to 100000000"),
        ("momentum", 1, "at least 0 and below 1, but got 1"),
        ("momentum", [0.5, 1.0], "at least 0 and below 1, but got 1"),
        ("batch_size", 0, "must be a whole number from 1"),
        ("units", list(range(1, 1002)), "1 to 1000 choices, but got 1001"),
    ],
)
def test_bad_input_is_rejected_with_the_rule_and_the_value(name, value, rule):
    assert rule in refusal(name, value)


@pytest.mark.parametrize("name", HYPERPARAMETERS)
def test_the_example_of_each_hyperparameter_is_one(name):
    import yaml

    dimension(name, yaml.safe_load(HYPERPARAMETERS[name].example))


@pytest.mark.parametrize("value", [3, [1, 2], {"low": 1, "high": 4, "log": True}])
def test_the_plain_form_is_read_as_the_same_dimension(value):
    one = dimension("units", value)
    assert plain(one) == value
    assert dimension("units", plain(one)) == one


def test_a_dimension_contains_its_values_only():
    inside = Range(0.1, 1.0)
    assert 0.1 in inside
    assert 1.0 in inside
    assert 1.1 not in inside
    assert "relu" not in inside
    assert "relu" in Choices(("relu", "tanh"))
    assert 3 not in Fixed(2)


# --- whole networks -------------------------------------------------------------------------------


def test_a_list_of_lists_has_whole_networks():
    networks = architectures([[20, 7, 5], ["64", 32.0]])
    assert networks == Architectures(((20, 7, 5), (64, 32)))
    assert networks.dimension == Choices(("20-7-5", "64-32"))
    assert networks.depths == [2, 3]
    assert plain(networks) == [[20, 7, 5], [64, 32]]
    assert architectures(plain(networks)) == networks


def test_one_network_is_fixed():
    assert architectures([[20, 7, 5]]).dimension == Fixed("20-7-5")
    assert architectures([[20, 7, 5]]).depths == 3
    assert architectures([[]]).dimension == Fixed("-"), "no hidden layer"


@pytest.mark.parametrize("value", [20, [20, 7, 5], {"low": 1, "high": 4}, "20-7-5", [], None])
def test_other_values_of_units_are_not_whole_networks(value):
    assert architectures(value) is None


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ([[20, 7], 64], "a list of at most 100 layers for each network, such as [[20, 7, 5],"),
        ([[8] * 101], "a list of at most 100 layers for each network"),
        ([[20, 0]], "must be a whole number from 1 to 100000, but got 0"),
        ([[20, 7], [20, 7]], "choices must differ, but got (20, 7) twice"),
        ([[[20]]], "must be a whole number from 1 to 100000, but got [20]"),
    ],
)
def test_an_invalid_network_is_rejected_with_the_rule_and_the_value(value, rule):
    with pytest.raises(ValueError) as error:
        architectures(value)
    assert rule in str(error.value)


def test_whole_networks_give_the_number_of_hidden_layers():
    assert with_depths({"units": [[20, 7, 5]]}) == {"units": [[20, 7, 5]], "hidden_layers": 3}
    same = {"units": [[20, 7], [5]], "hidden_layers": [1, 2]}
    assert with_depths(same) == same
    for ordinary in ({"units": [20, 7]}, {"units": 8, "hidden_layers": 2}, {}):
        assert with_depths(ordinary) == ordinary
    with pytest.raises(ValueError, match="hidden_layers must be left out if units gives whole"):
        with_depths({"units": [[20, 7, 5]], "hidden_layers": 2})
