"""Which point of a training is kept, and when patience ends it.

There is one point for a whole stack: the first at which the mean of the objective over the
replicates is best. So every replicate has made as many updates as the others, and is what it would
be alone. The dev set chose the point: the kept value is optimistic, as the best of several is.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from dnnsearch.nn.arithmetic import FAST
from dnnsearch.trials.hyperparameter_row import BEST
from dnnsearch.trials.spec import Spec


def mean_of_replicates(values: np.ndarray, spec: Spec) -> np.ndarray:
    """Return the mean over the first axis of (R, ...)."""
    if spec.operations is FAST:
        return np.asarray(values.mean(axis=0))
    return np.asarray(spec.operations.summands(values, 0).mean(axis=0))


def best_point(spec: Spec, values: Sequence[float]) -> int:
    """Return the index of the best of the objective's means at the points, the first of equals."""
    worst = -np.inf if spec.maximize else np.inf
    finite = np.where(np.isfinite(values), values, worst)
    return int(np.argmax(finite) if spec.maximize else np.argmin(finite))


def kept_point(spec: Spec, curves: Mapping[str, np.ndarray]) -> int:
    """Return the index of the point whose parameters are kept; curves are (R, P).

    It is the last one, unless the checkpoint is the best. A training that diverged keeps its last.
    """
    objective = curves[spec.objective]
    is_finite = bool(np.isfinite(curves["train_cost"][:, -1]).all())
    if spec.hyperparameters.checkpoint != BEST or not is_finite:
        return int(objective.shape[1]) - 1
    return best_point(spec, mean_of_replicates(objective, spec).tolist())


def is_out_of_patience(spec: Spec, values: Sequence[float]) -> bool:
    """Return whether the training ends because its best point is `patience` points behind."""
    patience = spec.hyperparameters.patience
    return patience is not None and len(values) - 1 - best_point(spec, values) >= patience
