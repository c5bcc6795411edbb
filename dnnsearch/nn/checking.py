"""Is the gradient right? It is compared with differences of the cost itself."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from dnnsearch.nn.network import Network
from dnnsearch.nn.parameters import Array


def gradient_check(
    network: Network, X: Array, Y: Array, epsilon: float = 1e-6, **options: Any
) -> dict[str, float]:
    """Return the relative error of dW1, db1, ..., dWL, dbL on X (n[0], m) and Y (n[L], m).

    The relative error is |d - D| / (|d| + |D|), where d is the gradient of the backward pass and D
    is, for each parameter, (J(theta + epsilon) - J(theta - epsilon)) / (2 epsilon). Up to 1e-6 the
    gradient is right; a wrong formula gives 1e-2 and more. `options` are those of
    `Network.cost_and_gradient`.
    Raise ValueError unless the parameters are float64 and without replicates.
    """
    theta = network.parameters
    if theta.flat.dtype != np.float64 or theta.replicates:
        raise ValueError(
            "a gradient check needs float64 parameters without replicates, "
            f"but these are {theta.flat.dtype} with replicates {theta.replicates}"
        )
    _, gradient = network.cost_and_gradient(X, Y, **options)
    backward = gradient.as_dict()
    differences = theta.zeros_like()
    for i in range(theta.flat.size):
        differences.flat[i] = _difference(network, X, Y, i, epsilon, options)
    errors = {}
    for name, D in differences.as_dict().items():
        d = backward[name]
        size = float(np.linalg.norm(d) + np.linalg.norm(D))
        errors[f"d{name}"] = float(np.linalg.norm(d - D)) / size if size else 0.0
    return errors


def _difference(
    network: Network, X: Array, Y: Array, i: int, epsilon: float, options: Mapping[str, Any]
) -> float:
    theta = network.parameters.flat
    original = theta[i]
    costs = []
    for value in (original + epsilon, original - epsilon):
        theta[i] = value
        costs.append(float(network.cost_and_gradient(X, Y, **options)[0]))
    theta[i] = original
    return (costs[0] - costs[1]) / (2 * epsilon)
