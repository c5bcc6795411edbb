"""Covers a study and its trials as objects, and predictions of a trained trial."""

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import make_moons

from dnnsearch.api.results import Study, Trial
from dnnsearch.data.prepare import INDEX
from dnnsearch.data.stratification import stratified
from dnnsearch.errors import UserError
from dnnsearch.storage.array_store import ArrayStore
from dnnsearch.study.stored_study import open_study

pytestmark = pytest.mark.usefixtures("forked_pinned_calls")


@pytest.fixture
def study(tiny: Path) -> Study:
    return Study(open_study("tiny", "sqlite:///optuna.db"))


@pytest.fixture
def trial(study: Study) -> Trial:
    return study[2]


def test_a_study_has_its_best_trial_all_trials_and_its_fingerprint(study: Study) -> None:
    frame = study.trials
    assert len(frame) == 5
    assert frame["dev_accuracy"].max() == study.best.value
    assert frame["trial"][0] == study.best.number
    assert len(study.fingerprint()) == 64
    assert repr(study) == "<Study tiny, 5 trials: 3 finished, 1 diverged, 1 failed>"
    assert "learning_rate: " in study.best_config


def test_a_trial_has_its_curves_by_iteration(trial: Trial) -> None:
    assert trial.curves.index.tolist() == [0, 10, 20, 30]
    assert trial.curves["dev_accuracy"].iloc[-1] == trial.value
    assert trial.state == "finished"
    assert repr(trial) == f"<Trial tiny/2, finished, {trial.value:.4f}>"


def test_a_trial_has_its_parameters_by_the_names_of_the_course(trial: Trial) -> None:
    shapes = {name: array.shape for name, array in trial.parameters.items()}
    hidden = {"W1": (8, 2), "b1": (8, 1), "W2": (5, 8), "b2": (5, 1)}
    assert shapes == {**hidden, "W3": (1, 5), "b3": (1, 1)}
    assert trial.hyperparameters["units_2"] == 5


def test_predictions_on_raw_rows_are_those_of_the_search(trial: Trial) -> None:
    X, y = make_moons(120, noise=0.2, random_state=0)
    dev = stratified(y, ["0", "1"], dev=0.2, test=0.2, seed=0)["dev"]
    assert np.array_equal(trial.predict(X[dev]), trial.record.arrays["dev_predictions"][0])
    probabilities = trial.predict_proba(X)
    assert probabilities.shape == (120, 2)
    assert np.allclose(probabilities.sum(axis=1), 1)
    assert np.array_equal(probabilities.argmax(axis=1), trial.predict(X))


def test_a_model_whose_data_left_the_cache_prepares_them_again(
    trial: Trial, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, _ = make_moons(120, noise=0.2, random_state=0)
    before = trial.predict_proba(X)
    monkeypatch.setenv("DNNSEARCH_CACHE", str(tiny / "other"))
    again = Study(open_study("tiny", "sqlite:///optuna.db"))[2]
    assert np.array_equal(again.predict_proba(X), before)


def test_an_entry_of_the_index_that_was_edited_is_not_believed(tiny: Path, trial: Trial) -> None:
    X, _ = make_moons(120, noise=0.2, random_state=0)
    before = trial.predict_proba(X)
    store = ArrayStore(tiny / "cache")
    for path in (tiny / "cache" / INDEX).glob("*.json"):
        entry = json.loads(path.read_text())
        group = dict(store.open(entry["prepared"]["test_key"]))
        entry["prepared"]["test_key"] = store.put({**group, "mean": group["mean"] + 1})
        path.write_text(json.dumps(entry))
    again = Study(open_study("tiny", "sqlite:///optuna.db"))[2]
    assert np.array_equal(again.predict_proba(X), before)


def test_rows_of_another_length_are_an_error_with_both_shapes(trial: Trial) -> None:
    with pytest.raises(
        ValueError, match=r"each row must have 2 numbers \(.*\), but there are 3 columns"
    ):
        trial.predict(np.zeros((5, 3)))


def test_a_failed_trial_has_no_network(study: Study) -> None:
    assert study[3].state == "failed"
    assert study[3].curves.empty
    with pytest.raises(UserError, match="trial 3 of study tiny failed"):
        study[3].predict(np.zeros((1, 2)))


@pytest.mark.proof
def test_parameters_too_large_for_a_record_are_trained_again(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = trial.parameters
    again = Study(open_study("tiny", "sqlite:///optuna.db"))[2]
    del again.record.arrays["parameters"]
    assert all(np.array_equal(kept[name], array) for name, array in again.parameters.items())
