"""How hyperparameters are described in words."""

from dnnsearch.trials.flat_params import join_units
from dnnsearch.trials.hyperparameters import Hyperparameters


def test_hyperparameters_are_described_by_their_network_and_learning_rate() -> None:
    deep = Hyperparameters(0.0333333, 100, (64, 32), "tanh", 0.9, 32)
    flat = Hyperparameters(0.03, 100, (), "tanh", 0.9, 32)
    assert deep.describe() == "tanh 64-32, learning rate 0.03333"
    assert flat.describe() == "logistic regression, learning rate 0.03"
    assert join_units(flat.as_params()) == ""
