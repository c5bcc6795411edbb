"""DeepNetClassifier and DeepNetRegressor: the network as an estimator of scikit-learn.

The training is that of a study's trial, with the caller's numerics: only studies have reproducible
bits. Inputs are not preprocessed, as in scikit-learn's own networks; use a pipeline for that:
`make_pipeline(StandardScaler(), DeepNetClassifier())`.
"""

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from dnnsearch.data.frames import plain_dtype, to_pandas
from dnnsearch.estimators.arguments import (
    OPTIONAL_IN_CLASSIFIERS,
    OPTIONAL_IN_REGRESSIONS,
    described,
    hyperparameters,
    settings,
    with_optional,
)
from dnnsearch.estimators.fitting import fit
from dnnsearch.nn import Network, Parameters
from dnnsearch.trials.input_pieces import network

ARGUMENTS = """Parameters
    ----------
    learning_rate, iterations, activation, momentum, batch_size
        As in a config: `iterations` are parameter updates, `momentum` is beta in v = beta v +
        (1 - beta) dW, `batch_size` is examples or "full".
    hidden_layers, units
        The number of hidden layers, and of units in each; or `units=(64, 32)`, one number for each
        hidden layer. With `hidden_layers=None` there are as many as `units` has numbers, and two if
        it is one number. 0 is logistic or linear regression.
    initialization, dtype
        As in a config.
    dev_fraction, patience
        The share of the rows that is held out for early stopping: the parameters are those with the
        lowest dev cost, and the training ends `patience` points of the curve after it (None: at the
        last iteration). 0 trains on all rows to the last iteration.
    curve_every
        Iterations between two points of the curves; "auto" gives about 30 points.
    random_state
        The seed of the initial weights, the mini-batches and the dev rows."""
ATTRIBUTES = """
    Attributes
    ----------
    loss_curve_, dev_loss_curve_, steps_
        The cost on train and on dev (None without dev), each (P,), and the iteration of each point.
    n_iter_, best_iteration_
        Updates made, and updates made when the parameters were those that are kept.
    parameters_
        {"W1": (n[1], n[0]), "b1": (n[1], 1), ...}."""


