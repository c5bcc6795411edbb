"""Hyperparameters by the flat names of Optuna, MLflow and the tables: units_1, units_2, ..."""

from collections.abc import Mapping

from dnnsearch.trials.hyperparameter_row import Value


def key_of(param: str) -> str:
    """Return the hyperparameter of one of Optuna's parameters.

    That is `units` for units_3, and `learning_rate` for learning_rate_adamw.
    """
    for key in ("units", "learning_rate"):
        if param.startswith(f"{key}_"):
            return key
    return param


def join_units(params: Mapping[str, Value]) -> str:
    """Return the units of the hidden layers, such as `64-32`; empty for logistic regression."""
    layers = range(1, int(params["hidden_layers"]) + 1)
    return "-".join(str(params[f"units_{layer}"]) for layer in layers)


def describe(params: Mapping[str, Value], short: bool = False) -> str:
    """Return `relu 64-32, learning rate 0.03` of flat params; `relu 64-32 lr 0.03` if short."""
    units, rate = join_units(params), params["learning_rate"]
    if short:
        network = f"{params['activation']} {units}" if units else "logistic"
        return f"{network} lr {rate:.2g}"
    network = f"{params['activation']} {units}" if units else "logistic regression"
    return f"{network}, learning rate {rate:.4g}"
