"""The configurations that suit many tables: what is stored, and how a study begins with them."""

import pytest

from dnnsearch.config.config import parse_config
from dnnsearch.config.portfolio import KINDS, MIN_ITERATIONS, portfolios, starts
from dnnsearch.config.search_space import default_params, first_params
from dnnsearch.data.prepare import DataShape
from dnnsearch.errors import UserError
from dnnsearch.trials.hyperparameters import HYPERPARAMETERS

SMALL = DataShape(5, 1, 50, 20, 20, task="binary", numbers=5)
LARGE = DataShape(5, 3, 6400, 20, 20, task="multiclass", numbers=5)
SPACE = {
    "data": "moons",
    "learning_rate": {"low": 0.001, "high": 0.03, "log": True},
    "iterations": {"low": 100, "high": 10_000, "log": True},
    "hidden_layers": [1, 2, 3],
    "width": {"low": 32, "high": 256, "log": True},
    "activation": ["silu", "gelu", "relu"],
    "momentum": 0.9,
    "batch_size": [16, 32, 64, 128],
    "dropout": {"low": 0, "high": 0.4},
    "codes": ["none", 8, 16, 32],
}


def parsed(**more):
    return parse_config({**SPACE, **more}, "here", "study")


@pytest.mark.parametrize("name", portfolios())
@pytest.mark.parametrize("kind", sorted(set(KINDS.values())))
def test_each_value_of_a_portfolio_is_one_that_a_config_takes(name, kind):
    configurations = portfolios()[name][kind]
    assert 2 <= len(configurations) <= 9
    for one in configurations:
        for key, value in one.items():
            if key != "epochs":
                assert HYPERPARAMETERS[key].value(value) == value, key


def test_epochs_become_updates_of_the_data():
    for one, large in zip(
        portfolios()["portfolio-1"]["classes"], starts("portfolio-1", LARGE), strict=True
    ):
        wanted = one["epochs"] * -(-6400 // one["batch_size"])
        assert large["iterations"] == max(wanted, MIN_ITERATIONS)
    assert {one["iterations"] >= MIN_ITERATIONS for one in starts("portfolio-1", SMALL)} == {True}
    assert starts(None, SMALL) == []


def test_a_study_begins_with_the_portfolio_and_the_users_own_after_trial_0():
    own = {"learning_rate": 0.02, "dropout": 0.25}
    with_portfolio = parsed(start="portfolio-1", try_first=[own])
    default, second, *others = first_params(with_portfolio, LARGE)
    assert default == default_params(with_portfolio, LARGE)
    assert default["learning_rate"] == portfolios()["portfolio-1"]["classes"][0]["learning_rate"]
    assert {key: second[key] for key in own} == own
    assert second["width"] != default["width"] or second["learning_rate"] == 0.02
    assert len(others) >= 1 and all(others.count(one) == 1 for one in others)
    searched = set(default)
    assert all(set(one) == searched for one in (second, *others))


def test_a_portfolio_is_moved_into_the_space():
    tiny = parsed(start="portfolio-1", width=[8, 16], learning_rate=[0.5], dropout=0.0)
    for one in first_params(tiny, LARGE):
        assert one["width"] == 16
        assert one["learning_rate"] == 0.5
        assert "dropout" not in one
    fixed = parsed(start="portfolio-1", **FIXED)
    assert len(first_params(fixed, LARGE)) == 1, "equal ones run once"


FIXED = {
    "learning_rate": 0.01,
    "iterations": 100,
    "hidden_layers": 1,
    "width": 8,
    "activation": "relu",
    "batch_size": 16,
    "dropout": 0.0,
    "codes": "none",
}


def test_without_a_portfolio_nothing_changes():
    assert first_params(parsed(start="none"), LARGE) == first_params(parsed(), LARGE)
    assert "start" not in parsed().definition()
    assert parsed(start="portfolio-1").definition()["start"] == "portfolio-1"


def test_an_unknown_portfolio_is_one_line():
    with pytest.raises(
        UserError, match="start: must be one of portfolio-1, images-1, or none, but got 'x'"
    ):
        parsed(start="x")
