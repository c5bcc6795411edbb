"""The experiment on parity: its examples, how networks are counted, and its tiny mode."""

from pathlib import Path

import numpy as np
import pytest

from experiments import why_deep_parity as experiment
from experiments.why_deep_parity import INPUTS, Accuracies


def accuracies(trained: list[float], unseen: list[float]) -> Accuracies:
    return Accuracies(np.array([trained]), np.array([unseen]))


def test_the_rate_is_chosen_by_the_training_rows_alone() -> None:
    by_rate = {
        0.1: accuracies([0.6, 0.6], [1.0, 1.0]),
        0.3: accuracies([0.8, 0.7], [0.0, 0.0]),
        1.0: accuracies([1.0, 0.0], [1.0, 1.0]),  # the second network diverged
    }
    assert experiment.best_rate(by_rate) == 0.3


def test_a_network_is_exact_if_it_is_right_on_all_rows() -> None:
    assert accuracies([1, 1, 0.99, 1], [1, 0.99, 1, 1]).exact == 2


@pytest.mark.parametrize("inputs", INPUTS)
def test_the_unseen_rows_are_all_those_that_are_not_trained_on(inputs: str) -> None:
    data = experiment.examples(4, inputs, splits=3, all_rows=False)
    assert data["X_train"].shape == (3, 10, 4)
    assert data["X_dev"].shape == (3, 6, 4)
    for split in range(3):
        rows = np.concatenate([data["X_train"][split], data["X_dev"][split]])
        assert len(np.unique(rows, axis=0)) == 16
    first, second, _ = data["X_train"]
    assert not np.array_equal(first, second)


def test_inputs_are_zeros_and_ones_or_standardised_by_the_training_rows() -> None:
    raw, standardised = (experiment.examples(4, inputs, 2, False) for inputs in reversed(INPUTS))
    assert set(raw["X_train"].reshape(-1)) == {0, 1}
    assert np.abs(standardised["X_train"].mean(axis=1)).max() < 1e-6
    assert np.abs(standardised["X_train"].std(axis=1) - 1).max() < 1e-6


def test_a_network_may_also_be_trained_on_all_rows() -> None:
    data = experiment.examples(4, INPUTS[1], splits=1, all_rows=True)
    assert np.array_equal(data["X_train"], data["X_dev"])
    assert len(np.unique(data["X_train"][0], axis=0)) == 16


def test_training_learns_and_a_network_that_diverges_has_accuracy_zero() -> None:
    data = experiment.examples(3, INPUTS[0], splits=1, all_rows=True)
    found = experiment.train(data, (16,), rate=0.3, updates=500, starts=3)
    assert found.trained.shape == (1, 3)
    assert found.exact == 3
    failed = experiment.train(data, (4, 4), rate=1e30, updates=20, starts=2)
    assert failed.trained.tolist() == [[0.0, 0.0]]


def test_the_tiny_mode_writes_tables_and_a_small_picture(tmp_path: Path) -> None:
    experiment.main(["--tiny", "--out", str(tmp_path / "deep.md")])
    text = (tmp_path / "deep.md").read_text()
    assert text.count("0 of 16 |") == len(experiment.CIRCUITS)
    for inputs in INPUTS:
        assert f"Inputs {inputs}:" in text
    assert text.count("| 2-2-2 |") == 4  # each kind of inputs, all rows and 60 % of them
    assert "(deep.svg)" in text
    assert 1_000 < (tmp_path / "deep.svg").stat().st_size < 60_000
