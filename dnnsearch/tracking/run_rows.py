"""Write the runs of trials into the tables of MLflow's SQLite file, many in one transaction.

MLflow's own calls look up in thirty statements what a run has already; we know that of a new run,
and of one that is running. The rows are those that the calls leave. A kill leaves all runs of a
transaction or none. If a table has other columns than those here, nothing is written, and the calls
are used: so it is for a server and for other databases, too. Does not import MLflow.
"""

import hashlib
import sqlite3
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dnnsearch.storage import sqlite_connection
from dnnsearch.tracking import fields

LOCK_SECONDS = 5.0  # to wait for another writer, as MLflow does
USER = "unknown"  # of a run that says nothing of its user
# Table -> its columns in the releases of MLflow whose rows the tests compare with these.
COLUMNS: Mapping[str, frozenset[str]] = {
    table: frozenset(columns.split())
    for table, columns in {
        "runs": "run_uuid name source_type source_name entry_point_name user_id status start_time "
        "end_time source_version lifecycle_stage artifact_uri experiment_id deleted_time",
        "tags": "key value run_uuid",
        "params": "key value run_uuid",
        "metrics": "key value timestamp run_uuid step is_nan",
        "latest_metrics": "key value timestamp step is_nan run_uuid",
        "datasets": "dataset_uuid experiment_id name digest dataset_source_type dataset_source "
        "dataset_schema dataset_profile",
        "inputs": "input_uuid source_type source_id destination_type destination_id step",
        "input_tags": "input_uuid name value",
    }.items()
}
Point = tuple[str, float, int, int]  # name, value, timestamp in milliseconds, step


@dataclass(frozen=True)
class DatasetRow:
    """The data of a run, as MLflow stores it; `context` is the tag of this use."""

    name: str
    digest: str
    source_type: str
    source: str
    profile: str
    context: str


@dataclass(frozen=True)
class Start:
    """What a run has from its start; `time` is in milliseconds."""

    time: int
    name: str
    artifact_uri: str
    params: Mapping[str, str]
    dataset: DatasetRow


@dataclass(frozen=True)
class RunRows:
    """A new run, or the end of one that is running; `end_time` is in milliseconds."""

    number: int  # of the trial
    run_id: str
    status: str
    end_time: int | None
    tags: Mapping[str, str]
    points: Sequence[Point]
    start: Start | None = None  # of a new run


def run_id_of(parent: str, number: int) -> str:
    """Return the id of a trial's run: the same one for each attempt to write it."""
    return hashlib.sha256(f"{parent}/{number}".encode()).hexdigest()[:32]


def write_runs(
    path: Path,
    experiment: str,
    parent: str,
    runs: Sequence[RunRows],
    write_files: Callable[[RunRows], None],
) -> None:
    """Write those of the runs that MLflow lacks: new ones of trials of which `parent` has none.

    `write_files` is called for each of them before anybody sees it. None is written if the
    experiment is deleted or a table has other columns. Raise sqlite3.Error if the database does not
    take them, and what `write_files` raises.
    """
    with sqlite_connection.connection(path, LOCK_SECONDS) as opened:
        if opened.execute("PRAGMA journal_mode").fetchone() == ("wal",):
            opened.execute("PRAGMA synchronous = NORMAL")  # as for MLflow's own calls
        opened.execute("PRAGMA foreign_keys = ON")
        with opened:
            opened.execute("BEGIN IMMEDIATE")
            if not (_has_known_tables(opened) and _is_active(opened, experiment)):
                return
            present = _present(opened, parent, [run.number for run in runs if run.start])
            for run in runs:
                if run.number not in present if run.start else _is_running(opened, run.run_id):
                    _write(opened, experiment, run)
                    write_files(run)


def _has_known_tables(opened: sqlite3.Connection) -> bool:
    return all(
        sqlite_connection.columns_of(opened, table) == columns for table, columns in COLUMNS.items()
    )


def _is_active(opened: sqlite3.Connection, experiment: str) -> bool:
    query = "SELECT lifecycle_stage FROM experiments WHERE experiment_id = ?"
    return bool(opened.execute(query, (experiment,)).fetchone() == ("active",))


