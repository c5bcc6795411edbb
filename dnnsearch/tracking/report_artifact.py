"""Files that are laid beside a study in MLflow, where a person finds them."""

from dnnsearch.errors import UserError
from dnnsearch.tracking.artifacts import put_artifact
from dnnsearch.tracking.client import MlflowException, connect
from dnnsearch.tracking.error_text import reason
from dnnsearch.tracking.fields import NOTE
from dnnsearch.tracking.read_runs import parents_of

RULE = "\n\n---\n\n"  # between a verdict and the rest of a description


def attach(
    uri: str,
    experiment: str,
    study: str,
    identity: str,
    name: str,
    content: bytes,
    verdict: str = "",
) -> bool:
    """Make `content` the artifact `name` of the study's run; False where MLflow has no such run.

    The verdict, where there is one, then stands at the top of the run's description. Raises
    UserError when MLflow is away.
    """
    try:
        client = connect(uri)
        parents = parents_of(client, experiment, study, identity)
        for parent in parents:
            put_artifact(client, parent, name, content)
            if verdict:
                note = parent.data.tags.get(NOTE, "").rpartition(RULE)[2]
                client.set_tag(parent.info.run_id, NOTE, f"{verdict}{RULE}{note}")
    except (MlflowException, OSError) as error:
        raise UserError(f"MLflow at {uri} does not work: {reason(error)}") from error
    return bool(parents)
