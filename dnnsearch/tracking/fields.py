"""What MLflow is told of a trial: its name, tags, params and metrics. Does not import MLflow.

Curves are the only metrics with steps (iterations); MLflow shows the last point of each as the
run's value, so the column `dev_accuracy` is the value after the last update. Everything else is one
number at step 0: `hp.*` repeats the numeric hyperparameters, because MLflow sorts params as
strings, and `objective` stands only where a trial was finished, so that sorting by it leaves pruned
and diverged trials at the end.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Final

from dnnsearch.trials.run import TrialView

# How a trial's end is called in MLflow; what MLflow has no word for stands in `dnnsearch.state`.
STATUS: Final[Mapping[str, str]] = {
    "running": "RUNNING",
    "finished": "FINISHED",
    "pruned": "KILLED",
    "diverged": "KILLED",
    "failed": "FAILED",
    "interrupted": "KILLED",
}

# Tags by which runs are found again.
KIND = "dnnsearch.kind"  # study or trial
STUDY = "dnnsearch.study"
TRIAL = "dnnsearch.trial"
STATE = "dnnsearch.state"
DIGEST = "dnnsearch.digest"
SPEC = "dnnsearch.spec"
DATA = "dnnsearch.data"
MODEL = "dnnsearch.model"  # digest of a model file
IDENTITY = "dnnsearch.identity"
REMOVED = "dnnsearch.removed"
FINGERPRINT = "dnnsearch.fingerprint"
PARENT = "mlflow.parentRunId"
NOTE = "mlflow.note.content"

SOURCE: Final[Mapping[str, str]] = {
    "mlflow.source.name": "dnnsearch",
    "mlflow.source.type": "LOCAL",
}
RECORD = "record.zip"  # the artifact
LONGEST_TAG = 7_500  # MLflow takes 8,000 characters


def identifying_tags(study: str, parent: str, view: TrialView) -> dict[str, str]:
    """The tags that a trial's run has from its creation on."""
    return {
        PARENT: parent,
        KIND: "trial",
        STUDY: study,
        TRIAL: str(view.number),
        SPEC: view.spec,
        DATA: view.data,
        NOTE: f"Train it again and compare every bit: `dnnsearch rerun {study}/{view.number}`",
        **SOURCE,
    }


def state_tags(view: TrialView) -> dict[str, str]:
    """The tags that say how a trial stands; written last, they prove that all else is there."""
    tags = {STATE: view.state, DIGEST: view.digest}
    diverged_at = first_non_finite(view)
    if diverged_at is not None:
        tags["dnnsearch.diverged_at"] = str(diverged_at)
    if view.reason:
        reason = view.reason[-LONGEST_TAG:]  # a traceback ends with what matters
        tags["dnnsearch.reason"] = reason.strip().splitlines()[-1]
        tags[NOTE] = f"Failed:\n\n```\n{reason}\n```"
    return tags


def params(view: TrialView) -> dict[str, str]:
    """Every hyperparameter, searched or fixed, as MLflow's params."""
    return {name: str(value) for name, value in view.params.items()}


def scalars(view: TrialView) -> dict[str, float]:
    """The metrics without steps; only finite ones.

    None before the trial has ended: to send a metric twice costs MLflow more than all the rest.
    """
    if view.state in ("running", "interrupted"):
        return {}
    found: dict[str, float | None] = {
        f"hp.{name}": value for name, value in view.params.items() if not isinstance(value, str)
    }
    found |= {name: value for name, value in view.final.items() if name not in view.curves}
    found |= {"seconds": view.seconds, "parameters": view.parameters, "flops": view.flops}
    if view.state == "finished":
        found["objective"] = view.value
    return {k: float(v) for k, v in found.items() if v is not None and math.isfinite(v)}


def points(view: TrialView, first: str) -> Iterator[tuple[str, int, float]]:
    """The curves as (name, iteration, value), the curve `first` first; only finite values.

    MLflow stores infinity as 1.797e308, which then is the best of all. Its compare page colours by
    the metric that was logged first.
    """
    steps = [] if view.steps is None else view.steps.tolist()
    for name in sorted(view.curves, key=lambda name: (name != first, name)):
        for step, value in zip(steps, view.curves[name].tolist(), strict=True):
            if math.isfinite(value):
                yield name, step, value


def first_non_finite(view: TrialView) -> int | None:
    """The iteration at which a diverged trial's cost was first seen not to be finite."""
    if view.state != "diverged" or view.steps is None:
        return None
    costs = [curve.tolist() for name, curve in view.curves.items() if name.endswith("cost")]
    for step, *values in zip(view.steps.tolist(), *costs, strict=True):
        if not all(math.isfinite(value) for value in values):
            return int(step)
    return None
