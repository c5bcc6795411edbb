"""A search with Optuna, scikit-learn's MLPClassifier and MLflow, with one run for each trial.

`search_overhead.py` compares dnnsearch with it, and runs it in its own process:

    python experiments/usual_stack.py FOLDER TRIALS {usual,expert}

`usual` logs each point of the curves when it is there; `expert` logs a trial in one batch and lets
Optuna run two trials at a time. Data, search space, training length, points and storage (SQLite for
both) are those of the search that it is compared with.
"""

import sys
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import mlflow
import optuna
from mlflow.entities import Metric, Param
from optuna.trial import Trial
from sklearn.datasets import load_digits
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

EPOCHS, BATCH = 13, 64  # of 1437 examples: 299 updates
EXPERIMENT = "usual"

Point = dict[str, float]


@cache
def data() -> tuple[Any, Any, Any, Any]:
    """Return X_train, X_dev, y_train, y_dev with 1437 and 360 examples."""
    X, y = load_digits(return_X_y=True)
    X, X_dev, y, y_dev = train_test_split(X, y, test_size=0.2, stratify=y, random_state=0)
    scaler = StandardScaler().fit(X)
    return scaler.transform(X), scaler.transform(X_dev), y, y_dev


def suggest(trial: Trial) -> dict[str, Any]:
    return {
        "learning_rate": trial.suggest_float("learning_rate", 0.01, 1, log=True),
        "units_1": trial.suggest_int("units_1", 40, 64),
        "units_2": trial.suggest_int("units_2", 40, 64),
        "momentum": trial.suggest_float("momentum", 0.5, 0.98),
    }


def train(params: dict[str, Any]) -> Iterator[Point]:
    """Yield a point of the curves after each epoch."""
    X, X_dev, y, y_dev = data()
    model = MLPClassifier(
        (params["units_1"], params["units_2"]),
        solver="sgd",
        alpha=0,
        batch_size=BATCH,
        learning_rate_init=params["learning_rate"],
        momentum=params["momentum"],
        nesterovs_momentum=False,
        random_state=0,
    )
    for _ in range(EPOCHS):
        model.partial_fit(X, y, classes=range(10))
        yield {
            "train_cost": model.loss_,
            "dev_cost": log_loss(y_dev, model.predict_proba(X_dev)),
            "train_accuracy": model.score(X, y),
            "dev_accuracy": model.score(X_dev, y_dev),
        }


def usual(trial: Trial) -> float:
    params = suggest(trial)
    with mlflow.start_run():
        mlflow.log_params(params)
        for step, point in enumerate(train(params)):
            for name, value in point.items():
                mlflow.log_metric(name, value, step=step)
    return point["dev_accuracy"]


def expert(trial: Trial) -> float:
    params = suggest(trial)
    points = list(train(params))
    client = mlflow.MlflowClient()
    (experiment,) = client.search_experiments(filter_string=f"name = '{EXPERIMENT}'")
    run = client.create_run(experiment.experiment_id)
    now = time.time_ns() // 1_000_000
    metrics = [Metric(k, v, now, step) for step, p in enumerate(points) for k, v in p.items()]
    client.log_batch(run.info.run_id, metrics, [Param(k, str(v)) for k, v in params.items()])
    client.set_terminated(run.info.run_id)
    return points[-1]["dev_accuracy"]


VARIANTS = {"usual": (usual, 1), "expert": (expert, 2)}  # objective, trials at a time


def main(folder: Path, trials: int, variant: str) -> None:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
    mlflow.set_experiment(EXPERIMENT)
    study = optuna.create_study(
        storage=f"sqlite:///{folder}/optuna.db",
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=0),
    )
    objective, jobs = VARIANTS[variant]
    study.optimize(objective, n_trials=trials, n_jobs=jobs)


if __name__ == "__main__":
    data()  # load once, before two threads need it
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
