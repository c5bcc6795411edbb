"""DeepNetSearch: a study from arrays, and its best network as an estimator.

The study is like any other: run by our own program with pinned numerics, resumable, verifiable, in
MLflow. Only the estimator at its end is trained here, with the caller's numerics.
"""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import ClassifierTags, RegressorTags, Tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from dnnsearch import api
from dnnsearch.config.config import Config, parse_config
from dnnsearch.data.frames import plain_dtype, to_pandas
from dnnsearch.estimators.array_data import PLACE, array_study
from dnnsearch.estimators.networks import DeepNetClassifier, DeepNetRegressor
from dnnsearch.estimators.search_results import arguments, cv_results


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
        with up to 20 different values, are classes. To scikit-learn the search is a classifier or
        a regressor by its task; with None it is a classifier until `fit` has found the task. So
        give `task="regression"` for a regression under cross-validation.
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
    cv_results_, best_index_, n_splits_
        The trials in their order, as GridSearchCV has them: params, param_..., split0_test_score,
        ..., mean_test_score, std_test_score, rank_test_score, mean_fit_time, and `state`. Scores
        are the objective, NaN if the trial has not finished. The splits are the config's folds, or
        one dev set.
    task_
        The task that was given or found.
    classes_, n_features_in_, feature_names_in_, refit_time_
        As in scikit-learn.
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
        X, y = to_pandas(X), plain_dtype(y)
        rows, targets = validate_data(self, X, y, dtype=[np.float64, np.float32])
        study = array_study(rows, targets, self.config, self.task)
        with study.with_file() as document:
            self.study_ = api.search(
                document,
                trials=self.trials,
                seconds=self.seconds,
                workers=self.workers,
                quiet=not self.verbose,
            )
        self.task_ = study.task
        config = parse_config(document, PLACE, "arrays")
        self._take_results(config)
        if self.refit:
            start = time.perf_counter()
            self.best_estimator_ = self._estimator(config).fit(X, y)
            self.refit_time_ = time.perf_counter() - start
        return self

    def _take_results(self, config: Config) -> None:
        """Set the attributes that a search of scikit-learn has, from the study."""
        board, self.n_splits_ = self.study_.leaderboard, config.folds or 1
        best = board.best
        self.best_params_ = arguments(best.params)
        self.best_score_, self.best_trial_ = best.value, best.number
        self.cv_results_ = cv_results(board, self.n_splits_)
        self.best_index_ = sorted(row.number for row in board.rows).index(best.number)
        self.multimetric_ = False

    def __sklearn_tags__(self) -> Tags:
        """Return scikit-learn's tags: a classifier, unless the task is known to be a regression."""
        tags = super().__sklearn_tags__()
        is_regression = (self.task or getattr(self, "task_", None)) == "regression"
        tags.estimator_type = "regressor" if is_regression else "classifier"
        tags.classifier_tags = None if is_regression else ClassifierTags()
        tags.regressor_tags = RegressorTags() if is_regression else None
        tags.target_tags.required = True
        return tags

    def _estimator(self, config: Config) -> Pipeline:
        network = DeepNetRegressor if self.task_ == "regression" else DeepNetClassifier
        chosen: dict[str, Any] = {"initialization": config.initialization, "dtype": config.dtype}
        return make_pipeline(
            StandardScaler(), network(**self.best_params_, **chosen, random_state=config.seed)
        )

    @available_if(_refitted)  # type: ignore[untyped-decorator]
    def predict(self, X: Any) -> np.ndarray:
        """Return the predictions of `best_estimator_`, (m,)."""
        check_is_fitted(self, "best_estimator_")
        return np.asarray(self.best_estimator_.predict(to_pandas(X)))

    @available_if(_of_classes)  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probabilities of `best_estimator_`, (m, classes); not in a regression."""
        check_is_fitted(self, "best_estimator_")
        return np.asarray(self.best_estimator_.predict_proba(to_pandas(X)))

    @available_if(_refitted)  # type: ignore[untyped-decorator]
    def score(self, X: Any, y: Any) -> float:
        """Return the accuracy of `best_estimator_`, or its R2."""
        check_is_fitted(self, "best_estimator_")
        return float(self.best_estimator_.score(to_pandas(X), plain_dtype(y)))

    @property
    def classes_(self) -> np.ndarray:
        """The labels, in the order of `predict_proba`; AttributeError if there are none."""
        return np.asarray(self.best_estimator_.classes_)
