"""A study is found by its identity; a second copy of it publishes nothing twice."""

import pytest
from mlflow.entities import ViewType

from dnnsearch.errors import UserError
from dnnsearch.tracking import StudyInfo, fields
from dnnsearch.tracking.conflict import ConflictingTrial
from dnnsearch.tracking.read_runs import find_trial
from dnnsearch.tracking.remote_records import side_files_of
from dnnsearch.tracking.study_info import StudyProgress
from dnnsearch.tracking.study_removal import remove_study
from dnnsearch.tracking.tracker import Tracker

ME, YOU = "a" * 32, "b" * 32


@pytest.fixture
def uri(folder) -> str:
    return f"sqlite:///{folder}/mlflow.db"


def info(identity: str = ME, **changes) -> StudyInfo:
    return StudyInfo(
        **{"name": "s", "experiment": "e", "definition": {}, "trials": 3} | changes,
        identity=identity,
    )


def all_runs(tracker: Tracker) -> list:
    experiments = tracker.client.search_experiments(ViewType.ALL)
    ids = [experiment.experiment_id for experiment in experiments]
    return tracker.client.search_runs(ids, run_view_type=ViewType.ALL)


def test_a_study_is_found_in_a_renamed_experiment_though_another_has_its_name(uri, make_view):
    first = Tracker(uri, info())
    first.publish(make_view(0))
    first.client.rename_experiment(first.experiment, "renamed")
    Tracker(uri, info(YOU)).publish(make_view(0))  # creates the experiment again
    again = Tracker(uri, info())
    assert (again.experiment, again.missing([make_view(0)])) == (first.experiment, [])
    assert find_trial(uri, "e", "s", 0, ME).run_id == first.children[0].run.info.run_id
    assert len(all_runs(again)) == 4
    assert remove_study(uri, "e", "s", ME).runs == 2
    assert remove_study(uri, "e", "s", YOU).runs == 2


def test_a_study_without_an_identity_is_looked_for_in_its_experiment_alone(uri):
    first = Tracker(uri, info(""))
    first.client.rename_experiment(first.experiment, "renamed")
    assert Tracker(uri, info("")).experiment != first.experiment


def test_a_study_that_earlier_versions_published_twice_stays_where_its_experiment_is(
    uri, make_view
):
    old = Tracker(uri, info())
    old.client.rename_experiment(old.experiment, "renamed")
    new = Tracker(uri, info(YOU))
    new.client.set_tag(new.parent.info.run_id, fields.IDENTITY, ME)
    assert Tracker(uri, info()).experiment == new.experiment
    assert all(run.info.lifecycle_stage == "active" for run in all_runs(new))


def test_a_renamed_experiment_that_was_deleted_is_one_line_with_its_present_name(uri):
    tracker = Tracker(uri, info())
    tracker.client.rename_experiment(tracker.experiment, "renamed")
    tracker.client.delete_experiment(tracker.experiment)
    with pytest.raises(UserError, match="experiment 'renamed' was deleted.*--experiment-id 1"):
        tracker.refresh()
    assert len(all_runs(tracker)) == 1


def test_two_copies_that_publish_in_turns_share_their_runs(uri, make_view):
    mine, yours = Tracker(uri, info()), Tracker(uri, info())
    for number in range(3):
        one, other = (mine, yours) if number % 2 else (yours, mine)
        one.publish(make_view(number, "running"))
        other.publish(make_view(number))
        one.publish(make_view(number))
    assert len(all_runs(mine)) == 4
    assert mine.is_shared and yours.is_shared
    statuses = {run.info.status for run in all_runs(mine) if fields.TRIAL in run.data.tags}
    assert statuses == {"FINISHED"}


def test_two_copies_that_begin_at_once_share_the_parent(uri, monkeypatch):
    create = Tracker._create_parent
    made = []

    def beaten(self):
        if not made:
            made.append(None)
            made.append(Tracker(uri, info()).parent.info.run_id)  # the other copy is faster
        return create(self)

    monkeypatch.setattr(Tracker, "_create_parent", beaten)
    tracker = Tracker(uri, info())
    assert tracker.parent.info.run_id == made[1]
    assert [r.info.lifecycle_stage for r in all_runs(tracker)].count("active") == 1


@pytest.mark.parametrize("state", ["running", "interrupted"])
def test_a_trial_that_has_ended_is_not_shown_as_unfinished_by_a_copy(uri, make_view, state):
    mine, late = Tracker(uri, info()), Tracker(uri, info())
    mine.publish(make_view(0))
    late.publish(make_view(0, state))
    assert Tracker(uri, info()).missing([make_view(0, state)]) == []
    (run,) = [run for run in all_runs(mine) if fields.TRIAL in run.data.tags]
    assert (run.info.status, run.data.tags[fields.STATE]) == ("FINISHED", "finished")


@pytest.mark.parametrize("known", ["nothing", "running", "finished"])
def test_another_result_of_a_trial_is_refused_and_nothing_is_overwritten(uri, make_view, known):
    mine, late = Tracker(uri, info()), Tracker(uri, info())
    if known == "running":
        late.publish(make_view(1, "running"))
    mine.publish(make_view(1))
    if known == "finished":
        late.refresh()
    before = [run.to_dictionary() for run in all_runs(mine)]
    with pytest.raises(ConflictingTrial, match=r"trial 1 of study s has another result in MLflow"):
        late.publish(make_view(1, digest="e" * 64))
    with pytest.raises(ConflictingTrial):
        late.missing([make_view(1, digest="e" * 64)])
    assert [run.to_dictionary() for run in all_runs(mine)] == before


def test_a_run_that_a_person_deleted_conflicts_with_nothing(uri, make_view):
    tracker = Tracker(uri, info())
    tracker.publish(make_view(1))
    tracker.client.delete_run(tracker.children[1].run.info.run_id)
    again = Tracker(uri, info())
    again.publish(make_view(1, digest="e" * 64))
    assert len(all_runs(again)) == 2


def test_what_is_withdrawn_is_said_as_before(uri, make_view):
    mine = Tracker(uri, info())
    mine.describe(StudyProgress(mine.info), "finished", "f" * 64)
    before = mine.client.get_run(mine.parent.info.run_id)
    other = Tracker(uri, info())
    other.describe(StudyProgress(other.info), "running")
    other.withdraw()
    after = mine.client.get_run(mine.parent.info.run_id)
    assert (after.data.tags, after.info.status) == (before.data.tags, before.info.status)


def test_side_files_are_found_by_the_studys_name_in_any_experiment(uri, folder):
    for number, who in enumerate((ME, YOU)):
        Tracker(uri, info(who, experiment=f"e{number}", files={"a.json": who.encode()}))
    Tracker(uri, info(ME, name="other", files={"a.json": b"other"}))
    assert sorted(side_files_of(uri, "s", "a.json")) == [ME.encode(), YOU.encode()]
    assert list(side_files_of(uri, "s", "b.json")) == []
    remove_study(uri, "e0", "s", ME)
    assert list(side_files_of(uri, "s", "a.json")) == [YOU.encode()]
    assert list(side_files_of(f"sqlite:///{folder}/nowhere.db", "s", "a.json")) == []
    assert not (folder / "nowhere.db").exists()
