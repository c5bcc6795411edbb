"""Trials that are written at once: the rows of MLflow's own calls, all of them or none."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from mlflow.entities import ViewType

from dnnsearch.storage import sqlite_connection
from dnnsearch.tracking import StudyInfo, ThreadPublisher, batched_runs, fields
from dnnsearch.tracking.conflict import ConflictingTrial
from dnnsearch.tracking.tracker import Tracker

STATES = ("running", "finished", "pruned", "diverged", "failed", "interrupted")
# of a run that is not the study's own; no ids, no paths, and times since the run's start
ROWS = """
    SELECT name, source_type, source_name, entry_point_name, user_id, status, source_version,
           iif(status = 'KILLED', end_time >= start_time, end_time - start_time),
           lifecycle_stage, deleted_time FROM runs;
    SELECT name, tags.key, tags.value FROM tags JOIN runs USING (run_uuid)
           WHERE tags.key != 'mlflow.parentRunId';
    SELECT name, key, value FROM params JOIN runs USING (run_uuid);
    SELECT name, key, value, step, is_nan, timestamp - start_time
           FROM metrics JOIN runs USING (run_uuid);
    SELECT name, key, value, step, is_nan, timestamp - start_time
           FROM latest_metrics JOIN runs USING (run_uuid);
    SELECT runs.name, input_tags.name, input_tags.value, inputs.source_type, destination_type, step
           FROM runs JOIN inputs ON destination_id = run_uuid JOIN input_tags USING (input_uuid);
    SELECT runs.name, datasets.name, digest, dataset_source_type, dataset_source, dataset_schema,
           dataset_profile FROM runs JOIN inputs ON destination_id = run_uuid
           JOIN datasets ON source_id = dataset_uuid;
    SELECT count(*) FROM datasets
"""


@pytest.fixture
def uri(folder: Path) -> str:
    return f"sqlite:///{folder}/mlflow.db"


@pytest.fixture
def tracker(uri: str, info: StudyInfo) -> Tracker:
    return Tracker(uri, info)


def contents(database: Path) -> list[list[tuple]]:
    """Return what MLflow's tables hold of trials, sorted."""
    with closing(sqlite3.connect(database)) as opened:
        found = [opened.execute(query).fetchall() for query in ROWS.split(";")]
        assert opened.execute("PRAGMA foreign_key_check").fetchall() == []
    return [sorted((row for row in rows if row[0] != "moons"), key=repr) for rows in found]


def runs(tracker: Tracker) -> list:
    found = tracker.client.search_runs([tracker.experiment], run_view_type=ViewType.ALL)
    return [run for run in found if run.info.run_id != tracker.parent.info.run_id]


def test_the_rows_are_those_that_mlflows_own_calls_write(
    tmp_path: Path, created: Path, folder: Path, info: StudyInfo, make_view: Callable
) -> None:
    """Each state comes once at the start of a run, and once after the run was running."""
    passes = [
        [make_view(number, "running") for number, _ in enumerate(STATES)],
        [make_view(number, state) for number, state in enumerate(STATES[1:])],
        [make_view(number, state) for number, state in enumerate(STATES, len(STATES))],
    ]
    for way in ("calls", "rows"):
        (tmp_path / way).mkdir()
        shutil.copy(created, tmp_path / way / "mlflow.db")
        uri = f"sqlite:///{tmp_path / way}/mlflow.db"
        tracker = Tracker(uri, info)
        for views in passes:
            if way == "rows":
                assert tracker.publish_batch(views) == views
            for view in views:
                tracker.publish(view)
        assert Tracker(uri, info).missing(passes[1] + passes[2]) == []
    called, written = (contents(tmp_path / way / "mlflow.db") for way in ("calls", "rows"))
    assert all(called) and written == called
    stored = [path.read_bytes() for path in Path("mlruns").rglob("record.zip")]
    assert stored == [b"the record"] * 2 * 8


