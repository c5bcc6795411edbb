"""Covers how the arguments of an estimator are checked."""

import numpy as np
import pytest

from dnnsearch import DeepNetClassifier
from dnnsearch.estimators.arguments import hyperparameters, settings

GIVEN = DeepNetClassifier().get_params()


@pytest.mark.parametrize(
    ("layers", "units", "expected"),
    [
        (None, 64, (64, 64)),
        (3, 5, (5, 5, 5)),
        (0, 5, ()),
        (None, (8, 4, 2), (8, 4, 2)),
        (2, [8, 4], (8, 4)),
        (None, (), ()),
        (np.int64(1), np.array([7]), (7,)),
    ],
)
def test_units_are_one_number_or_one_for_each_layer(
    layers: object, units: object, expected: tuple[int, ...]
) -> None:
    given = {**GIVEN, "hidden_layers": layers, "units": units}
    assert hyperparameters(given).units == expected


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("learning_rate", 0, "learning_rate must be a number at least 1e-10"),
        ("iterations", 0, "iterations must be a whole number from 1"),
        ("hidden_layers", -1, "hidden_layers must be a whole number from 0"),
        ("units", (8, 0), "units must be a whole number from 1"),
        ("units", "many", "units must be a whole number from 1"),
        ("activation", "rule", "activation must be one of relu, .*but got"),
        ("momentum", 1, "momentum must be a number at least 0 and below 1, but got 1"),
        ("batch_size", "all", "batch_size must be .*, or full, but got"),
        ("class_weights", 2, "class_weights must be a number at least 0 and at most 1"),
    ],
)
def test_a_wrong_hyperparameter_is_named_with_its_rule(name: str, value: object, rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        hyperparameters({**GIVEN, name: value})


def test_layers_and_units_must_agree() -> None:
    with pytest.raises(ValueError, match=r"but got hidden_layers=3, units=\[8, 4\]"):
        hyperparameters({**GIVEN, "hidden_layers": 3, "units": (8, 4)})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("initialization", "zero"),
        ("dtype", "int8"),
        ("dtype", "floaty"),
        ("dev_fraction", 1),
        ("patience", 0),
        ("curve_every", 0),
    ],
)
def test_a_wrong_setting_is_named_with_its_rule(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"^{name} must be .*, but got"):
        settings({**GIVEN, name: value})


def test_settings_have_their_other_spellings() -> None:
    chosen = settings({**GIVEN, "dtype": np.float64, "patience": None, "iterations": 90})
    assert (chosen.dtype, chosen.patience, chosen.curve_every) == ("float64", None, 3)
    assert settings({**GIVEN, "iterations": 7}).curve_every == 1
