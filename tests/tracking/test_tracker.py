"""The tracker: what MLflow holds of a study, also after kills, lost answers and deletions."""

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from mlflow.entities import ViewType
from mlflow.tracking import MlflowClient

from dnnsearch.errors import UserError
from dnnsearch.tracking import StudyInfo, fields
from dnnsearch.tracking.study_info import StudyProgress
from dnnsearch.tracking.tracker import Tracker

STATUS = {
    "finished": "FINISHED",
    "pruned": "KILLED",
    "diverged": "KILLED",
    "failed": "FAILED",
    "interrupted": "KILLED",
    "running": "RUNNING",
}


@pytest.fixture
def uri(folder) -> str:
    return f"sqlite:///{folder}/mlflow.db"  # MLflow keeps one engine for each URI of a process


@pytest.fixture
def tracker(uri, info) -> Tracker:
    return Tracker(uri, info)


def runs(tracker: Tracker) -> list:
    return tracker.client.search_runs([tracker.experiment], run_view_type=ViewType.ALL)


def children(tracker: Tracker) -> dict:
    found = [run for run in runs(tracker) if fields.TRIAL in run.data.tags]
    assert all(r.data.tags[fields.PARENT] == tracker.parent.info.run_id for r in found)
    return {int(run.data.tags[fields.TRIAL]): run for run in found}


def rows(table: str) -> int:
    with closing(sqlite3.connect("mlflow.db")) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


@pytest.mark.parametrize("state", STATUS)
def test_each_state_of_a_trial_has_its_status_and_tag(tracker, make_view, state):
    tracker.publish(make_view(3, state))
    run = children(tracker)[3]
    assert run.info.status == STATUS[state]
    assert run.data.tags[fields.STATE] == state
    assert run.data.params == {k: str(v) for k, v in make_view(3).params.items()}
    assert tracker.missing([make_view(3, state)]) == []


def test_a_finished_trial_is_complete_in_mlflow(tracker, make_view):
    view = make_view(2)
    tracker.publish(view)
    run = children(tracker)[2]
    assert run.info.run_name == "2 relu 64-32 lr 0.033"
    assert run.info.end_time - run.info.start_time == 500
    for name, curve in view.curves.items():
        history = tracker.client.get_metric_history(run.info.run_id, name)
        assert [m.value for m in sorted(history, key=lambda m: m.step)] == curve.tolist()
        assert run.data.metrics[name] == view.final[name]
    assert run.data.metrics["hp.learning_rate"] == view.params["learning_rate"]
    assert run.data.metrics["objective"] == view.value
    (data,) = run.inputs.dataset_inputs
    assert data.dataset.digest == view.data[:16] and view.data in data.dataset.profile
    stored = Path(run.info.artifact_uri, "record.zip")
    assert stored.read_bytes() == b"the record" and not stored.samefile("record.zip")


def test_publishing_again_changes_nothing(uri, tracker, info, make_view):
    views = [make_view(n, state) for n, state in enumerate(STATUS)]
    for view in views:
        tracker.publish(view)
    tables = ("runs", "metrics", "params", "inputs", "latest_metrics", "tags")
    before = [rows(table) for table in tables]
    other = Tracker(uri, info)
    assert other.missing(views) == []
    for child in other.children.values():
        child.state = "unknown"  # as if the answer to the last call had been lost
        child.has_params = False
    for view in views:
        other.publish(view)
    assert [rows(table) for table in tables] == before
    assert len(children(tracker)) == 6


def test_an_interrupted_trial_continues_as_the_same_run(uri, tracker, info, make_view):
    for state in ("running", "interrupted"):
        tracker.publish(make_view(0, state))
    again = Tracker(uri, info)
    for state in ("running", "finished"):
        again.publish(make_view(0, state))
        assert children(tracker)[0].info.status == STATUS[state]
    assert len(runs(tracker)) == 2


@pytest.mark.parametrize("lost", ["log_inputs", "log_batch", "set_terminated"])
@pytest.mark.parametrize("before", [[], ["running"]], ids=["new", "was running"])
def test_a_kill_between_two_calls_leaves_no_incomplete_run_finished(
    uri, tracker, info, make_view, monkeypatch, lost, before
):
    for state in before:
        tracker.publish(make_view(0, state))
    with monkeypatch.context() as patch:
        patch.setattr(
            tracker.client, lost, lambda *a, **k: (_ for _ in ()).throw(KeyboardInterrupt)
        )
        if not (before and lost == "log_inputs"):
            with pytest.raises(KeyboardInterrupt):
                tracker.publish(make_view(0))
            assert {run.info.status for run in children(tracker).values()} <= {"RUNNING"}
    again = Tracker(uri, info)
    assert len(again.missing([make_view(0)])) == 1
    again.publish(make_view(0))
    run = children(tracker)[0]
    assert run.info.status == "FINISHED" and run.data.metrics["objective"] == make_view(0).value
    assert len(run.inputs.dataset_inputs) == 1 and len(runs(tracker)) == 2


