"""Find runs by their tags, and delete the duplicates that a lost answer leads to."""

from collections.abc import Iterator

from dnnsearch.errors import UserError
from dnnsearch.tracking import fields
from dnnsearch.tracking.client import MlflowClient, Run, ViewType
from dnnsearch.tracking.study_info import StudyInfo

MAX_RUNS_PER_REQUEST = 500  # so that the answer arrives within the timeout


def search(client: MlflowClient, experiment: str, **tags: str) -> Iterator[Run]:
    """Yield all runs of the experiment with these tags, also deleted ones, oldest first."""
    wanted = " and ".join(f"tags.`{key}` = '{value}'" for key, value in tags.items())
    token: str | None = None
    while True:
        found = client.search_runs(
            [experiment],
            wanted,
            ViewType.ALL,
            MAX_RUNS_PER_REQUEST,
            ["attributes.start_time ASC"],
            token,
        )
        yield from found
        token = found.token
        if not token:
            return


def studies_of(
    client: MlflowClient, experiment: str, study: str, with_removed: bool = False
) -> list[Run]:
    """Return the parent runs of studies of that name.

    `with_removed`: also those that `remove_study` has marked as removed.
    """
    parents = search(client, experiment, **{fields.KIND: "study"})
    named = [run for run in parents if run.data.tags.get(fields.STUDY) == study]
    return [run for run in named if with_removed or fields.REMOVED not in run.data.tags]


def parent_of(client: MlflowClient, experiment: str, info: StudyInfo) -> Run | None:
    """Return the study's parent run; None if there is none yet.

    Raise UserError if the user has deleted it in MLflow: then it must not be created again.
    """
    named = studies_of(client, experiment, info.name)
    found = [run for run in named if run.data.tags.get(fields.IDENTITY, "") == info.identity]
    active = [run for run in found if is_active(run)]
    if found and not active:
        raise UserError(
            f"the run of study {info.name!r} was deleted in MLflow, so its trials are not "
            f"published: restore it with `mlflow runs restore --run-id {found[0].info.run_id}`, "
            f"or search under another --study name"
        )
    _delete(client, active[1:])
    return active[0] if active else None


def children_of(client: MlflowClient, experiment: str, parent: str) -> dict[int, Run]:
    """Return the run of each trial by its number.

    Of several active runs of a trial, the most advanced is returned and the others are deleted. If
    the user has deleted all runs of a trial, a deleted run is returned.
    """
    by_number: dict[int, list[Run]] = {}
    for run in search(client, experiment, **{fields.PARENT: parent}):
        number = run.data.tags.get(fields.TRIAL, "")
        if number.isdigit():
            by_number.setdefault(int(number), []).append(run)
    return {number: _without_duplicates(client, runs) for number, runs in by_number.items()}


def _without_duplicates(client: MlflowClient, runs: list[Run]) -> Run:
    active = [run for run in runs if is_active(run)]
    if not active:
        return runs[0]
    active.sort(key=lambda run: (run.info.status == "RUNNING", not run.data.params))
    _delete(client, active[1:])
    return active[0]


def _delete(client: MlflowClient, runs: list[Run]) -> None:
    for run in runs:
        client.delete_run(run.info.run_id)


def is_active(run: Run) -> bool:
    """Return whether the run is not deleted."""
    return bool(run.info.lifecycle_stage == "active")
