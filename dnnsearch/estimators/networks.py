"""DeepNetClassifier and DeepNetRegressor: the network as scikit-learn's users know a model.

The training is that of a study's trial, under the caller's numerics: bits are promised for studies.
Inputs are taken as they are, as scikit-learn's own networks take them, so that a preparation stands
where everybody looks for it: `make_pipeline(StandardScaler(), DeepNetClassifier())`.
"""

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from dnnsearch.estimators.arguments import hyperparameters, settings
from dnnsearch.estimators.fitting import fit
from dnnsearch.nn import Network, Parameters

ARGUMENTS = """Parameters
    ----------
    learning_rate, iterations, activation, momentum, batch_size
        As in a config: `iterations` are parameter updates, `momentum` is beta in v = beta v +
        (1 - beta) dW, `batch_size` is examples or "full".
    hidden_layers, units
        So many hidden layers with so many units each; or `units=(64, 32)`, one number for each
        hidden layer. `hidden_layers=None` is as many as `units` has numbers, and two where it is
        one number; 0 is logistic or linear regression.
    initialization, dtype
        As in a config.
    dev_fraction, patience
        The share of the rows that is held out to stop early: the parameters are those with the
        lowest dev cost, and the training ends `patience` points of the curve after it (None: it
        goes on to the last iteration). 0 trains on all rows to the last iteration.
    curve_every
        Iterations between two points of the curves; "auto" gives some 30 points.
    random_state
        Draws the initial weights, the mini-batches and the dev rows."""
ATTRIBUTES = """
    Attributes
    ----------
    loss_curve_, dev_loss_curve_, steps_
        The cost on train and on dev (None without one), each (P,), and the iteration of each point.
    n_iter_, best_iteration_
        Updates made, and updates after which the parameters were those that are kept.
    parameters_
        {"W1": (n[1], n[0]), "b1": (n[1], 1), ...}."""


class DeepNet(BaseEstimator):  # type: ignore[misc]
    """What the classifier and the regressor share: arguments, training, forward pass."""

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

    def _train(self, X: np.ndarray, y: np.ndarray, output: str, outputs: int) -> None:
        """Train on y as the network has it: class indices, or a standardised target."""
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
        found = fit(data, output, outputs, hyper, chosen, rng)
        self.parameters_ = found.parameters
        self.steps_, self.n_iter_ = found.steps, int(found.steps[-1])
        self.best_iteration_ = found.best
        self.loss_curve_ = found.curves["train_cost"]
        self.dev_loss_curve_ = found.curves["dev_cost"] if chosen.dev_fraction else None

    def _rows(self, X: Any, y: Any, **checks: Any) -> tuple[np.ndarray, np.ndarray]:
        """X (m, n[0]) in the dtype of the training, and y (m,); raises ValueError."""
        dtype = settings(self.get_params(deep=False)).dtype
        with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused
            X, y = validate_data(self, X, y, dtype=dtype, order="C", **checks)
        return X, y

    def _network(self, output: str) -> Network:
        """The trained network in float64, so that a row's output is its own, whatever is beside."""
        arrays = {name: array.astype(np.float64) for name, array in self.parameters_.items()}
        return Network(Parameters.from_dict(arrays), self.activation, output)

    def _columns(self, X: Any) -> np.ndarray:
        """X (n[0], m), for the trained network."""
        check_is_fitted(self)
        return np.asarray(validate_data(self, X, dtype=np.float64, reset=False)).T


class DeepNetClassifier(ClassifierMixin, DeepNet):  # type: ignore[misc]
    __doc__ = f"""A deep network that tells classes apart.

    {ARGUMENTS}
    class_weights
        From 0, all examples weigh alike, to 1, all classes do; None is 0.
    {ATTRIBUTES}
    classes_
        The labels, in the order of `predict_proba`.
    """

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
        class_weights: float | None = None,
        initialization: str = "he",
        dev_fraction: float = 0.0,
        patience: int | None = 5,
        curve_every: Any = "auto",
        dtype: Any = "float32",
        random_state: Any = None,
    ) -> None:
        self.class_weights = class_weights
        super().__init__(
            learning_rate,
            iterations,
            hidden_layers,
            units,
            activation,
            momentum,
            batch_size,
            initialization=initialization,
            dev_fraction=dev_fraction,
            patience=patience,
            curve_every=curve_every,
            dtype=dtype,
            random_state=random_state,
        )

    def fit(self, X: Any, y: Any) -> Self:
        """Train on X (m, n_x) and the labels y (m,); ValueError for what cannot be learnt."""
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
        """The likeliest of `classes_` for each row of X, (m,)."""
        X = self._columns(X)
        return np.asarray(self.classes_[self._network(self._output).predict(X)])

    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of each of `classes_`, (m, classes)."""
        X = self._columns(X)
        shares = self._network(self._output).outputs(X)
        return (np.concatenate([1 - shares, shares]) if len(shares) == 1 else shares).T


class DeepNetRegressor(RegressorMixin, DeepNet):  # type: ignore[misc]
    __doc__ = f"""A deep network that predicts numbers.

    The target is standardised inside: predictions are in its own unit, costs are half the squared
    error of the standardised one.

    {ARGUMENTS}
    {ATTRIBUTES}
    target_mean_, target_scale_
        What the target was standardised with.
    """

    def fit(self, X: Any, y: Any) -> Self:
        """Train on X (m, n_x) and the numbers y (m,); ValueError for what cannot be learnt."""
        X, y = self._rows(X, y, y_numeric=True)
        y = np.asarray(y, np.float64)
        self.target_mean_, self.target_scale_ = float(y.mean()), float(y.std()) or 1.0
        standardised = (y - self.target_mean_) / self.target_scale_
        self._train(X, standardised.astype(X.dtype), "identity", 1)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """The number for each row of X, (m,), in the target's unit."""
        X = self._columns(X)
        return np.asarray(
            self._network("identity").predict(X) * self.target_scale_ + self.target_mean_
        )