class DeepNet(BaseEstimator):  # type: ignore[misc]
    """The arguments, the training and the forward pass of the classifier and the regressor."""

    def __init__(
        self,
        learning_rate: float = 0.1,
        iterations: int = 1000,
        hidden_layers: int | None = None,
        units: Any = 64,
        activation: str = "relu",
        momentum: float = 0.9,
        batch_size: Any = 32,
        *,
        initialization: str = "he",
        dev_fraction: float = 0.0,
        patience: int | None = 5,
        curve_every: Any = "auto",
        dtype: Any = "float32",
        random_state: Any = None,
        **optional: Any,
    ) -> None:
        self.learning_rate = learning_rate
        self.iterations = iterations
        self.hidden_layers = hidden_layers
        self.units = units
        self.activation = activation
        self.momentum = momentum
        self.batch_size = batch_size
        self.initialization = initialization
        self.dev_fraction = dev_fraction
        self.patience = patience
        self.curve_every = curve_every
        self.dtype = dtype
        self.random_state = random_state
        for name, value in optional.items():
            setattr(self, name, value)

    def _train(self, X: np.ndarray, y: np.ndarray, output: str, outputs: int) -> None:
        """Train on X (m, n[0]) and y (m,): class indices, or a standardised target."""
        given = self.get_params(deep=False)
        hyper, chosen = hyperparameters(given), settings(given)
        random = check_random_state(self.random_state)
        data = {"X_train": X, "y_train": y}
        if chosen.dev_fraction:
            strata = None if output == "identity" else y
            parts = train_test_split(
                X, y, test_size=chosen.dev_fraction, random_state=random, stratify=strata
            )
            data = dict(zip(("X_train", "X_dev", "y_train", "y_dev"), parts, strict=True))
        rng = np.random.default_rng(random.randint(2**31, size=4))
        fitted = fit(data, output, outputs, hyper, chosen, rng)
        self.parameters_, self.pieces_ = fitted.parameters, fitted.pieces
        self.steps_, self.n_iter_ = fitted.steps, int(fitted.steps[-1])
        self.best_iteration_ = fitted.best
        self.loss_curve_ = fitted.curves["train_cost"]
        self.dev_loss_curve_ = fitted.curves["dev_cost"] if chosen.dev_fraction else None

    def _rows(self, X: Any, y: Any, **checks: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return X (m, n[0]) in the dtype of the training, and y (m,), checked by scikit-learn."""
        dtype = settings(self.get_params(deep=False)).dtype
        with np.errstate(over="ignore"):  # too large values become infinite and are refused
            X, y = to_pandas(X), plain_dtype(y)
            X, y = validate_data(self, X, y, dtype=dtype, order="C", **checks)
        return X, y

    def _network(self, output: str) -> Network:
        """Return the trained network in float64, so that rows do not affect each other."""
        arrays = {name: array.astype(np.float64) for name, array in self.parameters_.items()}
        parameters = Parameters.from_dict(arrays, self.pieces_.shape.learnt)
        hyper = hyperparameters(self.get_params(deep=False))
        return network(parameters, hyper, output, self.pieces_)

    def _columns(self, X: Any) -> np.ndarray:
        """Return X (n_x, m) for the trained network."""
        check_is_fitted(self)
        rows = validate_data(self, to_pandas(X), dtype=np.float64, reset=False)
        return self.pieces_.scale(np.asarray(rows)).T


class DeepNetClassifier(ClassifierMixin, DeepNet):  # type: ignore[misc]
    __doc__ = f"""A deep network that predicts classes.

    {ARGUMENTS}
{described(OPTIONAL_IN_CLASSIFIERS)}
    {ATTRIBUTES}
    classes_
        The labels, in the order of `predict_proba`.
    """

    @with_optional(OPTIONAL_IN_CLASSIFIERS, DeepNet)
    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)

    def fit(self, X: Any, y: Any) -> Self:
        """Train on X (m, n_x) and the labels y (m,); raise ValueError if y has one class only."""
        X, y = self._rows(X, y)
        check_classification_targets(y)
        self.classes_, indices = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            only = self.classes_.tolist()[0]
            raise ValueError(f"y must have 2 classes, but has one class, {only!r}")
        outputs = 1 if len(self.classes_) == 2 else len(self.classes_)
        self._train(X, indices.astype(np.int64), self._output, outputs)
        return self

    @property
    def _output(self) -> str:
        return "sigmoid" if len(self.classes_) == 2 else "softmax"

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable of `classes_` for each row of X, (m,)."""
        X = self._columns(X)
        return np.asarray(self.classes_[self._network(self._output).predict(X)])

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each of `classes_`, (m, classes)."""
        X = self._columns(X)
        outputs = self._network(self._output).outputs(X)
        return (np.concatenate([1 - outputs, outputs]) if len(outputs) == 1 else outputs).T


class DeepNetRegressor(RegressorMixin, DeepNet):  # type: ignore[misc]
    __doc__ = f"""A deep network that predicts numbers.

    The target is standardised internally: predictions are in its own unit, and costs are half the
    squared error of the standardised target.

    {ARGUMENTS}
{described(OPTIONAL_IN_REGRESSIONS)}
    {ATTRIBUTES}
    target_mean_, target_scale_
        The mean and the scale by which the target was standardised.
    """

    @with_optional(OPTIONAL_IN_REGRESSIONS, DeepNet)
    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)

    def fit(self, X: Any, y: Any) -> Self:
        """Train on X (m, n_x) and the numbers y (m,); raise ValueError if they are not numbers."""
        X, y = self._rows(X, y, y_numeric=True)
        y = np.asarray(y, np.float64)
        self.target_mean_, self.target_scale_ = float(y.mean()), float(y.std()) or 1.0
        standardised = (y - self.target_mean_) / self.target_scale_
        self._train(X, standardised.astype(X.dtype), "identity", 1)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the prediction for each row of X, (m,), in the target's unit."""
        X = self._columns(X)
        return np.asarray(
            self._network("identity").predict(X) * self.target_scale_ + self.target_mean_
        )
