"""Hyperparameters beyond the seven: their neutral values, and learning rates by descent."""

from dataclasses import replace

import optuna
import pytest

from dnnsearch.config.config import parse_config
from dnnsearch.config.data_fit import check_fits
from dnnsearch.config.dimensions import Choices, Fixed, Range
from dnnsearch.config.search_space import (
    complete,
    default_params,
    first_params,
    into_space,
    suggest,
)
from dnnsearch.errors import UserError
from dnnsearch.trials.hyperparameters import HYPERPARAMETERS, NEUTRAL, OPTIONAL
from tests.config.test_config import SMALLEST, parsed, refusal
from tests.config.test_search_space import SHAPE

RATES = {"momentum": {"low": 0.01, "high": 1.0, "log": True}, "adamw": [0.001, 0.003]}
BY_DESCENT = {"descent": ["momentum", "adamw"], "learning_rate": RATES}


def asked(config, preset=None, seed=0):
    """Return the hyperparameters and the parameters of a trial of Optuna's."""
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    if preset is not None:
        study.enqueue_trial(preset)
    trial = study.ask()
    return suggest(trial, config), trial.params


@pytest.mark.parametrize("name", OPTIONAL)
def test_a_neutral_value_is_the_same_study_as_none_at_all(name):
    values = [None] + ([] if NEUTRAL[name] is None else [NEUTRAL[name]])
    values += ["none"] if name != "numbers" else []  # of which `none` is a value
    for value in values:
        assert parsed(**{name: value}).definition() == parsed().definition()
    assert name not in parsed().hyper


@pytest.mark.parametrize("name", OPTIONAL)
def test_a_trial_with_a_neutral_value_does_not_mention_it(name):
    neutral = HYPERPARAMETERS[name].start if NEUTRAL[name] is None else NEUTRAL[name]
    hyper, params = asked(parsed(**{name: [neutral]}))
    assert params == {name: neutral}
    assert (name in hyper.as_params()) == (NEUTRAL[name] is None)


def test_each_rule_of_descent_has_its_own_learning_rate():
    config = parsed(**BY_DESCENT)
    assert (
        str(config.learning_rate) == "with adamw one of 0.001, 0.003; with momentum from 0.01 to 1"
    )
    seen = set()
    for seed in range(20):
        hyper, params = asked(config, seed=seed)
        assert params == {
            "descent": hyper.descent,
            f"learning_rate_{hyper.descent}": hyper.learning_rate,
        }
        assert complete(params, config) == hyper
        assert (hyper.learning_rate < 0.005) == (hyper.descent == "adamw")
        assert "learning_rate_adamw" not in hyper.as_params()
        seen.add(hyper.descent)
    assert seen == {"momentum", "adamw"}


def test_a_document_with_learning_rates_by_descent_is_read_as_the_same_config():
    config = parsed(**BY_DESCENT)
    again = parse_config(config.document(), "again", "x")
    assert again.definition() == config.definition()
    assert again.definition()["learning_rate"]["adamw"] == [0.001, 0.003]


def test_learning_rates_and_descents_must_match():
    wanted = "learning_rate must have one entry for each descent"
    assert wanted in refusal(learning_rate=RATES)
    assert "momentum, adam, but got" in refusal(**BY_DESCENT | {"descent": ["momentum", "adam"]})
    assert parsed(descent="adamw", learning_rate={"adamw": 0.001}).descents == ("adamw",)
    wrong = {"momentum": 0.1, "adamw": {"low": 1}}
    assert "adamw: a range needs low and high" in refusal(**BY_DESCENT | {"learning_rate": wrong})
    assert "'adamv' is unknown" in refusal(learning_rate={"momentum": 0.1, "adamv": 0.1})


def test_trial_0_has_the_learning_rate_of_its_descent():
    assert default_params(parsed(**BY_DESCENT), SHAPE) == {
        "descent": "momentum",
        "learning_rate_momentum": 0.2,
    }
    searched = {"low": 1e-4, "high": 1.0, "log": True}
    alone = parsed(descent="adamw", learning_rate=searched)
    assert default_params(alone, SHAPE) == {"learning_rate": 0.005}
    assert default_params(parsed(learning_rate=searched), SHAPE) == {"learning_rate": 0.2}


