"""A trial as MLflow's tags, params and metrics. Does not import MLflow.

Only curves have steps (iterations). MLflow shows the last point of a curve as the run's value, so
the column `dev_accuracy` is the value after the last update. All other metrics are one number at
step 0. `hp.*` repeats the numeric hyperparameters, because MLflow sorts params as strings, and
`hp.log10_learning_rate` stands in for a logarithmic axis, which MLflow lacks. Only finished trials
have `objective`, so pruned and diverged trials come last if one sorts by it.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Final

from dnnsearch.trials.metrics import METRICS
from dnnsearch.trials.run import TrialView

# state of a trial -> MLflow's status, which has fewer values; the tag STATE has the exact state
STATUS: Final[Mapping[str, str]] = {
    "running": "RUNNING",
    "finished": "FINISHED",
    "pruned": "KILLED",
    "diverged": "KILLED",
    "failed": "FAILED",
    "interrupted": "KILLED",
}

# tags, by which runs are found again
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
NAME = "mlflow.runName"
CONTEXT = "mlflow.data.context"  # the tag of a dataset: what a run used it for

SOURCE: Final[Mapping[str, str]] = {
    "mlflow.source.name": "dnnsearch",
    "mlflow.source.type": "LOCAL",
}
LOG_RATE = "hp.log10_learning_rate"
ERROR = "neg_log10_error"
ADDED_SCALARS = (LOG_RATE, ERROR)  # runs of before 0.5 lack them
SMALLEST_ERROR = 1e-4  # so that a perfect trial has a place beside the others
LARGEST_ERROR = 10.0  # so that a trial that has nearly diverged leaves the others their colours
RECORD = "record.zip"  # name of the artifact
MAX_TAG_CHARACTERS = 7_500  # MLflow's own limit is 8,000


def identifying_tags(study: str, parent: str, view: TrialView) -> dict[str, str]:
    """Return the tags that a trial's run gets when it is created; `parent` is a run id."""
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
    """Return the tags of a trial's state; they are written last, so the rest is complete then."""
    tags = {STATE: view.state, DIGEST: view.digest}
    diverged_at = first_non_finite(view)
    if diverged_at is not None:
        tags["dnnsearch.diverged_at"] = str(diverged_at)
    if view.reason:
        reason = view.reason[-MAX_TAG_CHARACTERS:]  # the error is at the end of a traceback
        tags["dnnsearch.reason"] = reason.strip().splitlines()[-1]
        tags[NOTE] = f"Failed:\n\n```\n{reason}\n```"
    return tags


def params(view: TrialView) -> dict[str, str]:
    """Return every hyperparameter, searched or fixed, as a param of MLflow."""
    return {name: str(value) for name, value in view.params.items()}


def scalars(view: TrialView, objective: str) -> dict[str, float]:
    """Return the metrics without steps; only finite ones.

    A trial that has not ended has none: MLflow is slow to replace a metric that it already has.
    """
    if view.state in ("running", "interrupted"):
        return {}
    found: dict[str, float | None] = {
        f"hp.{name}": value for name, value in view.params.items() if not isinstance(value, str)
    }
    found |= {name: value for name, value in view.final.items() if name not in view.curves}
    found |= {"seconds": view.seconds, "parameters": view.parameters, "flops": view.flops}
    found[LOG_RATE] = _log10(view.params["learning_rate"])
    if view.state == "finished" and view.value is not None:
        largest = LARGEST_ERROR * _unit(view, objective)
        found |= {"objective": view.value, ERROR: neg_log10_error(view.value, objective, largest)}
    return {k: float(v) for k, v in found.items() if v is not None and math.isfinite(v)}


def neg_log10_error(value: float, objective: str, largest: float = math.inf) -> float | None:
    """Return -log10 |perfect - value|: 1.5 for an accuracy of 0.97, 2 for 0.99, 3 for 0.999.

    On an axis of the accuracy itself, one bad trial makes all good ones look alike. An error above
    `largest` counts as that. None if the metric has no best value that exists.
    """
    perfect = METRICS[objective].perfect
    if not math.isfinite(perfect):
        return None
    return -math.log10(max(min(abs(perfect - value), largest), SMALLEST_ERROR))


def _unit(view: TrialView, objective: str) -> float:
    """Return the unit of an RMSE, the target's standard deviation; 1 for all other objectives.

    The cost is half of the mean square in this unit. If it is not known, the unit is infinite.
    """
    if objective != "dev_rmse":
        return 1.0
    cost = view.final.get("dev_cost") or 0.0
    return (view.value or 0.0) / math.sqrt(2 * cost) if cost > 0 else math.inf


def _log10(value: object) -> float | None:
    return math.log10(value) if isinstance(value, int | float) and value > 0 else None


def metrics(view: TrialView, objective: str, start: int) -> list[tuple[str, float, int, int]]:
    """Return all metrics as (name, value, time, step); `start` is the run's, in milliseconds."""
    curves = [
        (name, value, start + step, step) for name, step, value in points(view, first=objective)
    ]
    return curves + [(name, value, start, 0) for name, value in scalars(view, objective).items()]


def points(view: TrialView, first: str) -> Iterator[tuple[str, int, float]]:
    """Yield the points of the curves as (name, iteration, value); only finite values.

    MLflow stores infinity as 1.797e308, which it would then show as the best value. The curve
    `first` comes first, because MLflow's compare page colours runs by the metric logged first.
    """
    steps = [] if view.steps is None else view.steps.tolist()
    for name in sorted(view.curves, key=lambda name: (name != first, name)):
        for step, value in zip(steps, view.curves[name].tolist(), strict=True):
            if math.isfinite(value):
                yield name, step, value


def first_non_finite(view: TrialView) -> int | None:
    """Return the first recorded iteration with a cost that is not finite.

    None if the trial has not diverged.
    """
    if view.state != "diverged" or view.steps is None:
        return None
    costs = [curve.tolist() for name, curve in view.curves.items() if name.endswith("cost")]
    for step, *values in zip(view.steps.tolist(), *costs, strict=True):
        if not all(math.isfinite(value) for value in values):
            return int(step)
    return None
