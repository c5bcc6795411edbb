"""Files that are laid beside a study in MLflow, where a person finds them."""

from dnnsearch.errors import UserError
from dnnsearch.tracking.artifacts import put_artifact
from dnnsearch.tracking.client import MlflowException, connect
from dnnsearch.tracking.outage import reason
from dnnsearch.tracking.reading import parents_of


def attach(uri: str, experiment: str, study: str, identity: str, name: str, content: bytes) -> bool:
    """Make `content` the artifact `name` of the study's run; False where MLflow has no such run.

    Raises UserError when MLflow is away.
    """
    try:
        client = connect(uri)
        parents = parents_of(client, experiment, study, identity)
        for parent in parents:
            put_artifact(client, parent, name, content)
    except (MlflowException, OSError) as error:
        raise UserError(f"MLflow at {uri} does not work: {reason(error)}") from error
    return bool(parents)
