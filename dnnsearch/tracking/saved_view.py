"""A saved view of MLflow's runs page: columns, order and charts as one wants them for trials.

MLflow keeps what a person saves under "Views" in a tag of the experiment, and so can we. The names
below are those of MLflow's user interface (checked by a browser test); where a later MLflow does
not know them, its own default page remains. Does not import MLflow.
"""

import json
from collections.abc import Iterable
from typing import Any, Final

from dnnsearch.tracking.fields import KIND, STATE

KEY: Final = "dnnsearch"
TAG: Final = f"mlflow.sharedViewState.{KEY}"
NAME: Final = "Trials, best first"

METRICS: Final = ("objective", "dev_accuracy", "dev_cost", "train_accuracy", "train_cost")
PARAMS: Final = (  # those that every trial has
    ("learning_rate", "iterations", "hidden_layers", "activation", "momentum", "batch_size")
)
WORDS: Final = ("activation", "batch_size")  # of these some are text
LAYERS: Final = 4  # whose units are shown; deeper networks have theirs in the run's name
NUMBERS: Final = (  # as metrics, for MLflow sorts params as text: 1000 before 200
    *(name for name in PARAMS if name not in WORDS),
    *(f"units_{layer}" for layer in range(1, LAYERS + 1)),
)
COLUMNS: Final = (
    *(f"metrics.`{name}`" for name in (*METRICS, "parameters")),
    *(f"metrics.`hp.{name}`" for name in NUMBERS),
    *(f"params.`{name}`" for name in WORDS),
    f"tags.`{STATE}`",
)
ONE_POINT: Final = (  # metrics that MLflow would draw as bars
    *(f"hp.{name}" for name in PARAMS if name != "activation"),
    *(f"hp.units_{layer}" for layer in range(1, 11)),
    *("seconds", "parameters", "flops", "objective", "best_value"),
)
SECTIONS: Final = ("Hyperparameters", "Curves", "Model metrics")  # the last is MLflow's own


def link(experiment: str) -> str:
    """The view's address, to be put behind that of MLflow's UI."""
    return f"#/experiments/{experiment}/runs?workflowType=machine_learning&viewStateShareKey={KEY}"


def tag_value(searched: Iterable[str], maximize: bool) -> str:
    """What MLflow's UI writes when a person saves a view; `searched` are hyperparameters."""
    state = _order(maximize) | _table() | _charts([name for name in PARAMS if name in searched])
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


def _table() -> dict[str, Any]:
    return {"selectedColumns": COLUMNS, "runsHiddenMode": "FIRST_20_RUNS"}


def _charts(searched: list[str]) -> dict[str, Any]:
    """Hyperparameters against the objective, curves on common axes, no bars."""
    hyper, curves, bars = SECTIONS
    charts = [_parallel(hyper, searched), _scatter(hyper)]
    charts += [_line(curves, name) for name in METRICS[1:]]
    charts += [_chart("BAR", bars, metricKey=name) | {"deleted": True} for name in ONE_POINT]
    sections = [_section(name) for name in SECTIONS]
    return {"compareRunSections": sections, "compareRunCharts": charts}


def _section(name: str) -> dict[str, Any]:
    shown = {"display": name != SECTIONS[-1], "deleted": False, "columns": 2, "cardHeight": 360}
    return {"uuid": f"dnnsearch-{name}", "name": name, "isReordered": True, **shown}


def _parallel(section: str, searched: list[str]) -> dict[str, Any]:
    chosen = {"selectedParams": searched, "selectedMetrics": ["objective"]}
    return _chart("PARALLEL", section, showAllRuns=True, **chosen)


def _scatter(section: str) -> dict[str, Any]:
    x, y = ({"key": key, "type": "METRIC"} for key in ("hp.learning_rate", "objective"))
    return _chart("SCATTER", section, xaxis=x, yaxis=y, runsCountToCompare=100)


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