def test_a_kill_during_a_long_curve_loses_no_points(uri, tracker, info, make_view, monkeypatch):
    steps = np.arange(1200)
    view = make_view(0, steps=steps, curves={"dev_accuracy": steps / 1200})
    store, sent = tracker.client._tracking_client.store, []
    send = store.log_batch

    def killed(*arguments, **named) -> None:
        if sent:
            raise KeyboardInterrupt
        sent.append(send(*arguments, **named))

    with monkeypatch.context() as patch:
        patch.setattr(store, "log_batch", killed)
        with pytest.raises(KeyboardInterrupt):
            tracker.publish(view)
    Tracker(uri, info).publish(view)
    run = children(tracker)[0]
    assert run.info.status == "FINISHED"
    history = tracker.client.get_metric_history(run.info.run_id, "dev_accuracy")
    assert len(history) == 1200


def test_a_run_that_the_user_deleted_stays_deleted(uri, tracker, info, make_view):
    for number in (0, 1):
        tracker.publish(make_view(number, "running"))
    tracker.client.delete_run(children(tracker)[0].info.run_id)
    tracker.refresh()
    for number in (0, 1):
        tracker.publish(make_view(number))
    Tracker(uri, info).publish(make_view(0))
    found = children(tracker)
    assert len(found) == 2
    assert (found[0].info.lifecycle_stage, found[0].info.status) == ("deleted", "RUNNING")
    assert found[1].info.status == "FINISHED"


def test_the_duplicate_run_of_a_lost_answer_is_deleted(uri, tracker, info, make_view):
    tracker.publish(make_view(0))
    known = tracker.children.pop(0)  # the answer was lost, and MLflow was not read again
    tracker.publish(make_view(0, "running"))
    tracker.refresh()
    assert tracker.children[0].run.info.run_id == known.run.info.run_id
    assert {run.info.run_id for run in tracker.client.search_runs([tracker.experiment])} == {
        known.run.info.run_id,
        tracker.parent.info.run_id,
    }


def test_the_parent_run_shows_the_progress_of_the_study(tracker, info, make_view):
    progress = StudyProgress(info)
    for number, value in enumerate([0.5, 0.75, 0.6]):
        progress.add(make_view(number, value=value))
        tracker.describe(progress, "running")
    assert runs(tracker)[0].info.status == "RUNNING"
    tracker.describe(progress, "finished", "f" * 64)
    tracker.describe(progress, "finished", "f" * 64)
    (parent,) = runs(tracker)
    assert parent.info.status == "FINISHED" and parent.info.run_name == "moons"
    assert parent.data.tags["dnnsearch.fingerprint"] == "f" * 64
    assert parent.data.params["study.seed"] == "0"
    history = tracker.client.get_metric_history(parent.info.run_id, "best_value")
    assert [(m.step, m.value) for m in history] == [(0, 0.5), (1, 0.75), (2, 0.75)]
    assert "trial `1 tanh 64-32 lr 0.05`" in parent.data.tags["mlflow.note.content"]
    assert Path(parent.info.artifact_uri, "definition.json").exists()


def test_a_parent_run_that_a_kill_left_incomplete_is_completed(uri, tracker, monkeypatch):
    def killed(*arguments, **named) -> None:
        raise KeyboardInterrupt

    other = StudyInfo("other", "moons", {"seed": 1}, 2)
    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, "log_batch", killed)
        with pytest.raises(KeyboardInterrupt):
            Tracker(uri, other)
    (left,) = [run for run in runs(tracker) if run.info.run_name == "other"]
    assert left.data.params == {}
    assert Tracker(uri, other).parent.info.run_id == left.info.run_id
    assert tracker.client.get_run(left.info.run_id).data.params == {"study.seed": "1"}


def test_studies_of_one_name_are_distinguished_by_their_identity(uri, make_view):
    mine, yours = (StudyInfo("s", "s", {}, 1, identity=who) for who in ("me", "you"))
    for info in (mine, yours, mine):
        Tracker(uri, info).publish(make_view(0))
    assert len(runs(Tracker(uri, mine))) == 4


def test_a_deleted_experiment_or_study_is_one_line(uri, tracker, info):
    tracker.client.delete_run(tracker.parent.info.run_id)
    with pytest.raises(UserError, match="was deleted in MLflow.*mlflow runs restore --run-id"):
        tracker.refresh()
    tracker.client.delete_experiment(tracker.experiment)
    with pytest.raises(UserError, match="experiment 'moons' was deleted.*--experiment-id 1"):
        Tracker(uri, info)
    tracker.client.restore_experiment(tracker.experiment)
    assert Tracker(uri, info).parent.info.run_id == tracker.parent.info.run_id


def test_an_experiment_that_another_process_creates_meanwhile_is_used(uri, info, monkeypatch):
    client = MlflowClient(uri)
    found = client.get_experiment_by_name
    answers = [found, lambda name: client.create_experiment(name) and None]

    def answer(self, name):
        return (answers.pop(0) if answers else found)(name)

    monkeypatch.setattr(MlflowClient, "get_experiment_by_name", answer)
    tracker = Tracker(uri, info)
    assert tracker.experiment == found("moons").experiment_id


def test_a_database_that_cannot_be_used_is_one_line(folder, info):
    Path("mlflow.db").write_text("something else")
    with pytest.raises(UserError, match="not a SQLite database"):
        Tracker(f"sqlite:///{folder}/mlflow.db", info)