def test_a_guess_names_the_descent_of_its_learning_rate():
    guesses = [{"descent": "adamw", "learning_rate": 0.001}, {"descent": "adamw"}]
    config = parsed(**BY_DESCENT, try_first=guesses)
    _, first, second = first_params(config, SHAPE)
    assert first == {"descent": "adamw", "learning_rate_adamw": 0.001}
    assert parse_config(config.document(), "again", "x").definition() == config.definition()
    assert second == {"descent": "adamw", "learning_rate_adamw": 0.003}
    assert "learning_rate needs a descent" in refusal(
        **BY_DESCENT, try_first=[{"learning_rate": 0.1}]
    )
    outside = [{"descent": "adamw", "learning_rate": 0.5}]
    assert "must lie in the space" in refusal(**BY_DESCENT, try_first=outside)


def test_params_of_another_space_come_into_one_with_rates_by_descent():
    config = parsed(**BY_DESCENT)
    params = {"learning_rate": 0.0011, "hidden_layers": 1, "units_1": 4, "descent": "adamw"}
    assert into_space(params, config, SHAPE) == {"descent": "adamw", "learning_rate_adamw": 0.001}
    plain = {"learning_rate": 5.0, "hidden_layers": 1, "units_1": 4}
    assert into_space(plain, config, SHAPE)["learning_rate_momentum"] == 1.0


def test_a_pruner_compares_trials_of_equal_schedules():
    several = {"iterations": [10, 20], "pruner": "median"}
    rule = "iterations must be fixed if a pruner compares trials whose learning rate decays"
    for schedule in ("cosine", ["constant", "coslog"]):
        assert rule in refusal(**several, schedule=schedule)
        parsed(pruner="median", schedule=schedule)
        parsed(iterations=[10, 20], schedule=schedule)
    parsed(**several)


def test_a_regression_has_no_weights_of_classes():
    for_classes = {name for name in OPTIONAL if HYPERPARAMETERS[name].for_classes}
    assert for_classes == {"class_weights", "label_smoothing"}
    numbers = replace(SHAPE, outputs=1, task="regression")
    for name in for_classes:
        config = parsed(**{name: 0.5}, objective="dev_rmse")
        with pytest.raises(UserError, match=f"{name}: a regression has no classes"):
            check_fits(config, numbers)


def test_forms_of_an_optional_hyperparameter():
    config = parsed(
        weight_decay={"low": 0.001, "high": 0.1, "log": True}, clip=1, schedule="cosine"
    )
    assert config.hyper["weight_decay"] == Range(0.001, 0.1, log=True)
    assert config.hyper["clip"] == Fixed(1.0)
    assert config.hyper["schedule"] == Fixed("cosine")
    assert parsed(descent=["adam"]).hyper["descent"] == Choices(("adam",))
    with pytest.raises(UserError, match="did you mean adamw?"):
        parse_config({**SMALLEST, "descent": "adamv"}, "x", "x")


def test_one_width_gives_the_units_of_all_layers():
    without = {name: value for name, value in SMALLEST.items() if name != "units"}
    searched = {"low": 4, "high": 64, "log": True}
    document = {**without, "hidden_layers": [0, 1, 2, 3], "width": searched}
    config = parse_config(document, "x", "x")
    for seed in range(8):
        hyper, params = asked(config, seed=seed)
        assert hyper.units == (params.get("width"),) * params["hidden_layers"]
        assert complete(params, config) == hyper
    assert default_params(config, SHAPE) == {"hidden_layers": 2, "width": 64}
    again = parse_config(config.document(), "x", "x")
    assert again.definition() == config.definition()
    assert config.definition()["width"] == searched
    assert "units must be left out if width gives" in refusal(width=8)
    guesses = parse_config({**document, "try_first": [{"width": 5}]}, "x", "x").try_first
    assert guesses == ({"width": 5},)
    with pytest.raises(UserError, match="width must be given in place of units"):
        parse_config({**document, "try_first": [{"units": [5, 5]}]}, "x", "x")
    there = {"learning_rate": 0.1, "hidden_layers": 2, "units_1": 30, "units_2": 8}
    assert into_space(there, config, SHAPE) == {"hidden_layers": 2, "width": 30}
    fixed = parse_config({**without, "hidden_layers": 2, "width": 8}, "x", "x")
    assert asked(fixed)[0].units == (8, 8)
