"""A study's parent run, found by the study's identity in whatever experiment it lies.

An experiment may be renamed at any time, so its name only says where to look first. A study without
an identity is known by its name, in the experiment of that name alone.
"""

from dnnsearch.errors import UserError
from dnnsearch.tracking import fields
from dnnsearch.tracking.client import Experiment, MlflowClient, Run, ViewType
from dnnsearch.tracking.runs import delete_runs, is_active, search
from dnnsearch.tracking.study_info import StudyInfo


def find_parents(
    client: MlflowClient, experiment: str, study: str, identity: str, with_removed: bool = False
) -> list[Run]:
    """Return the study's parent runs, all in one experiment, deleted ones too, oldest first.

    Several are there if the answer to a request was lost. Those that `remove_study` marked are left
    out unless asked for.
    """
    named = client.get_experiment_by_name(experiment)
    first = [named.experiment_id] if named else []
    own = _own(client, first, study, identity, with_removed)
    if own or not identity:
        return own
    others = [number for number in experiment_ids(client) if number not in first]
    runs = _own(client, others, study, identity, with_removed)
    # those of the experiment that has the oldest run that nobody has deleted
    chosen = {run.info.experiment_id for run in [*filter(is_active, runs), *runs][:1]}
    return [run for run in runs if run.info.experiment_id in chosen]


def _own(
    client: MlflowClient, experiments: list[str], study: str, identity: str, with_removed: bool
) -> list[Run]:
    tags = {fields.IDENTITY: identity} if identity else {}
    named = studies(client, experiments, study, **tags)
    own = [run for run in named if run.data.tags.get(fields.IDENTITY, "") == identity]
    return [run for run in own if with_removed or fields.REMOVED not in run.data.tags]


def studies(client: MlflowClient, experiments: list[str], study: str, **tags: str) -> list[Run]:
    """Return the parent runs of all studies of this name, and with these tags, oldest first."""
    if not experiments:
        return []
    parents = search(client, experiments, **{fields.KIND: "study", **tags})
    return [run for run in parents if run.data.tags.get(fields.STUDY) == study]


def experiment_ids(client: MlflowClient) -> list[str]:
    """Return the ids of all experiments, deleted ones too."""
    ids: list[str] = []
    token: str | None = None
    while True:
        found = client.search_experiments(ViewType.ALL, page_token=token)
        ids += [experiment.experiment_id for experiment in found]
        token = found.token
        if not token:
            return ids


def parent_of(client: MlflowClient, info: StudyInfo) -> Run | None:
    """Return the study's parent run, None if there is none yet.

    Raise UserError if the user has deleted it, or its experiment: then nothing may come back.
    """
    found = find_parents(client, info.experiment, info.name, info.identity)
    if not found:
        return None
    check_not_deleted(client.get_experiment(found[0].info.experiment_id))
    active = [run for run in found if is_active(run)]
    if not active:
        raise UserError(
            f"the run of study {info.name!r} was deleted in MLflow, so its trials are not "
            f"published: restore it with `mlflow runs restore --run-id {found[0].info.run_id}`, "
            f"or search under another --study name"
        )
    delete_runs(client, active[1:])
    return active[0]


def check_not_deleted(experiment: Experiment) -> None:
    """Raise UserError, with the way back, if the user has deleted the experiment."""
    if experiment.lifecycle_stage == "deleted":
        raise UserError(
            f"the MLflow experiment {experiment.name!r} was deleted: restore it with `mlflow "
            f"experiments restore --experiment-id {experiment.experiment_id}`, or remove it for "
            f"good with `mlflow gc`"
        )
