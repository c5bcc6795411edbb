"""Small trainings for tests."""

from dataclasses import replace

import numpy as np

from dnnsearch import nn
from dnnsearch.trials.hyperparameters import HYPERPARAMETERS, Hyperparameters
from dnnsearch.trials.training import train

FIELDS = ("train_cost", "train_accuracy", "dev_cost", "dev_accuracy")


def initialized(sizes, rngs, dtype=np.float32, piece=()):
    """Return parameters of a network that has what the piece needs."""
    extra = {nn.SCALES: (sizes[0], 1)} if "scaling" in piece else {}
    return nn.initialize(sizes, rngs, "he", dtype, extra)


def generators(n, seed=0):
    return [np.random.default_rng((seed, r)) for r in range(n)]


def data_of(X, y, dev=7):
    return {"X_train": X, "y_train": y, "X_dev": X[..., :dev, :], "y_dev": y[..., :dev]}


def blobs(m=60, n_x=4, classes=3, dtype=np.float32, seed=0):
    """Return examples that a small network separates well, but not perfectly."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, classes, m)
    X = rng.standard_normal((m, n_x)) + 2 * rng.standard_normal((classes, n_x))[y]
    return data_of(X.astype(dtype), y, dev=m // 3)


def run(parameters, data, rngs=None, **options):
    """Return the points of a training; options are hyperparameters or arguments of `train`."""
    arguments = {
        "output": "softmax",
        "curve_every": 5,
        "rngs": generators(1) if rngs is None else rngs,
    }
    given = {k: options.pop(k) for k in options.keys() - HYPERPARAMETERS.keys()}
    hyper = Hyperparameters(0.1, 20, parameters.layer_sizes[1:-1], "tanh", 0.9, 16)
    return list(train(parameters, data, replace(hyper, **options), **arguments | given))


def curves(progress):
    """Return an array of shape (points, four curves, R)."""
    return np.array([[getattr(point, name) for name in FIELDS] for point in progress])
