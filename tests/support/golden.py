"""Small trainings, whose digests are kept in golden.json; run as a program, it prints them.

It runs as a process, because numerics are pinned before NumPy is imported. It also prints which
kernels were in effect.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

CASES: dict[str, dict[str, Any]] = {
    "relu, mini-batches": {},
    "relu, mini-batches, float64": {"dtype": "float64"},
    "tanh, full batch": {"activation": "tanh", "batch_size": "full"},
    "tanh, full batch, float64": {"activation": "tanh", "batch_size": "full", "dtype": "float64"},
    "sigmoid hidden and out": {"activation": "sigmoid", "output": "sigmoid", "outputs": 1},
    "leaky relu, xavier, float64": {
        "activation": "leaky_relu",
        "initialization": "xavier",
        "dtype": "float64",
    },
    "no hidden layer": {"units": (), "momentum": 0.0},
    "regression, float64": {"output": "identity", "outputs": 1, "dtype": "float64"},
    "three replicates, weighted classes": {"replicates": 3, "class_weights": 0.5},
    "diverges": {"learning_rate": 1e6, "activation": "leaky_relu"},
}
FEATURES, CLASSES, TRAIN, DEV = 12, 3, 150, 40


def data(spec: Any) -> dict[str, Any]:
    """Return blobs in 12 dimensions, with two classes or a value if there is one output."""
    import numpy as np

    rng = np.random.default_rng(7)
    classes = CLASSES if spec.outputs > 1 else 2
    y = rng.integers(0, classes, TRAIN + DEV)
    X = rng.standard_normal((TRAIN + DEV, FEATURES)) + rng.standard_normal((classes, FEATURES))[y]
    targets = (y + 0.1 * X[:, 0]) if spec.output == "identity" else y
    X = X.astype(spec.dtype)
    train, dev = slice(0, TRAIN), slice(TRAIN, None)
    return {"X_train": X[train], "y_train": targets[train], "X_dev": X[dev], "y_dev": targets[dev]}


def spec_of(changes: dict[str, Any]) -> Any:
    from dnnsearch.trials.hyperparameters import HYPERPARAMETERS, Hyperparameters
    from dnnsearch.trials.spec import ARITHMETIC, Spec

    hyper = Hyperparameters(0.1, 60, (16, 8), "relu", 0.9, 32)
    hyper = replace(hyper, **{k: v for k, v in changes.items() if k in HYPERPARAMETERS})
    spec = Spec(
        hyperparameters=hyper,
        seed=0,
        number=3,
        data="golden",
        split="golden",
        arrays="golden",
        features=FEATURES,
        outputs=CLASSES,
        train_examples=TRAIN,
        output="softmax",
        objective="dev_cost",
        initialization="he",
        dtype="float32",
        curve_every=7,
        numerics="portable",
        arithmetic=ARITHMETIC,
    )
    return replace(spec, **{k: v for k, v in changes.items() if k not in HYPERPARAMETERS})


def outcome(changes: dict[str, Any]) -> str:
    """Return the first digits of the digest that goes into a study's fingerprint."""
    from dnnsearch.trials.record import decode, encode
    from dnnsearch.trials.run import run_trial

    spec = spec_of(changes)
    return decode(encode(spec, run_trial(spec, data(spec)), {})).digest[:16]


def main() -> None:
    from dnnsearch.runtime import numerics

    state = numerics.effective()
    digests = {name: outcome(changes) for name, changes in CASES.items()}
    json.dump({"digests": digests, "state": state}, sys.stdout, indent=1)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    main()
