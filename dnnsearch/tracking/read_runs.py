"""Read a trial back from MLflow."""

from collections.abc import Mapping
from dataclasses import dataclass

from dnnsearch.errors import UserError
from dnnsearch.tracking import fields
from dnnsearch.tracking.artifacts import get_artifact
from dnnsearch.tracking.client import MlflowClient, MlflowException, Run, connect, mlflow_errors
from dnnsearch.tracking.parent_run import find_parents
from dnnsearch.tracking.runs import children_of, is_active
from dnnsearch.tracking.trial_run import TrialRun
from dnnsearch.trials.metrics import METRICS
from dnnsearch.trials.training import CURVES


@dataclass(frozen=True)
class PublishedTrial:
    """MLflow's copy of a trial; `curves` are name -> [(iteration, value), ...], sorted."""

    run_id: str
    study: str
    number: int
    state: str
    status: str
    digest: str
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    curves: Mapping[str, list[tuple[int, float]]]
    record: bytes | None


def read_run(uri: str, run_id: str) -> PublishedTrial:
    """Return the trial of an MLflow run id.

    Raise UserError if there is no such run, if it is not a trial of dnnsearch, or MLflow is away.
    """
    with mlflow_errors(uri):
        client = connect(uri)
        try:
            run = client.get_run(run_id)
        except MlflowException as error:
            if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                raise UserError(f"there is no MLflow run {run_id!r} at {uri}") from error
            raise
        if not run.data.tags.get(fields.TRIAL, "").isdigit():
            raise UserError(f"the MLflow run {run_id!r} at {uri} is not a trial of dnnsearch")
        return _published(client, run)


def find_trial(
    uri: str, experiment: str, study: str, number: int, identity: str = ""
) -> PublishedTrial | None:
    """Return MLflow's copy of the trial, or None; raise UserError if MLflow is away."""
    with mlflow_errors(uri):
        client = connect(uri)
        for parent in parents_of(client, experiment, study, identity):
            children = children_of(client, parent.info.experiment_id, parent.info.run_id)
            run = children.get(number)
            if run is not None and is_active(run):
                return _published(client, run)
        return None


def check_same_trials(
    uri: str, experiment: str, study: str, identity: str, digests: Mapping[int, str]
) -> None:
    """Raise ConflictingTrial if MLflow has another result of a trial; `digests` are by number.

    Raise UserError if MLflow is away.
    """
    with mlflow_errors(uri):
        client = connect(uri)
        for parent in parents_of(client, experiment, study, identity):
            runs = children_of(client, parent.info.experiment_id, parent.info.run_id)
            for number, run in runs.items():
                TrialRun.of(run).check_same(number, digests.get(number, ""), study)


def parents_of(
    client: MlflowClient, experiment: str, study: str, identity: str, with_removed: bool = False
) -> list[Run]:
    """Return the study's parent run; several if a lost answer led to two.

    `with_removed`: also runs whose removal was interrupted.
    """
    found = find_parents(client, experiment, study, identity, with_removed)
    return [run for run in found if is_active(run)]


def _published(client: MlflowClient, run: Run) -> PublishedTrial:
    tags, curves = run.data.tags, {}
    for name in run.data.metrics:
        if name in (*CURVES, *METRICS):
            history = client.get_metric_history(run.info.run_id, name)
            curves[name] = sorted((metric.step, metric.value) for metric in history)
    return PublishedTrial(
        run_id=run.info.run_id,
        study=tags.get(fields.STUDY, ""),
        number=int(tags[fields.TRIAL]),
        state=tags.get(fields.STATE, ""),
        status=run.info.status,
        digest=tags.get(fields.DIGEST, ""),
        params=run.data.params,
        metrics=run.data.metrics,
        tags=tags,
        curves=curves,
        record=get_artifact(client, run, fields.RECORD),
    )
