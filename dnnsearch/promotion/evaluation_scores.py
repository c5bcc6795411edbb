"""The scores of networks on the dev set of a study, and of models on a test set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dnnsearch.data.table import HeldOut
from dnnsearch.models.ensemble import Model
from dnnsearch.statistics.baseline import chance_score
from dnnsearch.statistics.example_scores import contributions, sample, score_with_interval
from dnnsearch.statistics.score_sample import ScoreSample
from dnnsearch.trials.input_pieces import input_pieces, network
from dnnsearch.trials.metrics import METRICS
from dnnsearch.trials.record import Record
from dnnsearch.trials.spec import Spec

MIN_PROBABILITY = 1e-12  # logits stay finite


def logits(record: Record, arrays: Mapping[str, np.ndarray], part: str) -> np.ndarray:
    """Return Z[L] (R, n[L], m) of a record's networks for the prepared rows of `dev` or `test`."""
    spec = record.spec
    pieces = input_pieces(spec.hyperparameters, spec.input_shape, arrays)
    parameters = spec.parameters(record.arrays["parameters"])
    trained = network(parameters, spec.hyperparameters, spec.output, pieces)
    return np.asarray(trained.logits(pieces.scale(np.asarray(arrays[f"X_{part}"])).mT))


def on_dev(
    records: Sequence[Record], arrays: Mapping[str, np.ndarray], objective: str = ""
) -> ScoreSample:
    """Return the dev scores of one configuration, by default in its own objective.

    It has one record with many replicates or, with folds, one record for each cross-validation.
    With folds a row of the sample is a whole cross-validation with the examples of all folds.
    """
    objective = objective or records[0].spec.objective
    rows = [_dev_rows(record, arrays, objective) for record in records]
    return ScoreSample(np.concatenate(rows), METRICS[objective].is_share)


def _dev_rows(record: Record, arrays: Mapping[str, np.ndarray], objective: str) -> np.ndarray:
    spec, y = record.spec, np.asarray(arrays["y_dev"])
    scale = float(arrays["target"][1]) if "target" in arrays else 1.0
    Z = logits(record, arrays, "dev")
    found = contributions(objective, spec.output, Z, y, scale)
    return found.reshape(1, -1) if y.ndim == 2 else found


@dataclass(frozen=True)
class EvaluationScores:
    """One test set and the objective in which models are scored on it."""

    spec: Spec
    held_out: HeldOut
    target: np.ndarray  # (2,): mean and scale of a regression's target

    @property
    def y(self) -> np.ndarray:
        """The target of the test rows (m,), as the networks were trained on it."""
        mean, scale = self.target
        if self.spec.output == "identity":
            return np.asarray((self.held_out.y - mean) / scale)
        return self.held_out.y

    def sample(self, Z: np.ndarray) -> ScoreSample:
        """Return the scores of R networks with logits Z (R, n[L], m)."""
        spec = self.spec
        return sample(spec.objective, spec.output, Z, self.y, float(self.target[1]))

    def figure(self, name: str, Z: np.ndarray, y_train: np.ndarray) -> dict[str, float]:
        """Return a metric of logits Z (1, n[L], m): value, low, high (95 %) and of guessing."""
        measured = replace(self, spec=replace(self.spec, objective=name))
        return {
            **score_with_interval(measured.sample(Z), name),
            "guess": measured.guess(y_train, Z),
        }

    def ensemble(self, model: Model) -> np.ndarray:
        """Return logits (1, n[L], m) of a model's predictions for the raw rows."""
        outputs = model.outputs(self.held_out.X)
        if self.spec.output == "identity":
            values = (model.values(outputs) - self.target[0]) / self.target[1]
            return np.asarray(values[np.newaxis, np.newaxis])
        p = np.clip(outputs.T, MIN_PROBABILITY, 1.0)
        if len(p) > 1:
            return np.asarray(np.log(p)[np.newaxis])
        not_p = np.clip(1 - p, MIN_PROBABILITY, 1.0)
        return np.asarray((np.log(p) - np.log(not_p))[np.newaxis])

    def guess(self, y_train: np.ndarray, Z: np.ndarray) -> float:
        """Return the score of a constant prediction; y_train as the networks were trained on it."""
        spec = self.spec
        return chance_score(
            spec.objective, spec.output, y_train, Z[0], self.y, float(self.target[1])
        )
