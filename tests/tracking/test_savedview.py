import json

from dnnsearch.tracking import savedview


def test_a_saved_view_has_the_form_that_mlflow_reads():
    saved = json.loads(savedview.tag_value(["learning_rate", "sampler"], maximize=False))
    assert saved["name"] == savedview.NAME and isinstance(saved["createdAt"], int)
    state = json.loads(saved["state"])
    assert state["orderByAsc"] is True
    sections = {section["uuid"] for section in state["compareRunSections"]}
    assert {chart["metricSectionId"] for chart in state["compareRunCharts"]} == sections
    ids = [chart["uuid"] for chart in state["compareRunCharts"]]
    assert len(ids) == len(set(ids))
    assert state["compareRunCharts"][0]["selectedParams"] == ["learning_rate"]


def test_it_fits_into_a_tag_of_an_experiment():
    assert len(savedview.tag_value(savedview.PARAMS, maximize=True)) < 20_000


def test_every_metric_with_one_point_is_kept_from_being_a_bar(make_view):
    from dnnsearch.tracking import layout

    assert layout.scalars(make_view(0)).keys() <= set(savedview.ONE_POINT)