def test_many_trials_take_one_transaction(
    tracker: Tracker, make_view: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    connection = sqlite_connection.connection

    @contextmanager
    def traced(*arguments: object, **named: object) -> Iterator[sqlite3.Connection]:
        with connection(*arguments, **named) as opened:  # type: ignore[arg-type]
            opened.set_trace_callback(done.append)
            yield opened

    monkeypatch.setattr("dnnsearch.tracking.run_rows.sqlite_connection.connection", traced)
    views = [make_view(number) for number in range(batched_runs.MAX_RUNS_AT_ONCE + 1)]
    assert tracker.publish_batch(views) == views[:-1]
    assert done.count("COMMIT") == 1
    assert tracker.publish_batch(views) == views[-1:]
    assert tracker.publish_batch(views) == []


def test_a_run_that_is_not_as_we_left_it_is_left_to_mlflows_calls(
    tracker: Tracker, make_view: Callable
) -> None:
    views = [make_view(number) for number in range(3)]
    for number in range(3):
        tracker.publish_batch([make_view(number, "running")])
    first, second, _ = (tracker.children[number].run.info.run_id for number in range(3))
    tracker.client.delete_run(first)
    tracker.client.set_terminated(second, "FAILED")
    assert tracker.publish_batch(views) == views[2:]
    tracker.children[0].has_params = False  # as after a kill between two calls
    assert tracker.publish_batch(views[:1]) == []


def test_the_points_that_a_killed_call_has_left_are_there_once(
    tracker: Tracker, make_view: Callable
) -> None:
    view = make_view(0)
    tracker.publish_batch([make_view(0, "running")])
    run = tracker.children[0].run.info
    for name, value, when, step in fields.metrics(view, "dev_accuracy", run.start_time)[:20]:
        tracker.client.log_metric(run.run_id, name, value, when, step)
    assert tracker.publish_batch([view]) == [view]
    (shown,) = runs(tracker)
    assert {name: shown.data.metrics[name] for name in view.final} == view.final
    points = tracker.client.get_metric_history(run.run_id, "dev_accuracy")
    assert [point.value for point in points] == view.curves["dev_accuracy"].tolist()


def test_a_failure_leaves_none_and_the_next_attempt_the_same_folders(
    tracker: Tracker, make_view: Callable
) -> None:
    views = [make_view(0), make_view(1), make_view(2, record=Path("later.zip"))]
    assert tracker.publish_batch(views) == []
    assert runs(tracker) == [] and tracker.children == {}
    Path("later.zip").write_bytes(b"the record")
    assert tracker.publish_batch(views) == views
    folders = {path.parents[1].name for path in Path("mlruns").rglob("record.zip")}
    assert folders == {run.info.run_id for run in runs(tracker)}


def test_a_table_with_another_column_is_left_to_mlflows_calls(
    uri: str, tracker: Tracker, info: StudyInfo, make_view: Callable
) -> None:
    with closing(sqlite3.connect("mlflow.db")) as opened:
        opened.execute("ALTER TABLE params ADD COLUMN kind VARCHAR(10)")
    assert tracker.publish_batch([make_view(0)]) == []
    publisher = ThreadPublisher(uri, info, print)
    publisher.put(make_view(0))
    publisher.start()
    assert publisher.close(30) == 0
    assert [run.info.status for run in runs(tracker)] == ["FINISHED"]


def test_two_studies_of_an_experiment_publish_at_once_into_one_file(
    uri: str, info: StudyInfo, make_view: Callable
) -> None:
    infos = [replace(info, name=name, identity=name) for name in ("moons-seed1", "moons-seed2")]
    said: list[str] = []
    publishers = [ThreadPublisher(uri, one, said.append, interval=0.1) for one in infos]
    for publisher in publishers:
        publisher.put(make_view(0))
        publisher.start()
    for number in range(1, 120):  # more than one transaction takes
        for publisher in publishers:
            publisher.put(make_view(number))
    assert [publisher.close(60) for publisher in publishers] == [0, 0]
    assert said == []
    trackers = [Tracker(uri, one) for one in infos]
    (note,) = {
        tracker.client.get_experiment(tracker.experiment).tags[fields.NOTE] for tracker in trackers
    }
    assert "**moons-seed1**" in note and "**moons-seed2**" in note
    for tracker in trackers:
        assert sorted(tracker.children) == list(range(120))
        assert {child.run.info.status for child in tracker.children.values()} == {"FINISHED"}


def test_copies_of_a_study_that_begin_at_once_publish_without_a_word(
    uri: str, tracker: Tracker, info: StudyInfo, make_view: Callable
) -> None:
    said: list[str] = []
    for name in ("moons-seed1", "moons-seed2", "moons-seed3", "moons-seed4"):
        copies = [
            ThreadPublisher(uri, replace(info, name=name, identity=name), said.append, interval=0.1)
            for _ in range(3)
        ]
        for copy in copies:
            copy.put(make_view(0))
            copy.start()
        assert [copy.close(60) for copy in copies] == [0, 0, 0]
    assert said == []


def test_what_another_copy_of_the_study_has_published_stays(
    uri: str, tracker: Tracker, info: StudyInfo, make_view: Callable
) -> None:
    other = Tracker(uri, info)
    assert other.publish_batch([make_view(0)])
    Path("else.zip").write_bytes(b"another record")
    conflicting = make_view(0, digest="e" * 64, record=Path("else.zip"))
    new = make_view(1)
    assert tracker.publish_batch([conflicting, new]) == [new]
    with pytest.raises(ConflictingTrial):
        tracker.publish(conflicting)
    folders = {run.data.tags["dnnsearch.trial"]: run.info.artifact_uri for run in runs(tracker)}
    assert Path(folders["0"], "record.zip").read_bytes() == b"the record"


def test_a_run_that_the_user_deleted_and_a_deleted_experiment_stay_deleted(
    uri: str, tracker: Tracker, info: StudyInfo, make_view: Callable
) -> None:
    other = Tracker(uri, info)
    other.publish_batch([make_view(0)])
    other.client.delete_run(other.children[0].run.info.run_id)
    assert tracker.publish_batch([make_view(0)]) == []
    tracker.client.delete_experiment(tracker.experiment)
    assert tracker.publish_batch([make_view(1)]) == []
    assert len(runs(tracker)) == 1


def test_a_database_that_stays_locked_is_left_to_mlflows_calls(
    tracker: Tracker, make_view: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dnnsearch.tracking.run_rows.LOCK_SECONDS", 0.0)
    with closing(sqlite3.connect("mlflow.db")) as opened:
        opened.execute("BEGIN IMMEDIATE")
        assert tracker.publish_batch([make_view(0)]) == []
    assert tracker.publish_batch([make_view(0)]) != []
