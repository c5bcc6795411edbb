"""Runs of MLflow found by their tags, and the second ones of a lost answer put away."""

from collections.abc import Iterator

from dnnsearch.errors import UserError
from dnnsearch.tracking import fields
from dnnsearch.tracking.client import MlflowClient, Run, ViewType
from dnnsearch.tracking.study_info import StudyInfo

PAGE = 500  # runs in one answer: it has to arrive within the timeout


def search(client: MlflowClient, experiment: str, **tags: str) -> Iterator[Run]:
    """All runs of the experiment with these tags, deleted ones too, oldest first."""
    wanted = " and ".join(f"tags.`{key}` = '{value}'" for key, value in tags.items())
    token: str | None = None
    while True:
        found = client.search_runs(
            [experiment], wanted, ViewType.ALL, PAGE, ["attributes.start_time ASC"], token
        )
        yield from found
        token = found.token
        if not token:
            return


def studies_of(
    client: MlflowClient, experiment: str, study: str, removed_too: bool = False
) -> list[Run]:
    """The parent runs of studies of that name; those that `remove_study` took away if asked."""
    parents = search(client, experiment, **{fields.KIND: "study"})
    named = [run for run in parents if run.data.tags.get(fields.STUDY) == study]
    return [run for run in named if removed_too or fields.REMOVED not in run.data.tags]


def parent_of(client: MlflowClient, experiment: str, card: StudyInfo) -> Run | None:
    """The study's parent run, None when there is none yet.

    Raises UserError when a person has deleted it in MLflow: then nothing may come back.
    """
    named = studies_of(client, experiment, card.name)
    found = [run for run in named if run.data.tags.get(fields.IDENTITY, "") == card.identity]
    active = [run for run in found if is_active(run)]
    if found and not active:
        raise UserError(
            f"the run of study {card.name!r} was deleted in MLflow, so its trials are not "
            f"published: restore it with `mlflow runs restore --run-id {found[0].info.run_id}`, "
            f"or search under another --study name"
        )
    _delete(client, active[1:])
    return active[0] if active else None


def children_of(client: MlflowClient, experiment: str, parent: str) -> dict[int, Run]:
    """The run of each trial by its number; of several active ones the most advanced stays.

    Where a person has deleted a trial's run, that deleted run is its run.
    """
    by_number: dict[int, list[Run]] = {}
    for run in search(client, experiment, **{fields.PARENT: parent}):
        number = run.data.tags.get(fields.TRIAL, "")
        if number.isdigit():
            by_number.setdefault(int(number), []).append(run)
    return {number: _only(client, runs) for number, runs in by_number.items()}


def _only(client: MlflowClient, runs: list[Run]) -> Run:
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
    """Whether nobody has deleted the run."""
    return bool(run.info.lifecycle_stage == "active")
