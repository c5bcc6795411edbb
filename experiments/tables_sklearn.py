"""scikit-learn's network and boosted trees on one split: by their defaults, or tuned by Optuna.

A fit has one thread (a second one hardly helps at these sizes, and stalls on a busy machine), and
tuning has two processes. It compares by cross-validation of 5 folds below
FEW_ROWS rows, else on a fifth of them; its first trial is the default. The best configuration is
then fitted to all train rows, after the wall-clock given.
"""

import time
import warnings
from collections.abc import Callable
from multiprocessing import get_context
from typing import Any, NamedTuple

import numpy as np
import optuna
import pandas as pd
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from threadpoolctl import threadpool_limits

from experiments.tables_data import Split, Table, losses

Params = dict[str, Any]

PROCESSES = 2
FOLDS, FEW_ROWS = 5, 2000
MAX_LEVELS = 255  # of a category that the trees take as one; more are taken as numbers


def trees(table: Table, params: Params) -> Any:
    if table.kind == "numbers":
        return HistGradientBoostingRegressor(**params, random_state=0)
    return HistGradientBoostingClassifier(**params, random_state=0)


def network(table: Table, params: Params) -> Any:
    """Return a pipeline; the target of a regression is standardised, as the inputs are."""
    numbers = [name for name in table.X if name not in table.categories]
    prepare = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), table.categories),
    )
    if table.kind == "classes":
        return make_pipeline(prepare, MLPClassifier(**params, random_state=0))
    mlp = MLPRegressor(**params, random_state=0)
    return make_pipeline(prepare, TransformedTargetRegressor(mlp, transformer=StandardScaler()))


def suggest_trees(trial: optuna.Trial) -> Params:
    return {
        "learning_rate": trial.suggest_float("learning_rate", 0.01, 0.5, log=True),
        "max_iter": trial.suggest_int("max_iter", 20, 500, log=True),
        "max_leaf_nodes": trial.suggest_int("max_leaf_nodes", 4, 128, log=True),
        "min_samples_leaf": trial.suggest_int("min_samples_leaf", 2, 100, log=True),
        "l2_regularization": trial.suggest_float("l2_regularization", 1e-6, 10, log=True),
        "max_features": trial.suggest_float("max_features", 0.3, 1),
    }


def suggest_network(trial: optuna.Trial) -> Params:
    layers = trial.suggest_int("layers", 1, 3)
    units = trial.suggest_int("units", 16, 256, log=True)
    return {
        "hidden_layer_sizes": (units,) * layers,
        "activation": trial.suggest_categorical("activation", ["relu", "tanh"]),
        "alpha": trial.suggest_float("alpha", 1e-6, 1, log=True),
        "learning_rate_init": trial.suggest_float("learning_rate_init", 1e-4, 3e-2, log=True),
        "batch_size": trial.suggest_categorical("batch_size", ["auto", 32, 64, 128]),
        "max_iter": trial.suggest_int("max_iter", 10, 400, log=True),
    }


class Peer(NamedTuple):
    """An estimator, its search space, and its default in that space."""

    build: Callable[[Table, Params], Any]
    suggest: Callable[[optuna.Trial], Params]
    default: Params


PEERS = {
    "trees": Peer(
        trees,
        suggest_trees,
        {"learning_rate": 0.1, "max_iter": 100, "max_leaf_nodes": 31, "min_samples_leaf": 20}
        | {"l2_regularization": 1e-6, "max_features": 1.0},
    ),
    "MLP": Peer(
        network,
        suggest_network,
        {"layers": 1, "units": 100, "activation": "relu", "alpha": 1e-4}
        | {"learning_rate_init": 1e-3, "batch_size": "auto", "max_iter": 200},
    ),
}


def fitted(split: Split, name: str, params: Params | None = None) -> np.ndarray:
    """Return the answers of an estimator that is fitted to the train rows, by default its own."""
    model = PEERS[name].build(split.table, params or {})
    X, y = split.rows(split.train)
    X_test, _ = split.rows(split.test)
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(_as_trees_take(X), y)
    if split.table.kind == "numbers":
        return np.asarray(model.predict(_as_trees_take(X_test)))
    answers = np.zeros((len(X_test), len(split.table.classes)))
    answers[:, model.classes_] = model.predict_proba(_as_trees_take(X_test))
    return answers


def _as_trees_take(X: pd.DataFrame) -> pd.DataFrame:
    codes = {
        str(name): X[name].cat.codes.astype(float)
        for name in X
        if X[name].dtype == "category" and len(X[name].cat.categories) > MAX_LEVELS
    }
    return X.assign(**codes)


def tuned(split: Split, name: str, seconds: float) -> tuple[np.ndarray, dict[str, Any]]:
    """Return the answers of the best configuration that Optuna finds in `seconds`."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0))
    study.enqueue_trial(PEERS[name].default)
    with get_context("spawn").Pool(PROCESSES, _start, (_validations(split), name)) as pool:
        pool.map(_is_there, range(PROCESSES), chunksize=1)
        running: list[tuple[optuna.Trial, Any]] = []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if len(running) < PROCESSES:
                trial = study.ask()
                params = PEERS[name].suggest(trial)
                running.append((trial, pool.apply_async(_dev_loss, (params,))))
            running = [one for one in running if not _told(study, *one)]
            time.sleep(0.002)
    done = [trial for trial in study.trials if trial.value is not None]
    best = study.best_trial.params if done else PEERS[name].default
    params = PEERS[name].suggest(optuna.trial.FixedTrial(best))  # type: ignore[arg-type]
    return fitted(split, name, params), {"trials": len(done), "params": best}


def _told(study: optuna.Study, trial: optuna.Trial, result: Any) -> bool:
    """Tell the trial if its process has ended it; return whether it has."""
    if not result.ready():
        return False
    if result.successful():
        study.tell(trial, result.get())
    else:
        study.tell(trial, state=optuna.trial.TrialState.FAIL)
    return True


def _validations(split: Split) -> list[Split]:
    """Return the splits of the train rows on which a configuration is judged."""
    rows = split.train
    X, y = split.rows(rows)
    fold = StratifiedKFold if split.table.kind == "classes" else KFold
    parts = list(fold(FOLDS, shuffle=True, random_state=0).split(X, y))
    if len(rows) >= FEW_ROWS:
        parts = parts[:1]
    return [Split(split.table, i, rows[fit], rows[dev]) for i, (fit, dev) in enumerate(parts)]


# --- in a process of the pool ---------------------------------------------------------------------

_given: dict[str, list[Split]] = {}  # the validations, by the peer's name


def _start(validations: list[Split], name: str) -> None:
    _given[name] = validations


def _is_there(_: int) -> None:
    time.sleep(0.1)  # so that each process takes one call


def _dev_loss(params: Params) -> float:
    (name, validations), *_ = _given.items()
    warnings.simplefilter("ignore")  # a class that a fold lacks, a network that does not converge
    means = [losses(one, fitted(one, name, params)).mean() for one in validations]
    return float(np.mean(means))
