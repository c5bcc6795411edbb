"""Networks of one configuration, and the rows that they are asked about: dev, or out of fold.

No network was trained on the rows that it is asked about. Rows and networks are limited, so that
what is measured column by column stays quick.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dnnsearch.nn import OUTPUTS, Network
from dnnsearch.statistics.example_scores import contributions
from dnnsearch.trials.input_pieces import InputPieces, input_pieces, network
from dnnsearch.trials.record import Record
from dnnsearch.trials.spec import Spec

MAX_NETWORKS = 8  # that are asked about a row; with folds, that many cross-validations
JACKKNIFE_GROUPS = 20  # of the rows, if the metric is no mean over them
SEED = 0  # of the rows and of all that is shuffled


@dataclass(frozen=True)
class DevNetworks:
    """R networks in groups (one for each record), and m rows; with K folds m rows of each fold."""

    spec: Spec
    networks: Sequence[Network]  # each of some replicates; with folds, one of each fold
    pieces: InputPieces
    prepared: np.ndarray  # the rows, (m, n_x) or (K, m, n_x)
    X: np.ndarray  # the same, scaled as the first layer has them
    y: np.ndarray  # (m,) or (K, m), as the networks were trained on it
    target: tuple[float, float]  # mean and scale of a regression's target, else 0 and 1

    @property
    def count(self) -> int:
        """The number of networks."""
        return sum(one.parameters.replicates[0] for one in self.networks)

    def few(self, rows: int) -> "DevNetworks":
        """Return the first group of networks with at most `rows` rows of each fold."""
        few = slice(rows)
        return replace(
            self,
            networks=self.networks[:1],
            prepared=self.prepared[..., few, :],
            X=self.X[..., few, :],
            y=self.y[..., few],
        )

    def logits(self, X: np.ndarray) -> list[np.ndarray]:
        """Return Z[L] (r, n[L], m) of scaled rows X (..., m, n_x) for each group of r networks."""
        return [np.asarray(one.logits(X.mT)) for one in self.networks]

    def scores(self, X: np.ndarray) -> np.ndarray:
        """Return what each row contributes to the objective of each network: (R, m).

        With folds it is that of each cross-validation, (rounds, K m). If the metric is no mean over
        rows, groups of rows stand for rows.
        """
        objective, output, scale = self.spec.objective, self.spec.output, self.target[1]
        found = [
            contributions(objective, output, Z, self.y, scale, JACKKNIFE_GROUPS)
            for Z in self.logits(X)
        ]
        return np.concatenate([one.reshape(1, -1) if self.y.ndim == 2 else one for one in found])

    def mean_outputs(self, X: np.ndarray) -> np.ndarray:
        """Return the mean of A[L] over the rows, (R, n[L]); a regression has the target's unit."""
        activation, (mean, scale) = OUTPUTS[self.spec.output].activation, self.target
        each = (np.asarray(activation.function(Z.astype(float), None)) for Z in self.logits(X))
        return np.concatenate([A.mean(axis=-1) for A in each]) * scale + mean


def dev_networks(
    records: Sequence[Record], arrays: Mapping[str, np.ndarray], max_rows: int
) -> DevNetworks:
    """Return the networks of the records, which have parameters, with a sample of at most max_rows.

    `arrays` are the prepared ones of the records.
    """
    spec = records[0].spec
    pieces = input_pieces(spec.hyperparameters, spec.input_shape, arrays)
    y = np.asarray(arrays["y_dev"])
    rows = _sample(y.shape[-1], max_rows // (len(y) if y.ndim == 2 else 1))
    prepared = np.asarray(arrays["X_dev"])[..., rows, :]
    mean, scale = np.asarray(arrays.get("target", [0.0, 1.0]), float).tolist()
    networks = [
        network(spec.parameters(flat), spec.hyperparameters, spec.output, pieces)
        for flat in _parameters(records, is_folded=y.ndim == 2)
    ]
    X = pieces.scale(prepared)
    return DevNetworks(spec, networks, pieces, prepared, X, y[..., rows], (mean, scale))


def _sample(m: int, max_rows: int) -> np.ndarray:
    """Return the rows, in their order: all m, or a random sample that is always the same."""
    if m <= max_rows:
        return np.arange(m)
    return np.sort(np.random.default_rng(SEED).choice(m, max(max_rows, 1), replace=False))


def few_records(records: Sequence[Record], is_folded: bool) -> list[Record]:
    """Return the first records, until each row has MAX_NETWORKS networks."""
    each = [1 if is_folded else record.spec.replicates for record in records]
    before = np.cumsum([0, *each])
    return [record for record, count in zip(records, before) if count < MAX_NETWORKS]


def _parameters(records: Sequence[Record], is_folded: bool) -> list[np.ndarray]:
    """Return parameters (r, P) for each of the first records, of at most MAX_NETWORKS networks."""
    kept = few_records(records, is_folded)
    all_of_them = [record.arrays["parameters"] for record in kept]
    if is_folded:
        return all_of_them
    counts = np.cumsum([0, *(len(flat) for flat in all_of_them)])
    return [flat[: MAX_NETWORKS - count] for flat, count in zip(all_of_them, counts)]
