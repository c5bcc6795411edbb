"""The scores of networks on the dev set of a study, and of models on a test set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dnnsearch.data.table import HeldOut
from dnnsearch.models.ensemble import Model
from dnnsearch.models.targets import target_of
from dnnsearch.statistics.baseline import chance_score
from dnnsearch.statistics.example_scores import contributions, sample, score_with_interval
from dnnsearch.statistics.score_sample import ScoreSample
from dnnsearch.trials.input_pieces import input_pieces, network
from dnnsearch.trials.metrics import METRICS
from dnnsearch.trials.record import Record
from dnnsearch.trials.spec import Spec


def logits(record: Record, arrays: Mapping[str, np.ndarray], part: str) -> np.ndarray:
    """Return Z[L] (R, n[L], m) of a record's networks for the prepared rows of `dev` or `test`."""
    spec = record.spec
    pieces = input_pieces(spec.hyperparameters, spec.input_shape, arrays)
    parameters = spec.parameters(record.arrays["parameters"])
    trained = network(parameters, spec.hyperparameters, spec.output, pieces)
    return np.asarray(trained.logits(pieces.scale(np.asarray(arrays[f"X_{part}"])).mT))


def on_dev(
    records: Sequence[Record],
    arrays: Mapping[str, np.ndarray],
    objective: str = "",
    of_records: Sequence[np.ndarray] = (),
) -> ScoreSample:
    """Return the dev scores of one configuration, by default in its own objective.

    `of_records` are the logits of each record for dev, if they are known.

    It has one record with many replicates or, with folds, one record for each cross-validation.
    With folds a row of the sample is a whole cross-validation with the examples of all folds.
    """
    spec, y, scale = records[0].spec, np.asarray(arrays["y_dev"]), float(target_of(arrays)[1])
    objective = objective or spec.objective
    known = of_records or [logits(record, arrays, "dev") for record in records]
    found = [contributions(objective, spec.output, Z, y, scale) for Z in known]
    rows = [each.reshape(1, -1) if y.ndim == 2 else each for each in found]
    return ScoreSample(np.concatenate(rows), METRICS[objective].is_share, rows=y.size)


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

    def score(self, name: str, Z: np.ndarray) -> dict[str, float]:
        """Return a metric of logits Z (R, n[L], m) of R networks: value, low and high (95 %)."""
        return score_with_interval(self._measured(name).sample(Z), name)

    def figure(self, name: str, Z: np.ndarray, y_train: np.ndarray) -> dict[str, float]:
        """Return a metric of logits Z (1, n[L], m): value, low, high (95 %) and of guessing."""
        return {**self.score(name, Z), "guess": self._measured(name).guess(y_train, Z)}

    def _measured(self, name: str) -> "EvaluationScores":
        return replace(self, spec=replace(self.spec, objective=name))

    def ensemble(self, model: Model) -> np.ndarray:
        """Return logits (1, n[L], m) of a model's answers for the raw rows."""
        return self.answers(model, model.outputs(self.held_out.X), self.spec.objective)

    def answers(self, model: Model, outputs: np.ndarray, metric: str) -> np.ndarray:
        """Return logits (1, n[L], m), as a metric needs them, of a model's outputs (m, n[L])."""
        if self.spec.output == "identity":
            values = (model.values(outputs) - self.target[0]) / self.target[1]
            return np.asarray(values[np.newaxis, np.newaxis])
        of_labels = METRICS[metric].of_labels
        return model.answer_logits(outputs, of_labels=of_labels)[np.newaxis]

    def guess(self, y_train: np.ndarray, Z: np.ndarray) -> float:
        """Return the score of a constant prediction; y_train as the networks were trained on it."""
        spec = self.spec
        return chance_score(
            spec.objective, spec.output, y_train, Z[0], self.y, float(self.target[1])
        )
