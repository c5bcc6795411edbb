"""The saved view: its form and its size; test_ui.py opens it in a browser."""

import json

from dnnsearch.tracking import saved_view


def test_a_saved_view_has_the_form_that_mlflow_reads():
    saved = json.loads(saved_view.tag_value(["learning_rate", "sampler"], maximize=False))
    assert saved["name"] == saved_view.NAME and isinstance(saved["createdAt"], int)
    state = json.loads(saved["state"])
    assert state["orderByAsc"] is True
    sections = {section["uuid"] for section in state["compareRunSections"]}
    assert {chart["metricSectionId"] for chart in state["compareRunCharts"]} == sections
    ids = [chart["uuid"] for chart in state["compareRunCharts"]]
    assert len(ids) == len(set(ids))
    assert state["compareRunCharts"][0]["selectedParams"] == ["learning_rate"]


def test_a_saved_view_fits_into_a_tag_of_an_experiment():
    assert len(saved_view.tag_value(saved_view.PARAMS, maximize=True)) < 20_000


def test_every_metric_without_steps_is_hidden_from_the_charts(make_view):
    from dnnsearch.tracking import fields

    assert fields.scalars(make_view(0)).keys() <= set(saved_view.METRICS_WITHOUT_STEPS)
