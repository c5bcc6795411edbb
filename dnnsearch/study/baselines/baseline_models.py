"""The models that a network is compared with: scikit-learn's, with its own default settings.

A new one is one row in `BASELINES`. They get the prepared inputs of the networks, and their outputs
are logits as a network has them, so that all metrics apply.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

GUESS = "guess"
MAX_SOLVER_STEPS = 1000  # scikit-learn's default, 100, often ends with a warning
IMPOSSIBLE_LOGIT = -50.0  # of a class that a model has not seen; its probability is 2e-22


@dataclass(frozen=True)
class Baseline:
    """One row: how a sentence calls it, and the two estimators, made from a seed."""

    subject: str
    classifier: Callable[[int], Any]
    regressor: Callable[[int], Any]

    @property
    def title(self) -> str:
        """How a table calls it."""
        return self.subject.removeprefix("a ")


def _logistic(seed: int) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=MAX_SOLVER_STEPS)


def _ridge(seed: int) -> Any:
    from sklearn.linear_model import Ridge

    return Ridge()


def _tree_classifier(seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(random_state=seed)


def _tree_regressor(seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingRegressor

    return HistGradientBoostingRegressor(random_state=seed)


BASELINES = {
    "linear": Baseline("a linear model", _logistic, _ridge),
    "trees": Baseline("boosted trees", _tree_classifier, _tree_regressor),
}
SUBJECTS = {GUESS: "guessing", **{name: one.subject for name, one in BASELINES.items()}}
TITLES = {GUESS: "guessing", **{name: one.title for name, one in BASELINES.items()}}


def fitted_logits(
    baseline: Baseline,
    output: str,
    outputs: int,
    seed: int,
    X: np.ndarray,
    y: np.ndarray,
    X_new: np.ndarray,
) -> np.ndarray:
    """Fit a baseline to X (m, n_x) and y (m,); return its logits (n[L], m') for X_new (m', n_x).

    `output` is a name in dnnsearch.nn.OUTPUTS, `outputs` is n[L].
    """
    if output == "identity":
        predicted = baseline.regressor(seed).fit(X, y).predict(X_new)
        return np.asarray(predicted, np.float64)[np.newaxis]
    model = baseline.classifier(seed).fit(X, y.astype(np.int64))
    found = np.asarray(model.decision_function(X_new), np.float64)
    if outputs == 1:
        return found[np.newaxis]
    of_seen = found.T if found.ndim == 2 else np.stack([np.zeros_like(found), found])
    Z = np.full((outputs, len(X_new)), IMPOSSIBLE_LOGIT)
    Z[model.classes_] = of_seen
    return Z
