"""Trials read back from MLflow, and the removal of a study."""

from pathlib import Path

import pytest

from dnnsearch.errors import UserError
from dnnsearch.tracking import StudyInfo
from dnnsearch.tracking.read_runs import find_trial, read_run
from dnnsearch.tracking.study_removal import remove_study
from dnnsearch.tracking.tracker import Tracker


@pytest.fixture
def uri(folder) -> str:
    return f"sqlite:///{folder}/mlflow.db"


def test_a_trial_is_read_back_as_it_was_published(uri, info, make_view):
    tracker = Tracker(uri, info)
    view = make_view(4, "pruned")
    tracker.publish(view)
    read = read_run(uri, tracker.children[4].run.info.run_id)
    assert (read.study, read.number, read.state, read.status) == ("moons", 4, "pruned", "KILLED")
    assert read.digest == view.digest and read.record == b"the record"
    assert read.params["units_1"] == "64"
    for name, curve in view.curves.items():
        assert read.curves[name] == list(zip(view.steps.tolist(), curve.tolist(), strict=True))
    assert find_trial(uri, "moons", "moons", 4) == read


def test_a_missing_run_is_one_line(uri, info, make_view):
    tracker = Tracker(uri, info)
    with pytest.raises(UserError, match="no MLflow run 'nonsense'"):
        read_run(uri, "nonsense")
    with pytest.raises(UserError, match="not a trial"):
        read_run(uri, tracker.parent.info.run_id)
    assert find_trial(uri, "moons", "moons", 0) is None
    assert find_trial(uri, "nowhere", "moons", 0) is None


def test_a_server_that_is_away_is_one_line():
    with pytest.raises(UserError, match="http://127.0.0.1:9 does not work: connection refused"):
        read_run("http://127.0.0.1:9", "0" * 32)


def test_a_record_that_was_deleted_is_none(uri, info, make_view):
    tracker = Tracker(uri, info)
    tracker.publish(make_view(0))
    Path(tracker.children[0].run.info.artifact_uri, "record.zip").unlink()
    assert find_trial(uri, "moons", "moons", 0).record is None


def test_a_removed_study_is_gone_and_its_name_is_free(uri, info, make_view):
    tracker = Tracker(uri, info)
    other = Tracker(uri, StudyInfo("other", "moons", {}, 1))
    for number in range(3):
        tracker.publish(make_view(number))
    other.publish(make_view(0))
    assert remove_study(uri, "moons", "moons").runs == 4
    assert remove_study(uri, "moons", "moons").runs == 0
    assert len(tracker.client.search_runs([tracker.experiment])) == 2
    again = Tracker(uri, info)
    again.publish(make_view(0))
    assert again.parent.info.run_id != tracker.parent.info.run_id
    assert find_trial(uri, "moons", "moons", 0).run_id != tracker.children[0].run.info.run_id


def test_a_removal_that_was_interrupted_can_be_repeated(uri, info, make_view, monkeypatch):
    tracker = Tracker(uri, info)
    for number in range(3):
        tracker.publish(make_view(number))
    delete, calls = type(tracker.client).delete_run, []

    def interrupted(self, run_id):
        calls.append(run_id)
        if len(calls) == 2:
            raise KeyboardInterrupt
        delete(self, run_id)

    monkeypatch.setattr(type(tracker.client), "delete_run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        remove_study(uri, "moons", "moons")
    monkeypatch.undo()
    assert remove_study(uri, "moons", "moons").runs == 3
