"""The script of the usual libraries searches the same space as dnnsearch."""

import optuna

from dnnsearch.config.config import parse_config
from dnnsearch.config.search_space import suggest
from experiments import usual_stack
from experiments.search_overhead import CONFIG


def test_the_peer_asks_for_the_same_hyperparameters_from_the_same_ranges() -> None:
    ours, theirs = (optuna.create_study().ask() for _ in range(2))
    suggest(ours, parse_config(CONFIG, "CONFIG", "overhead"))
    usual_stack.suggest(theirs)
    assert theirs.distributions == ours.distributions


def test_the_peer_trains_as_long_and_logs_as_many_points() -> None:
    assert [len(part) for part in usual_stack.data()] == [1437, 360, 1437, 360]
    params = {"learning_rate": 0.1, "units_1": 52, "units_2": 52, "momentum": 0.9}
    points = list(usual_stack.train(params))
    updates = usual_stack.EPOCHS * -(-1437 // usual_stack.BATCH)
    assert abs(updates - CONFIG["iterations"]) <= 1
    assert len(points) == CONFIG["iterations"] // CONFIG["curve_every"]
    assert points[-1]["dev_accuracy"] > 0.9
