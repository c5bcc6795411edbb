"""Trained networks together with the preprocessing of their data: raw rows in, labels out.

It does not know studies, model files or MLflow. The model of a trial, a champion and the content of
a model file are all of this one type.
"""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from dnnsearch.data.answer_names import PREDICTION, answer_names
from dnnsearch.data.files.source import FORM
from dnnsearch.data.model_inputs import ModelInputs, inputs
from dnnsearch.data.prepare import Prepared
from dnnsearch.models.calibration import Calibration, logits_of
from dnnsearch.models.conformal import Conformal
from dnnsearch.models.mixture import mean, mean_and_spread, weighted_mean
from dnnsearch.models.targets import labels, target_of
from dnnsearch.nn import Network, Parameters, without_scaling
from dnnsearch.trials.input_pieces import InputPieces, input_pieces
from dnnsearch.trials.spec import Spec

if TYPE_CHECKING:
    from dnnsearch.data.cells import CellFormat
    from dnnsearch.data.unusual_rows import RowWatch

ROWS_PER_BLOCK = 128  # a constant: the bits of a product depend on the number of its columns


@dataclass(frozen=True)
class Model:
    """R networks of one shape that predict together: an ensemble, or one network if R is 1.

    Its probabilities are the mean of the networks' probabilities, its class is the most probable
    one, the first of equals. In a regression its value is the mean of the networks' values. The
    prediction for a row does not depend on the other rows, not even in the last bit.

    A calibration, if there is one, changes these probabilities, and says how labels are given. With
    `others`, of other configurations on the same inputs, all means are weighted means over them.
    """

    parameters: Parameters  # flat (R, P)
    activation: str  # of the hidden layers
    inputs: ModelInputs  # of raw rows
    classes: np.ndarray  # (classes,): integers or text; empty in a regression
    target: np.ndarray  # (2,): mean and scale of a regression's target
    target_name: str | None = None  # the column that is predicted, if it has a name
    form: Mapping[str, Any] = field(
        default_factory=dict
    )  # the file format, if the config states it
    provenance: Mapping[str, Any] = field(default_factory=dict)  # JSON-able
    pieces: InputPieces | None = None  # in front of the first layer; None if A[0] is the inputs
    calibration: Calibration | None = None  # never in a regression
    conformal: Conformal | None = None  # for intervals of single rows
    others: tuple["Model", ...] = ()  # other configurations; of them only the networks count
    weights: tuple[int, ...] = (1,)  # of this configuration and of each other one
    _lock: Any = field(default_factory=Lock, compare=False, repr=False)

    def __repr__(self) -> str:
        sizes = "-".join(map(str, self.parameters.layer_sizes))
        return f"<Model of {self.replicates} networks {sizes}, {self.activation}, {self.output}>"

    @property
    def task(self) -> str:
        """`binary`, `multiclass` or `regression`."""
        return {2: "binary", 0: "regression"}.get(len(self.classes), "multiclass")

    @property
    def output(self) -> str:
        """The output layer, a name in dnnsearch.nn.OUTPUTS."""
        if len(self.classes) == 0:
            return "identity"
        return "sigmoid" if self.parameters.layer_sizes[-1] == 1 else "softmax"

    @property
    def replicates(self) -> int:
        """R, the number of networks."""
        return int(self.parameters.replicates[0])

    @property
    def networks(self) -> int:
        """The number of networks of all configurations."""
        return sum(one.replicates for one in (self, *self.others))

    @cached_property
    def _network(self) -> Network:
        if self.pieces is None:
            return Network(self.parameters, self.activation, self.output)
        shape, edges = self.pieces.shape, self.pieces.edges
        return Network(self.parameters, self.activation, self.output, shape, edges)

    def single(self, replicate: int = 0) -> "Model":
        """Return one of the networks of the first configuration as a model."""
        flat = self.parameters.flat[replicate : replicate + 1]
        old = self.parameters
        parameters = Parameters.from_flat(old.layer_sizes, flat, old.extra_shapes)
        pieces = self.pieces.single(replicate) if self.pieces else None
        inputs = self.inputs.single(replicate)
        return replace(
            self,
            parameters=parameters,
            inputs=inputs,
            pieces=pieces,
            conformal=None,  # it is of the ensemble
            others=(),
            weights=(1,),
            _lock=Lock(),
        )

    def outputs(
        self, X: Any, decimal: str | None = None, watch: "RowWatch | None" = None
    ) -> np.ndarray:
        """Return the mean of A[L] over the networks, (m, n[L]) float64, for m raw rows X.

        This is the only way of rows into a model. Text in them is read as in the training's file;
        `decimal` is the decimal mark of the rows' own file, by default that of the training's;
        `watch` counts the rows that are unlike train's. Raise ValueError for rows of another
        form, and if the numbers of a row are too large.
        """
        return self._statistics(X, decimal, watch, mean)

    def outputs_and_spread(
        self, X: Any, decimal: str | None = None, watch: "RowWatch | None" = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return `outputs`, and the networks' standard deviation; of several shapes, its mean."""
        found = self._statistics(X, decimal, watch, mean_and_spread)
        return found[:, : found.shape[1] // 2], found[:, found.shape[1] // 2 :]

    def _statistics(
        self,
        X: Any,
        decimal: str | None,
        watch: "RowWatch | None",
        statistic: Callable[[np.ndarray], np.ndarray],
    ) -> np.ndarray:
        """Return a statistic (k, m) of A[L] (R, n[L], m), as (m, k) float64, for m raw rows X."""
        from dnnsearch.data.cells import CellFormat  # imports pandas

        form = CellFormat.of(self.form, decimal)
        with np.errstate(all="ignore"):
            prepared = self._prepared(X, form, watch)
            each = [one._blocks(prepared, statistic) for one in (self, *self.others)]
        found = weighted_mean(each, self.weights) if self.others else each[0]
        wrong = np.flatnonzero(~np.isfinite(found).all(axis=1))
        if len(wrong):
            raise ValueError(f"the numbers of row {wrong[0] + 1} are too large for the network")
        return found

    def _prepared(self, X: Any, form: "CellFormat", watch: "RowWatch | None") -> np.ndarray:
        """Return the inputs (..., m, n_x) of m raw rows X; raise ValueError if they are refused."""
        try:
            return self.inputs.apply(X, self.parameters.flat.dtype, form, watch)
        except (TypeError, ValueError) as error:
            from dnnsearch.models.refused_rows import refusal  # imports pandas

            raise ValueError(refusal(error, self.inputs, X, self.target_name)) from None

    def _blocks(
        self, prepared: np.ndarray, statistic: Callable[[np.ndarray], np.ndarray]
    ) -> np.ndarray:
        """Return a statistic of one configuration, (m, k), for inputs (..., m, n_x)."""
        if self.pieces is not None:
            prepared = self.pieces.scale(prepared)
        blocks = [
            statistic(self._block_outputs(prepared[..., start : start + ROWS_PER_BLOCK, :])).T
            for start in range(0, max(prepared.shape[-2], 1), ROWS_PER_BLOCK)
        ]
        return np.concatenate(blocks)

    def _block_outputs(self, prepared: np.ndarray) -> np.ndarray:
        """Return A[L], (R, n[L], m), for at most ROWS_PER_BLOCK rows (..., m, n[0]).

        They are padded to ROWS_PER_BLOCK, since a product rounds by the number of its columns.
        """
        m = prepared.shape[-2]
        columns = np.zeros(
            (*prepared.shape[:-2], prepared.shape[-1], ROWS_PER_BLOCK), prepared.dtype
        )
        columns[..., :m] = prepared.mT
        with self._lock, np.errstate(all="ignore"):  # a network has one workspace
            Z = self._network.logits(columns).astype(np.float64)
            A = self._network.output.activation.function(Z, Z)
        return np.asarray(A[..., :m])

    def predict(self, X: Any) -> np.ndarray:
        """Return the classes (m,) of raw rows X; in a regression the values, in the target's unit.

        Raise ValueError as `outputs` does.
        """
        outputs = self._outputs_with_warning(X)
        return self.values(outputs) if len(self.classes) == 0 else self.labels(outputs)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each class, (m, classes), for raw rows X.

        Raise ValueError for a regression, and as `outputs` does.
        """
        if len(self.classes) == 0:
            raise ValueError("a regression has no classes: use predict")
        return self.chances(self._outputs_with_warning(X))

    def _outputs_with_warning(self, X: Any) -> np.ndarray:
        """Return `outputs`; warn if many more rows than in train have unknown or no values."""
        from dnnsearch.data.unusual_rows import RowWatch

        watch = RowWatch()
        outputs = self.outputs(X, None, watch)
        for line in watch.lines():
            warnings.warn(line, stacklevel=3)
        return outputs

    def answers(
        self, X: Any, decimal: str | None = None, watch: "RowWatch | None" = None
    ) -> dict[str, np.ndarray]:
        """Return the predictions for raw rows X by column, each (m,).

        The columns are `prediction` and, if there are classes, `probability_CLASS` for each.
        """
        return self.answers_of(self.outputs(X, decimal, watch))

    def answers_of(self, outputs: np.ndarray) -> dict[str, np.ndarray]:
        """Return the columns of `answers` for outputs (m, n[L])."""
        if len(self.classes) == 0:
            return {PREDICTION: self.values(outputs)}
        chances = dict(zip(self.columns[1:], self.chances(outputs).T))
        return {PREDICTION: self.labels(outputs), **chances}

    @property
    def columns(self) -> list[str]:
        """The names of the columns of `answers` without intervals."""
        return answer_names(self.classes.tolist())

    def values(self, outputs: np.ndarray) -> np.ndarray:
        """Return the values (m,) of a regression in the unit of its target; outputs are (m, 1)."""
        mean, scale = self.target
        return np.asarray(outputs[:, 0] * scale + mean)

    def labels(self, outputs: np.ndarray) -> np.ndarray:
        """Return the class of each row, (m,), from outputs (m, n[L]).

        It is the most probable one before a calibration, unless labels are shifted.
        """
        if self.calibration is not None and self.calibration.shift:
            return np.asarray(self.classes[self.calibration.labels(outputs.T, self.output)])
        return np.asarray(self.classes[probabilities(outputs).argmax(axis=1)])

    def chances(self, outputs: np.ndarray) -> np.ndarray:
        """Return the probability of each class, (m, classes), from outputs (m, n[L])."""
        if self.calibration is None:
            return probabilities(outputs)
        return probabilities(self.calibration.probabilities(outputs.T, self.output).T)

    def answer_logits(self, outputs: np.ndarray, *, of_labels: bool) -> np.ndarray:
        """Return logits (n[L], m) of the labels or the probabilities of outputs (m, n[L])."""
        if self.calibration is None:
            return logits_of(outputs.T)
        given = self.calibration
        return given.label_logits(outputs.T) if of_labels else given.logits(outputs.T)


def probabilities(outputs: np.ndarray) -> np.ndarray:
    """Return probabilities (m, classes) of outputs (m, n[L]); one output is that of class 1."""
    return np.hstack([1 - outputs, outputs]) if outputs.shape[1] == 1 else outputs


def assemble(
    spec: Spec,
    parameters: np.ndarray,
    prepared: Prepared,
    arrays: Mapping[str, np.ndarray],
    data: Mapping[str, Any],
    provenance: Mapping[str, Any],
) -> Model:
    """Return the model of final parameters (R, P) that were trained with `spec`.

    `arrays` are those stored under `prepared.test_key`; `data` is that of the config.
    """
    pieces = input_pieces(spec.hyperparameters, spec.input_shape, arrays).without_scaling_layer()
    spelled = {"spelled": dict(prepared.spelled)} if prepared.spelled else {}
    return Model(
        without_scaling(spec.parameters(parameters)),
        spec.hyperparameters.activation,
        inputs(arrays, prepared.feature_names),
        labels(prepared.classes),
        target_of(arrays),
        data.get("target"),
        {**{key: data[key] for key in FORM if key in data}, **spelled},
        provenance,
        None if pieces.is_plain else pieces,
    )
