"""Attach a report to the run of its study."""

from dnnsearch.tracking.artifacts import put_artifact
from dnnsearch.tracking.baseline_runs import log_baselines
from dnnsearch.tracking.client import connect, mlflow_errors
from dnnsearch.tracking.fields import NOTE
from dnnsearch.tracking.read_runs import parents_of
from dnnsearch.tracking.study_info import StudyInfo
from dnnsearch.tracking.test_figure import VERDICT_END


def attach(
    uri: str,
    info: StudyInfo,
    name: str,
    content: bytes,
    verdict: str = "",
) -> bool:
    """Make `content` the artifact `name` of the study's run; return False if there is no such run.

    The run also gets the study's baselines. A verdict that is not empty is put at the top of the
    run's description. Raise UserError if MLflow is away.
    """
    with mlflow_errors(uri):
        client = connect(uri)
        parents = parents_of(client, info.experiment, info.name, info.identity)
        for parent in parents:
            put_artifact(client, parent, name, content)
            log_baselines(client, parent, info)
            if verdict:
                note = parent.data.tags.get(NOTE, "").rpartition(VERDICT_END)[2]
                client.set_tag(parent.info.run_id, NOTE, f"{verdict}{VERDICT_END}{note}")
    return bool(parents)
