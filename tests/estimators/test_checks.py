"""Covers scikit-learn's own checks of an estimator; none is skipped or expected to fail."""

from collections.abc import Callable
from typing import Any

import pytest
from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks

from dnnsearch import DeepNetClassifier, DeepNetRegressor

QUICK = {"iterations": 150, "units": 16}  # enough for the scores that the checks ask for
STOPPING = {**QUICK, "units": (16, 8), "dev_fraction": 0.2, "batch_size": "full"}


@pytest.fixture(autouse=True)
def array_api(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let scikit-learn run its check also with arrays of other libraries."""
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")


@parametrize_with_checks(
    [
        DeepNetClassifier(**QUICK),
        DeepNetRegressor(**QUICK),
        DeepNetClassifier(**STOPPING),
        DeepNetRegressor(**STOPPING),
    ]
)
def test_scikit_learn_finds_nothing(estimator: Any, check: Callable[[Any], None]) -> None:
    check(estimator)


def test_the_checks_see_a_planted_error() -> None:
    class Forgetful(DeepNetClassifier):
        def fit(self, X: Any, y: Any) -> Any:
            super().fit(X, y)
            self.iterations = 1
            return self

    outcomes = check_estimator(Forgetful(**QUICK), on_fail=None, on_skip=None)
    failed = {outcome["check_name"] for outcome in outcomes if outcome["status"] == "failed"}
    assert "check_dont_overwrite_parameters" in failed
