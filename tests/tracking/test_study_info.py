"""A study as MLflow's params and description, and its progress."""

import json

import pytest

from dnnsearch.tracking.study_info import StudyInfo, StudyProgress, description


def test_the_params_of_a_study_have_names_that_no_trial_uses(info, make_view):
    assert info.params()["study.learning_rate"] == '{"low": 0.001, "high": 1, "log": true}'
    assert not info.params().keys() & make_view(0).params.keys()


def test_a_definition_of_any_length_fits_into_a_param():
    long = StudyInfo("s", "s", {"try_first": ["x" * 100] * 100}, trials=1)
    assert len(long.params()["study.try_first"]) == 500


def test_the_best_is_the_first_of_the_best_finished_trials(info, make_view):
    progress = StudyProgress(info)
    assert progress.best() is None
    for view in (make_view(1, value=0.8), make_view(0, value=0.9), make_view(2, value=0.9)):
        progress.add(view)
    progress.add(make_view(3, "pruned", value=0.99))
    assert progress.best()[0] == 0
    assert progress.counts() == {"finished": 3, "pruned": 1}


def test_the_history_stops_before_the_first_trial_that_has_not_ended(info, make_view):
    progress = StudyProgress(info)
    for number, value in enumerate([0.5, 0.4, 0.7]):
        progress.add(make_view(number, value=value))
    progress.add(make_view(3, "running"))
    progress.add(make_view(4, value=0.9))
    assert list(progress.history()) == [(0, 0.5), (1, 0.5), (2, 0.7)]
    progress.add(make_view(3, "failed"))
    assert list(progress.history())[3:] == [(3, 0.7), (4, 0.9)]


def test_the_lowest_cost_is_the_best(make_view):
    progress = StudyProgress(StudyInfo("s", "s", {}, 2, objective="dev_cost"))
    for number, value in enumerate([0.5, 0.2]):
        progress.add(make_view(number, value=value))
    assert progress.best()[0] == 1
    assert list(progress.history()) == [(0, 0.5), (1, 0.2)]


def test_the_description_has_the_progress_and_useful_commands(info, make_view):
    progress = StudyProgress(info)
    progress.add(make_view(0, value=0.75))
    text = description(progress, "finished", "f" * 64, "#/charts", "#/here")
    for part in ("1 of 6 trials", "1 finished", "dev_accuracy 0.75", "dnnsearch rerun moons/0"):
        assert part in text
    assert "f" * 64 in text and "(#/here)" in text
    json.dumps(text)


def test_the_description_links_the_runs_of_the_best_trials(info, make_view):
    progress = StudyProgress(info)
    for number in range(7):
        progress.add(make_view(number, value=0.9 - 0.1 * (number == 0)))
    progress.add(make_view(7, "pruned", value=0.99))
    text = description(progress, "finished", runs={n: f"#/runs/{n}" for n in range(8)})
    rows = [line for line in text.splitlines() if line.startswith("1. [")]
    assert [row.split("](")[1].split(")")[0] for row in rows] == [
        f"#/runs/{n}" for n in range(1, 6)
    ]
    assert rows[0].endswith(": 0.9")
    assert "The best by dev_accuracy:" in text and "|" not in text  # MLflow shows tables raw


@pytest.mark.parametrize(
    ("layers", "fewest"), [(2, 2), ([3, 1, 2], 1), ({"low": 0, "high": 3}, 0), (None, 1)]
)
def test_the_fewest_layers_are_those_that_every_trial_has(layers, fewest):
    definition = {} if layers is None else {"hidden_layers": layers}
    assert StudyInfo("s", "s", definition, 1).fewest_layers == fewest
