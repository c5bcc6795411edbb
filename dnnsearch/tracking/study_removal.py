"""Delete a study's runs and its models in MLflow."""

from typing import NamedTuple

from dnnsearch.tracking import experiment_page, fields, registry, saved_view
from dnnsearch.tracking.client import MlflowClient, Run, connect, mlflow_errors
from dnnsearch.tracking.read_runs import parents_of
from dnnsearch.tracking.runs import is_active, search


class Removed(NamedTuple):
    """How many runs, and versions of the registered model, were deleted."""

    runs: int
    versions: int


def remove_study(uri: str, experiment: str, study: str, identity: str = "") -> Removed:
    """Delete the study's models and runs in MLflow; return how many.

    The models are deleted first. The parent run is marked before its trials are deleted, so that a
    new study of that name gets a new parent, and deleted last, so that an interrupted removal can
    be repeated. As with a deletion in MLflow's UI, `mlflow gc` frees the space. Raise UserError if
    MLflow is away.
    """
    removed = 0
    with mlflow_errors(uri):
        client = connect(uri)
        versions = registry.remove(client, study, identity)
        for parent in parents_of(client, experiment, study, identity, with_removed=True):
            client.set_tag(parent.info.run_id, fields.REMOVED, "true")
            own = {fields.PARENT: parent.info.run_id}
            for run in [*search(client, [parent.info.experiment_id], **own), parent]:
                if is_active(run):
                    client.delete_run(run.info.run_id)
                    removed += 1
            _remove_view(client, parent)
    return Removed(removed, versions)


def _remove_view(client: MlflowClient, parent: Run) -> None:
    """Remove the saved view of a study from its experiment, and the links to it."""
    experiment, run = parent.info.experiment_id, parent.info.run_id
    tag = saved_view.PREFIX + saved_view.key_of_study(run)
    present = dict(client.get_experiment(experiment).tags)
    if present.pop(tag, None) is None:
        return
    client.delete_experiment_tag(experiment, tag)
    for name, value in experiment_page.note_tags(experiment, present).items():
        client.set_experiment_tag(experiment, name, value)
