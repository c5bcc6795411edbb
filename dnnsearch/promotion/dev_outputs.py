"""What the confirmed networks of each candidate answer together, for the rows of dev.

No network was trained on the rows that it answers here. With folds these are the rows of all folds,
each answered by the networks of its own fold.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dnnsearch.models.calibration import logits_of
from dnnsearch.models.targets import target_of
from dnnsearch.nn import OUTPUTS
from dnnsearch.statistics.cross_fitting import random_parts
from dnnsearch.trials.spec import Spec


@dataclass(frozen=True)
class DevOutputs:
    """The mean outputs of each candidate's networks, and the parts in which rows are set aside."""

    objective: str
    output: str  # a name in dnnsearch.nn.OUTPUTS
    y: np.ndarray  # (m,): the targets, as the networks have them
    scale: float  # of a regression's target
    part: np.ndarray  # (m,): of cross-fitting; with folds the fold
    of_candidates: Sequence[np.ndarray]  # A (n[L], m) float64 of each, in their order

    def logits(self, A: np.ndarray) -> np.ndarray:
        """Return logits (n[L], m) of mean outputs; in a regression they are the outputs."""
        return A if self.output == "identity" else logits_of(A)


def dev_outputs(
    spec: Spec, of_candidates: Sequence[Sequence[np.ndarray]], arrays: Mapping[str, np.ndarray]
) -> DevOutputs:
    """Return the outputs of candidates with these logits (R, n[L], m) for dev, of each record.

    With folds, a record has one network for each fold, which answers the rows of its own.
    """
    y = np.asarray(arrays["y_dev"])
    part = random_parts(y.size) if y.ndim == 1 else np.repeat(np.arange(len(y)), y.shape[1])
    means = [_mean(found, spec.output, y.ndim == 2) for found in of_candidates]
    scale = float(target_of(arrays)[1])
    return DevOutputs(spec.objective, spec.output, y.ravel(), scale, part, means)


def _mean(of_records: Sequence[np.ndarray], output: str, has_folds: bool) -> np.ndarray:
    """Return the mean output (n[L], m) of the networks that answer the same rows."""
    function = OUTPUTS[output].activation.function
    found = [function(Z.astype(np.float64), None) for Z in of_records]
    if not has_folds:
        return np.asarray(np.concatenate(found).mean(axis=0))
    return np.concatenate(list(np.mean(found, axis=0)), axis=1)  # fold by fold