def _present(opened: sqlite3.Connection, parent: str, numbers: Sequence[int]) -> set[int]:
    """Return which of the trials have a run below `parent`, also a deleted one."""
    wanted = ", ".join("?" * len(numbers))
    query = (
        "SELECT trials.value FROM tags AS trials CROSS JOIN tags AS parents USING (run_uuid) "
        f"WHERE trials.key = ? AND trials.value IN ({wanted}) "
        "AND parents.key = ? AND parents.value = ?"
    )
    found = opened.execute(query, (fields.TRIAL, *map(str, numbers), fields.PARENT, parent))
    return {int(number) for (number,) in found}


def _is_running(opened: sqlite3.Connection, run_id: str) -> bool:
    """Return whether nobody has ended or deleted the run."""
    query = (
        "SELECT 1 FROM runs JOIN tags USING (run_uuid) WHERE run_uuid = ? AND status = 'RUNNING' "
        "AND lifecycle_stage = 'active' AND key = ? AND value = 'running'"
    )
    return opened.execute(query, (run_id, fields.STATE)).fetchone() is not None


def _write(opened: sqlite3.Connection, experiment: str, run: RunRows) -> None:
    if run.start is not None:
        _insert(opened, experiment, run.run_id, run.start)
    opened.execute(
        "UPDATE runs SET status = ?, end_time = ? WHERE run_uuid = ?",
        (run.status, run.end_time, run.run_id),
    )
    opened.executemany(
        "INSERT OR REPLACE INTO tags (key, value, run_uuid) VALUES (?, ?, ?)",
        [(name, value, run.run_id) for name, value in run.tags.items()],
    )
    for table, otherwise, points in (
        ("metrics", "IGNORE", run.points),
        ("latest_metrics", "REPLACE", _latest(run.points)),
    ):
        opened.executemany(
            f"INSERT OR {otherwise} INTO {table} (key, value, timestamp, step, is_nan, run_uuid) "
            "VALUES (?, ?, ?, ?, 0, ?)",
            [(*point, run.run_id) for point in points],
        )


def _insert(opened: sqlite3.Connection, experiment: str, run_id: str, start: Start) -> None:
    opened.execute(
        "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id,"
        " start_time, source_version, lifecycle_stage, artifact_uri, experiment_id)"
        " VALUES (?, ?, 'UNKNOWN', '', '', ?, ?, '', 'active', ?, ?)",
        (run_id, start.name, USER, start.time, start.artifact_uri, experiment),
    )
    opened.executemany(
        "INSERT INTO params (key, value, run_uuid) VALUES (?, ?, ?)",
        [(name, value, run_id) for name, value in start.params.items()],
    )
    _insert_input(opened, experiment, run_id, start.dataset)


def _latest(points: Iterable[Point]) -> Iterable[Point]:
    """Return the point of each metric that MLflow shows: the one of the last step."""
    latest: dict[str, Point] = {}
    for point in points:
        name, value, timestamp, step = point
        if name in latest:
            _, shown, when, last = latest[name]
            if (step, timestamp, value) <= (last, when, shown):
                continue
        latest[name] = point
    return latest.values()


def _insert_input(
    opened: sqlite3.Connection, experiment: str, run_id: str, data: DatasetRow
) -> None:
    used = uuid.uuid4().hex
    key = (experiment, data.name, data.digest)
    opened.execute(
        "INSERT OR IGNORE INTO datasets (experiment_id, name, digest, dataset_uuid,"
        " dataset_source_type, dataset_source, dataset_profile) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (*key, uuid.uuid4().hex, data.source_type, data.source, data.profile),
    )
    opened.execute(
        "INSERT INTO inputs (input_uuid, source_type, source_id, destination_type, destination_id)"
        " SELECT ?, 'DATASET', dataset_uuid, 'RUN', ? FROM datasets"
        " WHERE experiment_id = ? AND name = ? AND digest = ?",
        (used, run_id, *key),
    )
    opened.execute(
        "INSERT INTO input_tags (input_uuid, name, value) VALUES (?, ?, ?)",
        (used, fields.CONTEXT, data.context),
    )
