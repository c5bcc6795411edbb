"""Fetch a study's records from MLflow, on a machine that did not make them.

Imports MLflow when the first file is fetched.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dnnsearch.tracking import fields
from dnnsearch.tracking.database import has_store

if TYPE_CHECKING:
    from dnnsearch.tracking.client import MlflowClient, Run


@dataclass
class StudyArtifacts:
    """The artifacts of one study's runs; every method raises UserError if MLflow is away."""

    uri: str
    experiment: str
    study: str
    identity: str
    _children: "dict[int, Run]" = field(default_factory=dict)

    def record(self, number: int) -> bytes | None:
        """Return the packed record of a trial; None if MLflow has none."""
        from dnnsearch.tracking.artifacts import get_artifact
        from dnnsearch.tracking.client import mlflow_errors

        with mlflow_errors(self.uri):
            client = self._client()
            if number not in self._children:
                self._list_trials(client)
            run = self._children.get(number)
            return get_artifact(client, run, fields.RECORD) if run else None

    def side_file(self, name: str) -> bytes | None:
        """Return the artifact `name` of the study itself; None if MLflow has none."""
        from dnnsearch.tracking.artifacts import get_artifact
        from dnnsearch.tracking.client import mlflow_errors

        with mlflow_errors(self.uri):
            client = self._client()
            found = (get_artifact(client, parent, name) for parent in self._parents(client))
            return next((content for content in found if content is not None), None)

    def _client(self) -> "MlflowClient":
        from dnnsearch.tracking.client import connect

        return connect(self.uri)

    def _parents(self, client: "MlflowClient") -> "list[Run]":
        from dnnsearch.tracking.read_runs import parents_of

        return parents_of(client, self.experiment, self.study, self.identity)

    def _list_trials(self, client: "MlflowClient") -> None:
        """Read the runs of all trials in one query, instead of one query for each."""
        from dnnsearch.tracking.runs import children_of, is_active

        for parent in self._parents(client):
            found = children_of(client, parent.info.experiment_id, parent.info.run_id)
            self._children |= {number: run for number, run in found.items() if is_active(run)}


def side_files_of(uri: str, study: str, name: str) -> Iterator[bytes]:
    """Yield the side files of that name of all studies of that name that are in MLflow.

    Raise UserError if MLflow is away.
    """
    if not has_store(uri):
        return
    from dnnsearch.tracking.artifacts import get_artifact
    from dnnsearch.tracking.client import connect, mlflow_errors
    from dnnsearch.tracking.parent_run import experiment_ids, studies
    from dnnsearch.tracking.runs import is_active

    with mlflow_errors(uri):
        client = connect(uri)
        found = studies(client, experiment_ids(client), study)
        present = [r for r in found if is_active(r) and fields.REMOVED not in r.data.tags]
        contents = (get_artifact(client, run, name) for run in present)
        yield from (content for content in contents if content is not None)
