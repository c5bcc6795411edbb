"""Small trainings, whose digests are kept in golden.json; run as a program, it prints them.

It runs as a process, because numerics are pinned before NumPy is imported. It also prints which
kernels were in effect.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))  # as a program

from tests.support.pieces import PIECES

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
    "codes": {"numbers": "divide 2", "codes": 4},
    "embedding": {"numbers": "robust", "embedding": 3, "replicates": 2},
    "codes and embedding, float64": {
        "numbers": "quantile",
        "codes": 4,
        "edges": "tree",
        "embedding": 3,
        "dtype": "float64",
    },
    "diverges": {"learning_rate": 1e6, "activation": "leaky_relu"},
    **PIECES,
}
# A study that is exact computes in float32 alone, so it has no use for these.
EXACT_CASES = {
    name: {**changes, "numerics": "exact"}
    for name, changes in CASES.items()
    if changes.get("dtype") != "float64"
} | {"products in pieces": {"units": (600, 530), "numerics": "exact"}}
NUMBERS = 10  # features that are numbers, the first ones
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
    y_parts = {"y_train": targets[train], "y_dev": targets[dev]}
    return {"X_train": X[train], "X_dev": X[dev], **y_parts, **constants()}


def constants() -> dict[str, Any]:
    """Return constants of the input pieces for NUMBERS columns, made up."""
    import numpy as np

    j = np.arange(NUMBERS) / NUMBERS
    edges = np.arange(5) - 2.0 + j[:, np.newaxis]
    quantiles = np.linspace(-2, 2, 9)[:, np.newaxis] + j
    return {
        "inputs none": np.stack([1 + j, j]),
        "inputs robust": np.stack([j, 1 + j]),
        "inputs quantile": np.concatenate([quantiles, quantiles**3 / 4]),
        "inputs edges quantile 4": edges,
        "inputs edges tree 4": edges / 2,
    }


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
    if {"numbers", "codes", "embedding"} & changes.keys():
        spec = replace(spec, numbers=NUMBERS)
    return replace(spec, **{k: v for k, v in changes.items() if k not in HYPERPARAMETERS})


def outcome(changes: dict[str, Any]) -> str:
    """Return the first digits of the digest that goes into a study's fingerprint."""
    return str(result(changes).digest[:16])


def result(changes: dict[str, Any]) -> Any:
    """Return the record of a training."""
    from dnnsearch.trials.record import decode, encode
    from dnnsearch.trials.run import run_trial

    spec = spec_of(changes)
    return decode(encode(spec, run_trial(spec, data(spec)), {}))


def main() -> None:
    from dnnsearch.runtime import numerics

    state = numerics.effective()
    wanted = sys.argv[1] if len(sys.argv) > 1 else "portable"
    cases = EXACT_CASES if wanted == "exact" else CASES
    digests = {name: outcome(changes) for name, changes in cases.items()}
    json.dump({"digests": digests, "state": state}, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
