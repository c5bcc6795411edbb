"""The record of a trial, packed: what was asked, what came out, and which machine computed it.

A record is one zip of JSON and arrays, without pickle. Its `digests` cover everything that the spec
determines; seconds, versions and the machine are under `made`, which is in no digest.
"""

import hashlib
import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from typing import Any

import numpy as np

from dnnsearch.runtime.package_version import package_version
from dnnsearch.storage.array_store import canonical, digest, pack, unpack
from dnnsearch.trials.checkpoint import kept_point, mean_of_replicates
from dnnsearch.trials.run import Result
from dnnsearch.trials.spec import Spec

FORMAT = 1
MAX_PARAMETER_BYTES = 1 << 20  # a record leaves larger ones out; training restores them
MAY_LACK = {"parameters", "dev_outputs"}  # digests whose arrays a record need not have
CURVE_PREFIX = "curve."  # of the names of arrays
# Whose releases choose other hyperparameters; an exact study depends on no other package.
CHOOSING_PACKAGES = ("optuna",)
PINNED_PACKAGES = ("numpy", "scipy", "optuna", "scikit-learn")


def versions() -> dict[str, str]:
    """Return versions by package: those that define a study, and those of dnnsearch and Python."""
    packages = {name: metadata.version(name) for name in PINNED_PACKAGES}
    return {**packages, "dnnsearch": package_version(), "python": platform.python_version()}


@dataclass(frozen=True)
class Record:
    """A record that was read: its JSON document and its arrays."""

    document: dict[str, Any]
    arrays: dict[str, np.ndarray]

    @cached_property
    def spec(self) -> Spec:
        """The spec that was trained."""
        return Spec.from_dict(self.document["spec"])

    @property
    def end(self) -> str:
        """`finished`, `pruned`, `diverged`, or `failed` for an event."""
        return str(self.document["end"])

    @property
    def digest(self) -> str:
        """SHA-256, in hex, of the trial's result."""
        return str(self.document["digest"])

    @property
    def cost(self) -> int:
        """What the trial cost on the virtual clock."""
        return int(self.document["cost"])

    @property
    def iterations(self) -> int:
        """Number of updates that were made."""
        return int(self.arrays["steps"][-1]) if "steps" in self.arrays else 0

    @property
    def curves(self) -> dict[str, np.ndarray]:
        """Curves by name, (R, P) float64: R replicates, P points."""
        names = [name for name in self.arrays if name.startswith(CURVE_PREFIX)]
        return {name.removeprefix(CURVE_PREFIX): self.arrays[name] for name in names}

    @property
    def kept(self) -> int:
        """Number of updates at the point whose parameters, values and predictions are kept."""
        return int(self.arrays["steps"][kept_point(self.spec, self.curves)])

    @property
    def final(self) -> dict[str, np.ndarray]:
        """The kept point of each curve by name, (R,)."""
        curves = self.curves
        point = kept_point(self.spec, curves) if curves else 0
        return {name: curve[:, point] for name, curve in curves.items()}

    @property
    def means(self) -> dict[str, float]:
        """Mean over the replicates of each curve's kept point, by name."""
        return {n: mean_of_replicates(v, self.spec).item() for n, v in self.final.items()}

    @property
    def value(self) -> float | None:
        """Mean of the objective over the replicates; None if the trial diverged or failed."""
        if self.end not in ("finished", "pruned"):
            return None
        return float(mean_of_replicates(self.final[self.spec.objective], self.spec))


def encode(spec: Spec, result: Result, made: Mapping[str, Any]) -> bytes:
    """Return the packed record of a trial that was trained.

    `made` is JSON-able: the versions and the machine.
    """
    curves = {CURVE_PREFIX + name: curve for name, curve in result.curves.items()}
    arrays = {"steps": result.steps, **curves, "dev_predictions": result.dev_predictions}
    digests = {
        **{name: digest({name: array}) for name, array in arrays.items()},
        "parameters": digest({"parameters": result.parameters}),
        "dev_outputs": result.dev_outputs,
    }
    if spec.keep or result.parameters.nbytes <= MAX_PARAMETER_BYTES:
        arrays["parameters"] = result.parameters
    document = {
        "format": FORMAT,
        "spec": spec.as_dict(),
        "end": result.end,
        "cost": result.cost,
        "parameters": result.parameters.shape[-1],
        "digests": digests,
        "made": {**made, "seconds": result.seconds},
    }
    return pack({**document, "digest": outcome_digest(document)}, arrays)


def encode_failure(spec: Spec, cause: str, traceback: str) -> bytes:
    """Return the packed record of a failure, which a replay repeats without training."""
    document = {
        "format": FORMAT,
        "spec": spec.as_dict(),
        "end": "failed",
        "cost": spec.cost(spec.updates),
        "digests": {},
        "cause": cause,
        "traceback": traceback,
        "made": {},
    }
    return pack({**document, "digest": outcome_digest(document)}, {})


def decode(packed: bytes) -> Record:
    """Return the record that was packed; raise DamagedArrays if it is not complete."""
    return Record(*unpack(packed))


def identity(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the fingerprint covers of a trial: what was asked, the data, and the outcome."""
    spec = document["spec"]
    asked = {key: spec[key] for key in ("hyperparameters", "seed", "number", "data", "split")}
    return {**asked, "end": document["end"], "digests": document["digests"]}


def outcome_digest(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 of `identity`, in hex."""
    return hashlib.sha256(canonical(identity(document)).encode()).hexdigest()


def fingerprint(digests: Iterable[str]) -> str:
    """Return one SHA-256 of the trials' `outcome_digest`, in the order of their numbers."""
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def inconsistencies(record: Record) -> list[str]:
    """Return the names of the parts whose digest is not the one that the record states."""
    digests = record.document["digests"]
    wrong = [n for n, a in record.arrays.items() if digest({n: a}) != digests.get(n)]
    wrong += sorted(digests.keys() - record.arrays.keys() - MAY_LACK)
    return wrong + ([] if outcome_digest(record.document) == record.digest else ["digest"])
