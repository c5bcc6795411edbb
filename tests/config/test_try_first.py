"""The user's own configurations: their normal form, and those that are rejected."""

import pytest

from dnnsearch.config.dimensions import dimension
from dnnsearch.config.try_first import guess

HYPER = {
    "learning_rate": dimension("learning_rate", {"low": 0.01, "high": 1, "log": True}),
    "iterations": dimension("iterations", 100),
    "hidden_layers": dimension("hidden_layers", [1, 2, 3]),
    "units": dimension("units", {"low": 4, "high": 64}),
    "activation": dimension("activation", ["relu", "tanh"]),
    "momentum": dimension("momentum", 0.9),
    "batch_size": dimension("batch_size", [16, "full"]),
}


def test_a_list_of_units_gives_the_number_of_layers():
    assert guess({"units": [32, 16]}, HYPER) == {"hidden_layers": 2, "units_1": 32, "units_2": 16}


def test_flat_names_mean_the_same_and_come_in_optunas_order():
    flat = guess(
        {"batch_size": "full", "units_2": 16, "units_1": 32, "learning_rate": "1e-1"}, HYPER
    )
    assert list(flat.items()) == [
        ("learning_rate", 0.1),
        ("hidden_layers", 2),
        ("units_1", 32),
        ("units_2", 16),
        ("batch_size", "full"),
    ]


def test_a_fixed_value_may_be_repeated_and_is_left_out():
    assert guess({"iterations": 100, "momentum": 0.9, "learning_rate": 1}, HYPER) == {
        "learning_rate": 1.0
    }


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ([0.1], "must be a mapping such as"),
        ({}, "must be a mapping such as"),
        ({"learning_rat": 0.1}, "'learning_rat' is unknown (did you mean learning_rate?)"),
        ({"units_0": 8}, "'units_0' is unknown"),
        ({3: 8}, "3 is unknown"),
        ({"learning_rate": 2}, "learning_rate must lie in the space, but got 2 and"),
        ({"iterations": 200}, "iterations is fixed to 100"),
        ({"hidden_layers": 4}, "hidden_layers is one of 1, 2, 3"),
        ({"units": [8, 8, 8, 8]}, "hidden_layers is one of 1, 2, 3"),
        ({"units_2": 100}, "units is from 4 to 64"),
        ({"activation": "sigmoid"}, "activation is one of relu, tanh"),
        ({"activation": "rleu"}, "activation must be one of"),
        ({"momentum": True}, "momentum must be a number"),
        ({"hidden_layers": 1, "units_2": 8}, "units_2 needs hidden_layers of at least 2, not 1"),
        ({"units": [8], "units_1": 8}, "must give either units or units_1"),
        ({"units": 8}, "units must be a list"),
        ({"units": [8] * 101}, "units must be a list"),
        ({"units": []}, "hidden_layers is one of 1, 2, 3"),
        ({"units_999": 8}, "hidden_layers must be a whole number"),
    ],
)
def test_a_guess_outside_of_the_space_is_rejected(given, problem):
    with pytest.raises(ValueError) as error:
        guess(given, HYPER)
    assert problem in str(error.value)
