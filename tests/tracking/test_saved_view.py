"""The saved views: their form, columns and size; test_ui.py opens them in a browser."""

import json
from dataclasses import replace

import pytest

from dnnsearch.tracking import fields, saved_view

MAX_TAG_CHARACTERS = 20_000  # of an experiment


def state(info, parent: str = "0123456789abcdef") -> dict:
    return json.loads(json.loads(saved_view.study_view(info, parent, 1))["state"])


@pytest.fixture
def with_space(info):
    """Return the info of a study with these further keys in its definition."""
    return lambda **keys: replace(info, definition={**info.definition, **keys})


def test_a_saved_view_has_the_form_that_mlflow_reads(info):
    saved = json.loads(saved_view.study_view(info, "0123456789abcdef", 1))
    assert saved["name"] == "moons: best first" and isinstance(saved["createdAt"], int)
    shown = state(info)
    assert shown["orderByAsc"] is False
    sections = {section["uuid"] for section in shown["compareRunSections"]}
    assert {chart["metricSectionId"] for chart in shown["compareRunCharts"]} == sections
    ids = [chart["uuid"] for chart in shown["compareRunCharts"]]
    assert len(ids) == len(set(ids))


def test_each_study_has_its_own_trials_objective_and_metrics(info):
    costs = replace(
        info, objective="dev_cost", definition={**info.definition, "metrics": ["dev_f1"]}
    )
    shown = state(costs, "f" * 32)
    assert "tags.`mlflow.parentRunId` = '" + "f" * 32 + "'" in shown["searchFilter"]
    assert shown["orderByAsc"] is True
    assert shown["selectedColumns"][:2] == ["metrics.`objective`", "metrics.`dev_f1`"]
    assert shown["columnOrder"] == shown["selectedColumns"]


@pytest.mark.parametrize("objective", ["dev_cost", "dev_accuracy"])
def test_the_table_has_the_objective_once_and_not_the_last_point_of_its_curve(info, objective):
    columns = state(replace(info, objective=objective))["selectedColumns"]
    assert columns[0] == "metrics.`objective`"
    assert f"metrics.`{objective}`" not in columns and "metrics.`train_cost`" in columns


def test_the_view_of_all_studies_tells_them_apart_and_sorts_within_each():
    shown = json.loads(json.loads(saved_view.view_of_all())["state"])
    assert shown["groupBy"]["groupByKeys"] == [{"mode": "tag", "groupByData": fields.STUDY}]
    assert shown["selectedColumns"][0] == f"tags.`{fields.STUDY}`"
    assert shown["orderByKey"] == f"metrics.`{fields.ERROR}`" and not shown["orderByAsc"]


@pytest.mark.parametrize(
    ("space", "rightly"),
    [
        (["relu", "tanh"], True),
        ([1, 2, 3], True),
        ([16, 32, 128], False),
        ([16, "full"], True),
        ({"low": 500, "high": 2000}, False),
        ({"low": 100, "high": 900}, True),
        ({"low": 0.5, "high": 0.98}, True),
        ({"low": 1e-5, "high": 0.1}, False),
        ({"adam": {"low": 0.001, "high": 0.1}}, False),
    ],
)
def test_a_number_is_shown_as_a_metric_if_text_sorts_it_wrongly(with_space, space, rightly):
    assert saved_view.sorts_as_text(space) is rightly
    columns = state(with_space(batch_size=space))["selectedColumns"]
    assert ("params.`batch_size`" in columns) is rightly
    assert ("metrics.`hp.batch_size`" in columns) is not rightly


def test_only_searched_hyperparameters_are_columns(info):
    columns = " ".join(state(info)["selectedColumns"])
    assert "learning_rate" in columns and "activation" in columns
    assert "momentum" not in columns


def test_the_axes_of_a_plot_are_few_and_every_trial_has_them(with_space):
    spaces = {
        name: [0.1, 0.2] for name in ("iterations", "momentum", "batch_size", "dropout", "l2")
    }
    info = with_space(**spaces, hidden_layers=[2, 3], units=[16, 32])
    training, network = state(info)["compareRunCharts"][:2]
    assert training["type"] == network["type"] == "PARALLEL"
    assert training["selectedMetrics"][0] == fields.LOG_RATE
    assert {"hp.units_1", "hp.units_2"} <= set(network["selectedMetrics"])
    assert "hp.units_3" not in network["selectedMetrics"]
    for plot in (training, network):
        axes = plot["selectedParams"] + plot["selectedMetrics"]
        assert len(axes) <= saved_view.MAX_AXES and axes[-1] == fields.ERROR


def test_the_heading_of_the_first_plots_says_what_their_colour_is(info):
    first, *_ = state(info)["compareRunSections"]
    assert first["name"] == "Hyperparameters; neg_log10_error: more is better"
    assert len(first["name"]) < 50  # MLflow cuts more on a usual screen
    plot = state(info)["compareRunCharts"][0]
    assert plot["metricSectionId"] == first["uuid"]


def test_no_axis_has_text_among_numbers_because_mlflow_leaves_out_its_trials(with_space):
    training, _ = state(with_space(batch_size=[16, "full"], momentum=[0.5, 0.9]))[
        "compareRunCharts"
    ][:2]
    assert "hp.momentum" in training["selectedMetrics"]
    assert "batch_size" not in training["selectedParams"]
    assert "hp.batch_size" not in training["selectedMetrics"]


def test_no_axis_has_a_neutral_value_because_runs_lack_it(with_space):
    lacking = state(with_space(scaling=[0.0, 6.0], edges=["quantile", "tree"]))["compareRunCharts"][
        0
    ]
    whole = state(with_space(scaling=[3.0, 6.0]))["compareRunCharts"][0]
    assert "hp.scaling" in whole["selectedMetrics"]
    assert "hp.scaling" not in lacking["selectedMetrics"]
    assert "edges" not in lacking["selectedParams"]


def test_every_panel_has_the_whole_width(info):
    assert {section["columns"] for section in state(info)["compareRunSections"]} == {1}


def test_a_saved_view_fits_into_a_tag_of_an_experiment(with_space):
    from dnnsearch.trials.hyperparameters import HYPERPARAMETERS

    spaces = {name: [0.1, 0.2] for name in HYPERPARAMETERS} | {"hidden_layers": [1, 2]}
    everything = with_space(**spaces)
    assert len(saved_view.study_view(everything, "f" * 32, 1)) < MAX_TAG_CHARACTERS


def test_every_metric_without_steps_is_hidden_from_the_charts(make_view, with_space):
    params = make_view(0).params
    info = with_space(**{name: 1 for name in params if "units" not in name}, units=64)
    hidden = {chart["metricKey"] for chart in state(info)["compareRunCharts"] if chart["deleted"]}
    assert fields.scalars(make_view(0), "dev_accuracy").keys() <= hidden
