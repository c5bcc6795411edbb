"""Trained networks with the preparation of their data inside: raw rows in, labels out.

It knows nothing of studies, model files or MLflow. A trial's model, a champion and what a model
file holds are all this one thing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from threading import Lock
from typing import Any

import numpy as np

from dnnsearch.data.files.source import FORM
from dnnsearch.data.model_inputs import ModelInputs, inputs
from dnnsearch.data.prepare import Prepared
from dnnsearch.nn import Network, Parameters
from dnnsearch.trials.spec import Spec

PREDICTION = "prediction"
ROWS = 128  # that meet the networks at a time; always so many, so that a row's bits are its own


@dataclass(frozen=True)
class Model:
    """R networks of one shape that answer as one: an ensemble, or a single network where R is 1.

    Its probabilities are the mean of the networks' probabilities, its class is the most probable,
    the first of equals; in a regression its value is the mean of the networks' values. What it says
    of a row does not depend, to the last bit, on the rows beside it.
    """

    parameters: Parameters  # flat (R, P)
    activation: str  # of the hidden layers
    inputs: ModelInputs  # of raw rows
    classes: np.ndarray  # (classes,): integers where the labels are, else text; none: a regression
    target: np.ndarray  # (2,): mean and scale of a regression's target
    target_name: str | None = None  # the column that was learnt, where the data have names
    form: Mapping[str, Any] = field(default_factory=dict)  # what the config says of a file's form
    provenance: Mapping[str, Any] = field(default_factory=dict)  # where it is from; JSON-able
    _lock: Any = field(default_factory=Lock, compare=False, repr=False)

    @property
    def task(self) -> str:
        """binary, multiclass or regression."""
        return {2: "binary", 0: "regression"}.get(len(self.classes), "multiclass")

    @property
    def output(self) -> str:
        """A name in dnnsearch.nn.OUTPUTS."""
        if len(self.classes) == 0:
            return "identity"
        return "sigmoid" if self.parameters.layer_sizes[-1] == 1 else "softmax"

    @property
    def replicates(self) -> int:
        """R."""
        return int(self.parameters.replicates[0])

    @cached_property
    def _network(self) -> Network:
        return Network(self.parameters, self.activation, self.output)

    def single(self, replicate: int = 0) -> "Model":
        """One of the networks as a model of its own."""
        flat = self.parameters.flat[replicate : replicate + 1]
        parameters = Parameters.from_flat(self.parameters.layer_sizes, flat)
        return replace(
            self, parameters=parameters, inputs=self.inputs.single(replicate), _lock=Lock()
        )

    def outputs(self, X: Any) -> np.ndarray:
        """The mean of A[L] over the networks, (m, n[L]) float64, for raw rows X, m of them.

        Raises ValueError for rows of another form, and where the numbers of a row are too large.
        """
        with np.errstate(all="ignore"):
            prepared = self.inputs.apply(X, self.parameters.flat.dtype)
        means = np.empty((prepared.shape[-2], self.parameters.layer_sizes[-1]))
        for start in range(0, len(means), ROWS):
            rows = slice(start, start + ROWS)
            means[rows] = self._mean_outputs(prepared[..., rows, :])
        wrong = np.flatnonzero(~np.isfinite(means).all(axis=1))
        if len(wrong):
            raise ValueError(f"the numbers of row {wrong[0] + 1} are too large for the network")
        return means

    def _mean_outputs(self, prepared: np.ndarray) -> np.ndarray:
        """Of at most ROWS rows (..., m, n[0]), filled up: products round by how many they are."""
        m = prepared.shape[-2]
        columns = np.zeros((*prepared.shape[:-2], prepared.shape[-1], ROWS), prepared.dtype)
        columns[..., :m] = prepared.mT
        with self._lock, np.errstate(all="ignore"):  # a network has one room to compute in
            Z = self._network.logits(columns).astype(np.float64)
            A = self._network.output.activation.function(Z, Z)
        return np.asarray(A.mean(axis=0).T[:m])

    def predict(self, X: Any) -> np.ndarray:
        """The classes (m,) of raw rows X; in a regression the values, in the target's unit.

        Raises ValueError as `outputs` does.
        """
        outputs = self.outputs(X)
        return self.values(outputs) if len(self.classes) == 0 else self.labels(outputs)

    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of each class, (m, classes), for raw rows X."""
        if len(self.classes) == 0:
            raise ValueError("a regression has no classes: use predict")
        return probabilities(self.outputs(X))

    def answers(self, X: Any) -> dict[str, np.ndarray]:
        """What it says of raw rows X, by column: `prediction`, and `probability_CLASS` of each."""
        outputs = self.outputs(X)
        if len(self.classes) == 0:
            return {PREDICTION: self.values(outputs)}
        chances = dict(zip(self.columns[1:], probabilities(outputs).T))
        return {PREDICTION: self.labels(outputs), **chances}

    @property
    def columns(self) -> list[str]:
        """The names of `answers`."""
        return [PREDICTION, *(f"probability_{name}" for name in self.classes.tolist())]

    def values(self, outputs: np.ndarray) -> np.ndarray:
        """(m,) in the unit of a regression's target."""
        mean, scale = self.target
        return np.asarray(outputs[:, 0] * scale + mean)

    def labels(self, outputs: np.ndarray) -> np.ndarray:
        """(m,): the most probable class of each row."""
        return np.asarray(self.classes[probabilities(outputs).argmax(axis=1)])


def probabilities(outputs: np.ndarray) -> np.ndarray:
    """(m, classes) of outputs (m, n[L]): one output is the probability of the second of two."""
    return np.hstack([1 - outputs, outputs]) if outputs.shape[1] == 1 else outputs


def assemble(
    spec: Spec,
    parameters: np.ndarray,
    prepared: Prepared,
    arrays: Mapping[str, np.ndarray],
    data: Mapping[str, Any],
    provenance: Mapping[str, Any],
) -> Model:
    """The model of final parameters (R, P) that were trained as `spec` says.

    `arrays` is what lies with the test set under `prepared.test_key`, `data` the config's.
    """
    return Model(
        Parameters.from_flat(spec.layer_sizes, parameters),
        spec.hyperparameters.activation,
        inputs(arrays, prepared.feature_names),
        labels(prepared.classes),
        target_of(arrays),
        data.get("target"),
        {key: data[key] for key in FORM if key in data},
        provenance,
    )


def target_of(arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    """(2,): mean and scale of a regression's target; 0 and 1 where there are classes."""
    return np.asarray(arrays.get("target", [0.0, 1.0]), np.float64)


def labels(names: Sequence[str]) -> np.ndarray:
    """The classes as a person has them in a table: integers where all names spell one."""
    try:
        numbers = [int(name) for name in names]
    except ValueError:
        return np.array(names)
    return np.array(numbers if [str(n) for n in numbers] == [*names] else names)
