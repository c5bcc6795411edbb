"""Remove a study's runs and its registered models from MLflow."""

from dnnsearch.tracking import fields, registry
from dnnsearch.tracking.client import connect, mlflow_errors
from dnnsearch.tracking.read_runs import parents_of
from dnnsearch.tracking.runs import children_of, is_active


def remove_study(uri: str, experiment: str, study: str, identity: str = "") -> int:
    """Delete the study's runs in MLflow, as a person would there; returns how many they were.

    The parent is marked first, so that a new study of that name begins anew, and deleted last, so
    that an interrupted removal can be repeated. `mlflow gc` frees their space. Registered models of
    the study go first.
    """
    removed = 0
    with mlflow_errors(uri):
        client = connect(uri)
        registry.remove(client, study, identity)
        for parent in parents_of(client, experiment, study, identity, removed_too=True):
            client.set_tag(parent.info.run_id, fields.REMOVED, "true")
            children = children_of(client, parent.info.experiment_id, parent.info.run_id)
            for run in [*children.values(), parent]:
                if is_active(run):
                    client.delete_run(run.info.run_id)
                    removed += 1
    return removed
