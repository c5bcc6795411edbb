"""A saved view of MLflow's runs page, with columns, order and charts suited to trials.

MLflow stores the views that a user saves under "Views" in a tag of the experiment; so do we. The
names below are those of MLflow's user interface (a browser test checks them). If a later MLflow
does not know them, it shows its default page. Does not import MLflow.
"""

import json
from collections.abc import Iterable
from typing import Any, Final

from dnnsearch.tracking.fields import KIND, STATE

KEY: Final = "dnnsearch"
TAG: Final = f"mlflow.sharedViewState.{KEY}"
NAME: Final = "Trials, best first"

METRICS: Final = ("objective", "dev_accuracy", "dev_cost", "train_accuracy", "train_cost")
PARAMS: Final = (  # which every trial has
    ("learning_rate", "iterations", "hidden_layers", "activation", "momentum", "batch_size")
)
TEXT_PARAMS: Final = ("activation", "batch_size")  # some of their values are text
MAX_UNITS_COLUMNS: Final = 4  # of deeper networks, the run's name shows all layers
NUMERIC_PARAMS: Final = (  # shown as metrics: MLflow sorts params as text, 1000 before 200
    *(name for name in PARAMS if name not in TEXT_PARAMS),
    *(f"units_{layer}" for layer in range(1, MAX_UNITS_COLUMNS + 1)),
)
COLUMNS: Final = (
    *(f"metrics.`{name}`" for name in (*METRICS, "parameters")),
    *(f"metrics.`hp.{name}`" for name in NUMERIC_PARAMS),
    *(f"params.`{name}`" for name in TEXT_PARAMS),
    f"tags.`{STATE}`",
)
METRICS_WITHOUT_STEPS: Final = (  # MLflow would draw each of them as bars
    *(f"hp.{name}" for name in PARAMS if name != "activation"),
    *(f"hp.units_{layer}" for layer in range(1, 11)),
    *("seconds", "parameters", "flops", "objective", "best_value"),
)
SECTIONS: Final = ("Hyperparameters", "Curves", "Model metrics")  # the last is MLflow's own


def link(experiment: str) -> str:
    """Return the view's address for an experiment id, to append to the address of MLflow's UI."""
    return f"#/experiments/{experiment}/runs?workflowType=machine_learning&viewStateShareKey={KEY}"


def tag_value(searched: Iterable[str], maximize: bool) -> str:
    """Return the tag's value as MLflow's UI writes it; `searched` are hyperparameters."""
    table = {"selectedColumns": COLUMNS, "runsHiddenMode": "FIRST_20_RUNS"}
    state = _order(maximize) | table | _charts([name for name in PARAMS if name in searched])
    saved = {"name": NAME, "createdAt": 0, "updatedAt": 0}
    return json.dumps({**saved, "state": json.dumps(state)})


def _order(maximize: bool) -> dict[str, Any]:
    return {
        "searchFilter": f"tags.`{KIND}` = 'trial'",
        "orderByKey": "metrics.`objective`",
        "orderByAsc": not maximize,
        "startTime": "ALL",
        "lifecycleFilter": "Active",
    }


def _charts(searched: list[str]) -> dict[str, Any]:
    """Plot hyperparameters against the objective and curves on common axes; hide the bars."""
    hyper, curves, bars = SECTIONS
    chosen = {"selectedParams": searched, "selectedMetrics": ["objective"]}
    x, y = ({"key": key, "type": "METRIC"} for key in ("hp.learning_rate", "objective"))
    charts = [
        _chart("PARALLEL", hyper, showAllRuns=True, **chosen),
        _chart("SCATTER", hyper, xaxis=x, yaxis=y, runsCountToCompare=100),
    ]
    charts += [_line(curves, name) for name in METRICS[1:]]
    charts += [
        _chart("BAR", bars, metricKey=name) | {"deleted": True} for name in METRICS_WITHOUT_STEPS
    ]
    sections = [
        {
            "uuid": f"dnnsearch-{name}",
            "name": name,
            "isReordered": True,
            "display": name != SECTIONS[-1],
            "deleted": False,
            "columns": 2,
            "cardHeight": 360,
        }
        for name in SECTIONS
    ]
    return {"compareRunSections": sections, "compareRunCharts": charts}


def _line(section: str, curve: str) -> dict[str, Any]:
    axes = {"xAxisKey": "step", "yAxisKey": "metric", "yAxisExpressions": [], "range": {}}
    scales = {"xAxisScaleType": "linear", "scaleType": "linear", "lineSmoothness": 0}
    drawn = {"displayPoints": False, "ignoreOutliers": False, "selectedXAxisMetricKey": ""}
    shared = {"useGlobalXaxisKey": True, "useGlobalLineSmoothing": True}
    settings = {**axes, **scales, **drawn, **shared}
    return _chart("LINE", section, metricKey=curve, displayName=curve, **settings)


def _chart(kind: str, section: str, **settings: Any) -> dict[str, Any]:
    name = f"{kind}-{settings.get('metricKey', '')}".lower()
    common = {"uuid": f"dnnsearch-{name}", "type": kind, "metricSectionId": f"dnnsearch-{section}"}
    return {**common, "runsCountToCompare": 20, "deleted": False, "isGenerated": False, **settings}
