"""The record of a trial, packed: what it was, what it came to, and who made it.

A record is one zip of JSON and arrays, without pickle. Its `digests` cover all that the spec
determines; seconds, versions and the machine stand under `made` and are in no digest.
"""

import hashlib
import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from typing import Any

import numpy as np

from dnnsearch.storage.array_store import canonical, digest, pack, unpack
from dnnsearch.trials.run import Result
from dnnsearch.trials.spec import Spec

FORMAT = 1
KEPT_BYTES = 1 << 20  # larger final parameters are trained again when somebody wants them
CURVE = "curve."  # the prefix of the curves' names among a record's arrays
PINNED_PACKAGES = ("numpy", "scipy", "optuna", "scikit-learn")


def versions() -> dict[str, str]:
    """The versions that a study is pinned to, and those that are merely good to know."""
    packages = {name: metadata.version(name) for name in (*PINNED_PACKAGES, "dnnsearch")}
    return {**packages, "python": platform.python_version()}


@dataclass(frozen=True)
class Record:
    """A record as it is read back: the document and the arrays."""

    document: dict[str, Any]
    arrays: dict[str, np.ndarray]

    @cached_property
    def spec(self) -> Spec:
        return Spec.from_dict(self.document["spec"])

    @property
    def end(self) -> str:
        """`finished`, `pruned`, `diverged`, or `failed` for an event."""
        return str(self.document["end"])

    @property
    def digest(self) -> str:
        return str(self.document["digest"])

    @property
    def cost(self) -> int:
        return int(self.document["cost"])

    @property
    def iterations(self) -> int:
        """The updates that were made."""
        return int(self.arrays["steps"][-1]) if "steps" in self.arrays else 0

    @property
    def curves(self) -> dict[str, np.ndarray]:
        """name -> (R, P) float64."""
        names = [name for name in self.arrays if name.startswith(CURVE)]
        return {name.removeprefix(CURVE): self.arrays[name] for name in names}

    @property
    def final(self) -> dict[str, np.ndarray]:
        """name -> (R,): the last point of each curve."""
        return {name: curve[:, -1] for name, curve in self.curves.items()}

    @property
    def value(self) -> float | None:
        """The objective, a mean over the replicates; None where the trial did not come to one."""
        if self.end not in ("finished", "pruned"):
            return None
        return float(self.final[self.spec.objective].mean())


def encode(spec: Spec, result: Result, made: Mapping[str, Any]) -> bytes:
    """The packed record of a trial that ended by its own rules."""
    curves = {CURVE + name: curve for name, curve in result.curves.items()}
    arrays = {"steps": result.steps, **curves, "dev_predictions": result.dev_predictions}
    digests = {
        **{name: digest({name: array}) for name, array in arrays.items()},
        "parameters": digest({"parameters": result.parameters}),
        "dev_outputs": result.dev_outputs,
    }
    if spec.keep or result.parameters.nbytes <= KEPT_BYTES:
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
    """The packed record of an event: an accident that ended the trial, replayed as given."""
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
    """Raises DamagedArrays for what is not a whole record."""
    return Record(*unpack(packed))


def identity(document: Mapping[str, Any]) -> dict[str, Any]:
    """What the fingerprint covers of a trial: what was asked, of which data, what came of it."""
    spec = document["spec"]
    asked = {key: spec[key] for key in ("hyperparameters", "seed", "number", "data", "split")}
    return {**asked, "end": document["end"], "digests": document["digests"]}


def outcome_digest(document: Mapping[str, Any]) -> str:
    """SHA-256, in hex, of `identity`."""
    return hashlib.sha256(canonical(identity(document)).encode()).hexdigest()


def fingerprint(digests: Iterable[str]) -> str:
    """One SHA-256 over the trials' `outcome_digest`, in the order of their numbers."""
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def inconsistencies(record: Record) -> list[str]:
    """The names of what does not have the digest that the record gives for it."""
    digests = record.document["digests"]
    wrong = [n for n, a in record.arrays.items() if digest({n: a}) != digests.get(n)]
    return wrong + ([] if outcome_digest(record.document) == record.digest else ["digest"])
