"""What networks are worth: on the dev set that chose them, and on a test set that did not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dnnsearch.data.table import HeldOut
from dnnsearch.models.ensemble import Model
from dnnsearch.nn import Network, Parameters
from dnnsearch.statistics.baseline import chance_score
from dnnsearch.statistics.example_scores import contributions
from dnnsearch.statistics.score_sample import ScoreSample
from dnnsearch.trials.metrics import METRICS
from dnnsearch.trials.record import Record
from dnnsearch.trials.spec import Spec

TINY = 1e-12  # the least probability: logits stay finite


def logits(record: Record, X: np.ndarray) -> np.ndarray:
    """Z[L] (R, n[L], m) of all networks of a record for prepared rows (m, n[0]) or (R, m, n[0])."""
    spec = record.spec
    parameters = Parameters.from_flat(spec.layer_sizes, record.arrays["parameters"])
    network = Network(parameters, spec.hyperparameters.activation, spec.output)
    return np.asarray(network.logits(np.asarray(X).mT))


def on_dev(records: Sequence[Record], arrays: Mapping[str, np.ndarray]) -> ScoreSample:
    """Of one configuration: a record with many replicates, or several with a network a fold.

    With folds a row is a whole cross-validation, its examples those of all folds.
    """
    rows = [_dev_rows(record, arrays) for record in records]
    return ScoreSample(np.concatenate(rows), METRICS[records[0].spec.objective].is_share)


def _dev_rows(record: Record, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    spec, y = record.spec, np.asarray(arrays["y_dev"])
    scale = float(arrays["target"][1]) if "target" in arrays else 1.0
    Z = logits(record, arrays["X_dev"])
    found = contributions(spec.objective, spec.output, Z, y, scale)
    return found.reshape(1, -1) if y.ndim == 2 else found


@dataclass(frozen=True)
class EvaluationScores:
    """Models on one test set, in one objective."""

    spec: Spec
    held_out: HeldOut
    target: np.ndarray  # (2,): mean and scale in which costs of a regression are counted

    @property
    def y(self) -> np.ndarray:
        """As the networks have it."""
        mean, scale = self.target
        if self.spec.output == "identity":
            return np.asarray((self.held_out.y - mean) / scale)
        return self.held_out.y

    def measured(self, Z: np.ndarray) -> ScoreSample:
        """Of logits (R, n[L], m)."""
        found = contributions(
            self.spec.objective, self.spec.output, Z, self.y, float(self.target[1])
        )
        return ScoreSample(found, METRICS[self.spec.objective].is_share)

    def ensemble(self, model: Model) -> np.ndarray:
        """Logits (1, n[L], m) of what a model says of the raw rows, preparation and all."""
        outputs = model.outputs(self.held_out.X)
        if self.spec.output == "identity":
            values = (model.values(outputs) - self.target[0]) / self.target[1]
            return np.asarray(values[np.newaxis, np.newaxis])
        p = np.clip(outputs.T, TINY, 1.0)
        Z = np.log(p) - np.log(np.clip(1 - p, TINY, 1.0)) if len(p) == 1 else np.log(p)
        return np.asarray(Z[np.newaxis])

    def guess(self, y_train: np.ndarray, Z: np.ndarray) -> float:
        """What a constant answer comes to; y_train as the networks had it."""
        spec = self.spec
        return chance_score(
            spec.objective, spec.output, y_train, Z[0], self.y, float(self.target[1])
        )
