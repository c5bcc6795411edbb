"""Covers a search from arrays, from the study to its best estimator."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_iris, make_moons, make_regression
from sklearn.ensemble import VotingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import get_scorer
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import dnnsearch
from dnnsearch.estimators.search_results import arguments

X, y = make_moons(120, noise=0.2, random_state=0)
FRAME = pd.DataFrame(X, columns=["east", "north"])
NAMES = np.array(["lower", "upper"], object)[y]
SMALL = {"tracking": "none", "iterations": 60, "units": {"low": 4, "high": 16}, "parallelism": 2}
SMALL |= {"workers": 1}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("arrays")


@pytest.fixture(autouse=True)
def there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DNNSEARCH_CACHE", str(folder / "cache"))
    monkeypatch.delenv("DNNSEARCH_STORAGE", raising=False)


@pytest.mark.usefixtures("forked_calls")
def test_a_study_from_arrays_ends_in_an_estimator(capfd: pytest.CaptureFixture[str]) -> None:
    search = dnnsearch.DeepNetSearch(SMALL, trials=3).fit(FRAME, NAMES)
    assert len(search.study_.trials) == 3
    assert capfd.readouterr().out == ""
    best = search.study_.best
    assert (search.best_trial_, search.best_score_) == (best.number, best.value)
    network = search.best_estimator_[-1]
    assert network.get_params().items() >= search.best_params_.items()
    assert search.classes_.tolist() == ["lower", "upper"]
    assert search.best_estimator_.feature_names_in_.tolist() == ["east", "north"]
    assert search.score(FRAME, NAMES) == np.mean(search.predict(FRAME) == NAMES) > 0.8
    assert search.predict_proba(FRAME).shape == (120, 2)
    # The trial's own network is another one, trained on fewer rows, which has learnt the same.
    assert np.mean(best.predict(X) == NAMES) > 0.8

    again = clone(search).set_params(trials=4, refit=False).fit(FRAME, NAMES)
    assert again.study_.name == search.study_.name
    assert again.study_.fingerprint(3) == search.study_.fingerprint(3)
    assert len(again.study_.trials) == 4
    assert not hasattr(again, "predict")
    assert not hasattr(again, "best_estimator_")


@pytest.mark.usefixtures("forked_calls")
def test_a_regression_has_no_probabilities() -> None:
    rows, values = make_regression(100, 4, noise=1, random_state=0)
    search = dnnsearch.DeepNetSearch({**SMALL, "study": "line"}, trials=2).fit(rows, values)
    assert search.score(rows, values) > 0.8
    assert not hasattr(search, "predict_proba")
    assert not hasattr(search, "classes_")
    assert search.study_.name == "line"
    assert search.task_ == "regression" and is_regressor(search) and not is_classifier(search)
    assert is_classifier(clone(search))
    assert get_scorer("neg_root_mean_squared_error")(search, rows, values) < 0


@pytest.mark.usefixtures("forked_calls")
def test_to_scikit_learn_it_is_what_its_task_says() -> None:
    unknown = dnnsearch.DeepNetSearch()
    assert is_classifier(unknown) and is_classifier(make_pipeline(StandardScaler(), unknown))
    for task in ("binary", "multiclass"):
        assert is_classifier(dnnsearch.DeepNetSearch(task=task))
    assert is_regressor(dnnsearch.DeepNetSearch(task="regression"))


@pytest.mark.usefixtures("forked_calls")
def test_folds_of_cross_validation_are_stratified() -> None:
    """Unstratified folds of iris are one class each: the scores were 0."""
    search = dnnsearch.DeepNetSearch({**SMALL, "iterations": 200, "learning_rate": 0.3}, trials=2)
    assert cross_val_score(search, *load_iris(return_X_y=True), cv=3).min() > 0.8


@pytest.mark.usefixtures("forked_calls")
def test_scorers_that_need_probabilities_work() -> None:
    search = dnnsearch.DeepNetSearch(SMALL, trials=1).fit(X, y == 1)
    assert search.classes_.tolist() == [False, True]
    scores = {name: get_scorer(name)(search, X, y == 1) for name in ("roc_auc", "neg_log_loss")}
    assert 0.8 < scores["roc_auc"] <= 1
    assert -0.7 < scores["neg_log_loss"] < 0


@pytest.mark.usefixtures("forked_calls")
def test_it_can_be_a_part_of_other_estimators() -> None:
    search = dnnsearch.DeepNetSearch({**SMALL, "iterations": 200}, trials=1)
    members = [("net", search), ("line", LogisticRegression())]
    assert VotingClassifier(members, voting="soft").fit(X, NAMES).score(X, NAMES) > 0.8
    calibrated = CalibratedClassifierCV(search, cv=2).fit(X, NAMES)
    assert calibrated.classes_.tolist() == ["lower", "upper"]
    assert calibrated.predict_proba(X).sum(axis=1) == pytest.approx(1)


@pytest.mark.usefixtures("forked_calls")
def test_it_has_the_results_that_a_grid_search_has() -> None:
    folds = {**SMALL, "folds": 3, "learning_rate": {"low": 0.05, "high": 30.0, "log": True}}
    search = dnnsearch.DeepNetSearch(folds, trials=5).fit(FRAME, NAMES)
    grid = GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=3).fit(FRAME, NAMES)
    found = search.cv_results_
    unlike = ("param_C", "std_fit_time", "mean_score_time", "std_score_time")
    assert {key for key in grid.cv_results_ if key not in unlike} <= found.keys()
    assert len(pd.DataFrame(found)) == 5
    assert found["params"][search.best_index_] == search.best_params_
    assert found["rank_test_score"][search.best_index_] == 1
    assert found["mean_test_score"][search.best_index_] == search.best_score_
    assert (
        search.study_[search.best_trial_].hyperparameters["learning_rate"]
        == (found["param_learning_rate"][search.best_index_])
    )
    splits = np.array([found[f"split{i}_test_score"] for i in range(search.n_splits_)])
    finished = np.array(found["state"]) == "finished"
    assert search.n_splits_ == grid.n_splits_ == 3
    assert splits.mean(axis=0)[finished] == pytest.approx(found["mean_test_score"][finished])
    assert splits.std(axis=0)[finished] == pytest.approx(found["std_test_score"][finished])
    assert np.isnan(found["mean_test_score"][~finished]).all()
    assert search.n_features_in_ == 2 and search.feature_names_in_.tolist() == ["east", "north"]
    assert search.refit_time_ > 0 and search.multimetric_ is False


@pytest.mark.usefixtures("forked_calls")
def test_what_the_search_refuses_leaves_nothing() -> None:
    search = dnnsearch.DeepNetSearch({**SMALL, "momentum": 2, "study": "refused"})
    with pytest.raises(dnnsearch.UserError, match="momentum: must be a number"):
        search.fit(X, y)
    assert not Path("records", "refused").exists()
    with pytest.raises(ValueError, match="contains NaN"):
        search.fit(np.where(X > 1, np.nan, X), y)
    with pytest.raises(NotFittedError):
        search.predict(X)


def test_a_trial_becomes_the_arguments_of_an_estimator() -> None:
    params = {"hidden_layers": 2, "units_1": 8, "units_2": 4, "momentum": 0.9}
    assert arguments(params) == {"hidden_layers": 2, "units": (8, 4), "momentum": 0.9}
    assert arguments({"hidden_layers": 0})["units"] == ()
