"""Covers a search from arrays, from the study to its best estimator."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import make_moons, make_regression
from sklearn.exceptions import NotFittedError

import dnnsearch
from dnnsearch.estimators.search_estimator import arguments

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


def test_a_regression_has_no_probabilities() -> None:
    rows, values = make_regression(100, 4, noise=1, random_state=0)
    search = dnnsearch.DeepNetSearch({**SMALL, "study": "line"}, trials=2).fit(rows, values)
    assert search.score(rows, values) > 0.8
    assert not hasattr(search, "predict_proba")
    assert not hasattr(search, "classes_")
    assert search.study_.name == "line"


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
