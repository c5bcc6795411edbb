"""Find runs by their tags, tag them, and delete the duplicates that a lost answer leads to."""

from collections.abc import Iterator, Mapping

from dnnsearch.tracking import fields
from dnnsearch.tracking.client import MlflowClient, Run, ViewType

MAX_RUNS_PER_REQUEST = 500  # so that the answer arrives within the timeout


def search(client: MlflowClient, experiments: list[str], **tags: str) -> Iterator[Run]:
    """Yield all runs of the experiments with these tags, also deleted ones, oldest first."""
    wanted = " and ".join(f"tags.`{key}` = '{value}'" for key, value in tags.items())
    token: str | None = None
    while True:
        found = client.search_runs(
            experiments,
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


def children_of(client: MlflowClient, experiment: str, parent: str) -> dict[int, Run]:
    """Return the run of each trial by its number.

    Of several active runs of a trial, the most advanced is returned and the others are deleted. If
    the user has deleted all runs of a trial, a deleted run is returned.
    """
    by_number: dict[int, list[Run]] = {}
    for run in search(client, [experiment], **{fields.PARENT: parent}):
        number = run.data.tags.get(fields.TRIAL, "")
        if number.isdigit():
            by_number.setdefault(int(number), []).append(run)
    return {number: _without_duplicates(client, runs) for number, runs in by_number.items()}


def child_of(client: MlflowClient, experiment: str, parent: str, number: int) -> Run | None:
    """Return the run of one trial, chosen as in `children_of`; None if there is none yet."""
    tags = {fields.PARENT: parent, fields.TRIAL: str(number)}
    found = list(search(client, [experiment], **tags))
    return _without_duplicates(client, found) if found else None


def _without_duplicates(client: MlflowClient, runs: list[Run]) -> Run:
    active = [run for run in runs if is_active(run)]
    if not active:
        return runs[0]
    active.sort(key=lambda run: (run.info.status == "RUNNING", not run.data.params))
    delete_runs(client, active[1:])
    return active[0]


def delete_runs(client: MlflowClient, runs: list[Run]) -> None:
    """Delete the runs as the user would: `mlflow gc` frees their space."""
    for run in runs:
        client.delete_run(run.info.run_id)


def is_active(run: Run) -> bool:
    """Return whether the run is not deleted."""
    return bool(run.info.lifecycle_stage == "active")


def set_tags(client: MlflowClient, run: Run, tags: Mapping[str, str]) -> None:
    """Let a run have these tags; those that it had when it was read are not sent again."""
    for name, value in tags.items():
        if run.data.tags.get(name) != value:
            client.set_tag(run.info.run_id, name, value)
