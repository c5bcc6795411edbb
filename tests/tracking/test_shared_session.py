"""A shared session: the same tables as separate calls, and a rollback after an error."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext
from pathlib import Path

import pytest
from mlflow.exceptions import MlflowException

from dnnsearch.tracking import StudyInfo
from dnnsearch.tracking.client import connect
from dnnsearch.tracking.shared_session import SharedSession
from dnnsearch.tracking.tracker import Tracker

STATES = ("running", "finished", "pruned", "diverged", "failed", "interrupted")
# columns that do not differ between two runs: no ids, no paths, no times
COMPARED_COLUMNS = {
    "runs": "status, lifecycle_stage, end_time IS NULL",
    "metrics": "key, value, step, is_nan, timestamp - start_time",
    "latest_metrics": "key, value, step, is_nan, timestamp - start_time",
    "params": "key, value",
    "tags": "key, iif(key IN ('mlflow.parentRunId', 'mlflow.note.content'), '', value)",
}


def contents(database: Path) -> Iterator[list[tuple]]:
    with closing(sqlite3.connect(database)) as connection:
        for table, columns in COMPARED_COLUMNS.items():
            joined = "" if table == "runs" else f" JOIN {table} USING (run_uuid)"
            where = "WHERE runs.name != 'moons'"  # the parent's times are the present time
            query = f"SELECT runs.name, {columns} FROM runs{joined} {where}"
            yield sorted(connection.execute(query).fetchall())
        used = "SELECT runs.name, digest FROM runs JOIN inputs ON destination_id = run_uuid "
        yield sorted(connection.execute(used + "JOIN datasets ON source_id = dataset_uuid"))


def published(
    folder: Path, info: StudyInfo, make_view: Callable, separate: bool
) -> list[list[tuple]]:
    """Publish trials in all states, some twice; return the rows of MLflow's tables."""
    folder.mkdir()
    database = folder / "mlflow.db"
    shutil.copy("mlflow.db", database)
    with pytest.MonkeyPatch.context() as patch:
        if separate:
            patch.setattr("dnnsearch.tracking.tracker.SharedSession", lambda client: nullcontext)
        tracker = Tracker(f"sqlite:///{database}", info)
    for number, state in enumerate(STATES):
        tracker.publish(make_view(number, "running"))
        tracker.publish(make_view(number, state))
        tracker.publish(make_view(number + len(STATES), state))
    return list(contents(database))


def test_mlflows_tables_hold_what_separate_calls_leave(
    folder: Path, info: StudyInfo, make_view: Callable
) -> None:
    shared, separate = (published(folder / str(s), info, make_view, s) for s in (False, True))
    assert all(separate) and shared == separate


def test_calls_share_uncommitted_rows_and_an_error_rolls_them_back(folder: Path) -> None:
    client = connect(f"sqlite:///{folder}/mlflow.db")
    session = SharedSession(client)

    def failing() -> None:
        with session():
            experiment = client.create_experiment("moons")
            assert client.get_experiment(experiment).name == "moons"
            with closing(sqlite3.connect("mlflow.db")) as other:
                assert other.execute("SELECT count(*) FROM experiments").fetchone() == (1,)
            raise OSError("planted")

    with pytest.raises(MlflowException, match="planted"):
        failing()
    assert client.get_experiment_by_name("moons") is None
    client.create_experiment("moons")  # without the shared session
