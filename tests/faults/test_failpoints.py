"""Covers kills after each single write: the same command then ends as if nothing had happened.

The real program kills itself where it writes (see support/site/sitecustomize.py); the product has
no hook for that. It is killed twice in a row, and then runs to its end. `make proof` tries all
points.
"""

import signal
from pathlib import Path

import pytest

from tests.faults.conftest import UNTRACKED, assert_published, assert_whole, fingerprint
from tests.support.preloaded import Preloaded

Point = tuple[str, str, int]  # module:function, before or after, its k-th call

LOCK = ("dnnsearch.storage.study_lock:_take", "after", 1)
ARRAYS = ("numpy:save", "after", 1)
GROUP = ("dnnsearch.storage.array_store:ArrayStore._put_in_place", "before", 1)
GROUPS = ("dnnsearch.storage.array_store:ArrayStore.put", "after", 2)
INDEX = ("dnnsearch.data.prepare:_enter", "after", 1)
TABLES = ("dnnsearch.storage.optuna_storage:_create", "before", 1)
CREATED = ("dnnsearch.storage.optuna_storage:_create", "after", 1)
STUDY = ("dnnsearch.storage.optuna_storage:create_study", "after", 1)
TRAINED = ("dnnsearch.trials.run:run_trial", "after", 1)  # kills a worker, which is replaced
SERVER = "mlflow.tracking:MlflowClient"


def attribute(k: int) -> Point:
    """Return the point after the k-th attribute of the study."""
    return "dnnsearch.storage.optuna_storage:Rows.set_attribute", "after", k


def ask(k: int) -> Point:
    return "dnnsearch.storage.optuna_storage:Rows.ask", "after", k


def record(k: int, when: str = "after") -> Point:
    return "dnnsearch.storage.atomic_write:write_whole", when, k


def added(k: int) -> Point:
    """Return the point at which a trial's rows are written but their id is not known yet."""
    return "dnnsearch.storage.optuna_rows:add", "after", k


def ended(k: int) -> Point:
    return "dnnsearch.storage.optuna_rows:end", "before", k


def tell(k: int) -> Point:
    return "dnnsearch.storage.optuna_storage:Rows.tell", "after", k


def of_mlflow(name: str, k: int) -> Point:
    return f"{SERVER}.{name}", "after", k


def inserted(k: int, when: str = "after") -> Point:
    """Return the point at which the rows of a trial's run are written but not committed."""
    return "dnnsearch.tracking.run_rows:_write", when, k


def die_at(server: Preloaded, folder: Path, points: list[Point], *arguments: str) -> None:
    """Run a search that is killed at the first point, and again until the second."""
    for i, (function, when, k) in enumerate(points):
        marker = folder / f"killed-{i}"
        failpoint = f"{function}:{when}:{k}:{marker}"
        command = server.start(folder, "search", "wine.yaml", *arguments, failpoint=failpoint)
        code = command.wait()
        assert marker.exists(), f"there was no such call of {function}: {command.said}"
        assert code == (0 if function == TRAINED[0] else -signal.SIGKILL), command.said


def go_on(server: Preloaded, folder: Path, *arguments: str) -> str:
    return fingerprint(server.run(folder, "search", "wine.yaml", *arguments))


def test_killed_after_asking_and_after_a_record_the_study_ends_undisturbed(
    program: Preloaded, folder: Path, undisturbed: str
) -> None:
    die_at(program, folder, [ask(3), record(2), ended(2)], *UNTRACKED, "--workers=2")
    assert go_on(program, folder, *UNTRACKED, "--workers=1") == undisturbed
    assert_whole(folder)


@pytest.mark.proof
@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize(
    "points",
    [
        [LOCK, LOCK],
        [ARRAYS, ARRAYS],
        [GROUP, GROUPS],
        [INDEX, LOCK],
        [TABLES, TABLES],
        [CREATED, STUDY],
        [attribute(1), attribute(1)],
        [attribute(2), attribute(3)],
        [attribute(4), attribute(1)],
        [ask(1), ask(1)],
        [ask(4), ask(2)],
        [TRAINED],
        [ask(2), TRAINED],
        [record(1, "before"), record(1, "before")],
        [record(1), record(1)],
        [record(4), record(3)],
        [added(1), added(1)],
        [added(4), added(2)],
        [ended(1), ended(1)],
        [ended(4), ended(2)],
        [tell(1), tell(1)],
        [tell(5), tell(2)],
    ],
)
def test_killed_at_any_point_the_study_ends_undisturbed(
    program: Preloaded, folder: Path, undisturbed: str, points: list[Point], workers: int
) -> None:
    die_at(program, folder, points, *UNTRACKED, f"--workers={workers}")
    assert go_on(program, folder, *UNTRACKED, f"--workers={4 - workers}") == undisturbed
    assert_whole(folder)


@pytest.mark.proof
@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize(
    "points",
    [
        [("dnnsearch.tracking.schema:create_schema", "before", 1)] * 2,
        [("dnnsearch.tracking.schema:create_schema", "after", 1)] * 2,
        [of_mlflow("create_experiment", 1)],
        [of_mlflow("create_run", 1)],
        [of_mlflow("log_batch", 1), of_mlflow("log_batch", 1)],
        [of_mlflow("log_batch", 2), of_mlflow("log_batch", 1)],
        [inserted(1, "before"), inserted(1)],
        [inserted(5), inserted(2)],
        [("dnnsearch.tracking.artifacts:write_artifact", "after", 1)],
        [("dnnsearch.tracking.artifacts:write_artifact", "after", 4), inserted(1)],
        [("dnnsearch.tracking.run_rows:write_runs", "after", 1)],
        [of_mlflow("set_terminated", 1), of_mlflow("set_terminated", 1)],
        [ask(3), record(2), inserted(3), of_mlflow("set_terminated", 1)],
    ],
)
def test_killed_at_any_point_mlflow_shows_each_trial_once(
    tracked: Preloaded, folder: Path, undisturbed: str, points: list[Point], workers: int
) -> None:
    die_at(tracked, folder, points, f"--workers={workers}")
    assert go_on(tracked, folder, f"--workers={4 - workers}") == undisturbed
    assert_whole(folder)
    assert_published(folder)
