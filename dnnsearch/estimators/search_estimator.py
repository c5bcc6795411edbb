"""DeepNetSearch: a study from arrays, and its best network as an estimator.

The study is like any other: run by our own program with pinned numerics, resumable, verifiable, in
MLflow. Only the estimator at its end is trained here, with the caller's numerics.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, check_X_y

from dnnsearch import api
from dnnsearch.config.config import parse_config
from dnnsearch.estimators.array_data import PLACE, array_study
from dnnsearch.estimators.networks import DeepNetClassifier, DeepNetRegressor
from dnnsearch.trials.spec import Value


def _refitted(self: "DeepNetSearch") -> bool:
    """Return whether there is, or will be, a fitted estimator; else raise AttributeError."""
    if not self.refit:
        raise AttributeError("with refit=False there is no best_estimator_")
    return True


def _of_classes(self: "DeepNetSearch") -> bool:
    """Return whether that estimator predicts probabilities; raise AttributeError without one."""
    fitted = getattr(self, "best_estimator_", None)
    return _refitted(self) and (fitted is None or hasattr(fitted, "predict_proba"))


class DeepNetSearch(BaseEstimator):  # type: ignore[misc]
    """Search for the hyperparameters of a network for X and y.

    Parameters
    ----------
    config
        A config, or the part of one that differs from the default, as a mapping or as the path of a
        YAML file: `{"units": [16, 64], "seed": 1}`. Its `data` is ignored.
    trials, seconds, workers
        As in the command `search`: the total number of trials, the time in seconds after which no
        new trial starts, and the training processes.
    task
        binary, multiclass or regression. None detects it as for a file: text, and whole numbers
        with up to 20 different values, are classes.
    refit
        Whether to train `best_estimator_`, on all rows.
    verbose
        Whether the search prints its progress.

    Attributes
    ----------
    study_
        The Study. The same call resumes it, or finds it finished.
    best_params_, best_score_, best_trial_
        The study's best trial: arguments of an estimator, its objective, its number.
    best_estimator_
        A Pipeline of StandardScaler and a network with these arguments, trained on all rows under
        the caller's numerics. The trial's own network is `study_.best`.
    """

    def __init__(
        self,
        config: Mapping[str, Any] | str | Path | None = None,
        trials: int = 20,
        *,
        seconds: float | None = None,
        workers: int | str | None = None,
        task: str | None = None,
        refit: bool = True,
        verbose: bool = False,
    ) -> None:
        self.config = config
        self.trials = trials
        self.seconds = seconds
        self.workers = workers
        self.task = task
        self.refit = refit
        self.verbose = verbose

    def fit(self, X: Any, y: Any) -> Self:
        """Search for X (m, n_x) and y (m,), then train on all of them.

        Raise UserError for what the command `search` refuses, ValueError for invalid arrays.
        """
        rows, targets = check_X_y(X, y, dtype=[np.float64, np.float32])
        study = array_study(rows, targets, self.config, self.task)
        with study.with_file() as document:
            self.study_ = api.search(
                document,
                trials=self.trials,
                seconds=self.seconds,
                workers=self.workers,
                quiet=not self.verbose,
            )
        best = self.study_.best
        self.best_params_ = arguments(best.hyperparameters)
        self.best_score_, self.best_trial_ = best.value, best.number
        if self.refit:
            self.best_estimator_ = self._estimator(document, study.task).fit(X, y)
        return self

    def _estimator(self, document: Mapping[str, Any], task: str) -> Pipeline:
        config = parse_config(document, PLACE, "arrays")
        network = DeepNetRegressor if task == "regression" else DeepNetClassifier
        chosen: dict[str, Any] = {"initialization": config.initialization, "dtype": config.dtype}
        return make_pipeline(
            StandardScaler(), network(**self.best_params_, **chosen, random_state=config.seed)
        )

    @available_if(_refitted)  # type: ignore[untyped-decorator]
    def predict(self, X: Any) -> np.ndarray:
        """Return the predictions of `best_estimator_`, (m,)."""
        check_is_fitted(self, "best_estimator_")
        return np.asarray(self.best_estimator_.predict(X))

    @available_if(_of_classes)  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probabilities of `best_estimator_`, (m, classes); not in a regression."""
        check_is_fitted(self, "best_estimator_")
        return np.asarray(self.best_estimator_.predict_proba(X))

    @available_if(_refitted)  # type: ignore[untyped-decorator]
    def score(self, X: Any, y: Any) -> float:
        """Return the accuracy of `best_estimator_`, or its R2."""
        check_is_fitted(self, "best_estimator_")
        return float(self.best_estimator_.score(X, y))

    @property
    def classes_(self) -> np.ndarray:
        """The labels, in the order of `predict_proba`; AttributeError if there are none."""
        return np.asarray(self.best_estimator_.classes_)


def arguments(params: Mapping[str, Value]) -> dict[str, Any]:
    """Return a trial's hyperparameters as arguments of an estimator; `units` by layer."""
    layers = range(1, int(params["hidden_layers"]) + 1)
    others = {name: value for name, value in params.items() if not name.startswith("units_")}
    return {**others, "units": tuple(int(params[f"units_{layer}"]) for layer in layers)}
