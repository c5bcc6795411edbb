"""The note of an experiment, and the views of its studies; test_ui.py follows its links."""

from dataclasses import replace

import pytest

from dnnsearch.tracking import experiment_page, saved_view
from dnnsearch.tracking.fields import NOTE
from dnnsearch.tracking.study_removal import remove_study
from dnnsearch.tracking.tracker import Tracker


@pytest.fixture
def uri(folder) -> str:
    return f"sqlite:///{folder}/mlflow.db"


def tags(tracker: Tracker) -> dict[str, str]:
    return dict(tracker.client.get_experiment(tracker.experiment).tags)


def test_the_note_links_the_charts_and_the_table_of_each_study_the_newest_first(uri, info):
    Tracker(uri, info)
    second = Tracker(uri, replace(info, name="moons-2", objective="dev_cost"))
    first_line = tags(second)[NOTE].splitlines()[0]
    assert first_line.index("moons-2") < first_line.index("**moons**")
    key = saved_view.key_of_study(second.parent.info.run_id)
    for charts in (True, False):
        assert f"({saved_view.link(second.experiment, key, charts)})" in first_line
    text = tags(second)[NOTE]
    assert "Back or a reload" in text
    assert "so sort by `objective`" in text and "have the first 20 trials" in text


def test_a_note_that_a_person_wrote_is_kept(uri, info):
    tracker = Tracker(uri, info)
    tracker.client.set_experiment_tag(tracker.experiment, NOTE, "mine")
    Tracker(uri, replace(info, name="moons-2"))
    assert tags(tracker)[NOTE] == "mine"
    assert len(experiment_page.studies(tags(tracker))) == 2


def test_a_note_that_two_studies_wrote_at_once_is_no_persons(uri, info):
    first = Tracker(uri, info)
    alone = tags(first)[NOTE]
    Tracker(uri, replace(info, name="moons-2"))
    first.client.set_experiment_tag(first.experiment, NOTE, alone)  # the copy is of both
    first.refresh()
    assert "**moons-2**" in tags(first)[NOTE]


def test_the_note_of_an_older_version_is_replaced(uri, info):
    tracker = Tracker(uri, info)
    tracker.client.set_experiment_tag(tracker.experiment, NOTE, experiment_page.NOTE_BEFORE)
    tracker.refresh()
    assert "[charts]" in tags(tracker)[NOTE]


def test_nothing_is_written_if_the_page_is_up_to_date(uri, info):
    tracker = Tracker(uri, info)
    run = tracker.parent.info
    present = tags(tracker)
    again = experiment_page.tags(tracker.experiment, present, info, run.run_id, run.start_time)
    assert again == {}


def test_a_removed_study_has_no_view_and_no_link(uri, info):
    tracker = Tracker(uri, info)
    Tracker(uri, replace(info, name="moons-2"))
    remove_study(uri, info.experiment, "moons-2")
    assert [page.name for page in experiment_page.studies(tags(tracker))] == ["moons"]
    assert "moons-2" not in tags(tracker)[NOTE]
    remove_study(uri, info.experiment, "moons")
    assert tags(tracker)[NOTE].startswith("Trials of dnnsearch.")


def test_many_studies_leave_the_note_short():
    pages = [experiment_page.StudyPage(n, f"study{n}", f"dnnsearch-{n}") for n in range(200)]
    text = experiment_page.note("1", pages)
    assert "190 more under *Views*" in text and len(text) < 5000
