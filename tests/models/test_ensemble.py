"""An ensemble: the mean of its networks, labels, and preprocessing before the networks."""

import numpy as np
import pytest

from dnnsearch.data.number_table import Standardisation
from dnnsearch.models.ensemble import Model
from dnnsearch.models.targets import labels
from dnnsearch.nn import Parameters


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["0", "1", "10"], [0, 1, 10]),
        (["even", "odd"], ["even", "odd"]),
        (["01", "1"], ["01", "1"]),
        (["1", "1.5"], ["1", "1.5"]),
    ],
)
def test_labels_are_integers_where_all_spell_one(names: list[str], expected: list[object]) -> None:
    assert labels(names).tolist() == expected


def model(*biases: list[float]) -> Model:
    """Replicates without weights: one logit for each bias."""
    parameters = Parameters([2, len(biases[0])], (len(biases),), np.float64)
    parameters.b[1][..., 0] = biases
    names = labels([str(n) for n in range(max(2, len(biases[0])))])
    inputs = Standardisation(np.zeros(2), np.ones(2))
    return Model(parameters, "relu", inputs, names, np.array([0.0, 1.0]))


def test_replicates_answer_with_the_mean_of_their_probabilities() -> None:
    assert model([-1.0], [4.0]).predict(np.zeros((2, 2))).tolist() == [1, 1]
    assert model([3.0, 0.0, 0.0], [0.0, 0.0, 4.0]).predict([[0, 0]]).tolist() == [2]


def test_probabilities_have_one_column_for_each_class() -> None:
    (row,) = model([0.0]).predict_proba([[1, 2]]).tolist()
    assert row == [0.5, 0.5]
    (row,) = model([0.0, 0.0, 0.0, 0.0]).predict_proba([[1, 2]]).tolist()
    assert row == [0.25] * 4


def test_rows_are_standardised_before_they_meet_the_network() -> None:
    parameters = Parameters([1, 1], (1,), np.float64)
    parameters.W[1][...] = 1
    inputs = Standardisation(np.array([10.0]), np.array([2.0]))
    scaled = Model(parameters, "relu", inputs, np.array([]), np.array([3.0, 0.5]))
    assert scaled.predict([[14.0]]).tolist() == [2.0 * 0.5 + 3.0]
