"""Saved views of MLflow's runs page, with columns, order and charts suited to trials.

MLflow stores the views that a user saves under "Views" in tags of the experiment; so do we: one
view for each study, with its own objective and metrics, and one of all studies. The names below are
those of MLflow's user interface (a browser test checks them). If a later MLflow does not know them,
it shows its default page. Does not import MLflow.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from dnnsearch.tracking.fields import ERROR, KIND, LOG_RATE, PARENT, STATE, STUDY
from dnnsearch.tracking.study_info import StudyInfo
from dnnsearch.trials.hyperparameters import HYPERPARAMETERS, NEUTRAL

CURVES: Final = ("dev_accuracy", "dev_cost", "train_accuracy", "train_cost")
PREFIX: Final = "mlflow.sharedViewState."  # of the tags
ALL: Final = "dnnsearch"  # key of the view of all studies
NAME_OF_ALL: Final = "All studies, best first"
RUN_ID_DIGITS: Final = 8  # in the key of a study's view

NETWORK: Final = ("hidden_layers", "units", "activation")  # one plot; another one has the rest
MAX_AXES: Final = 6  # of parallel coordinates, so that their labels do not overlap
MAX_UNITS_COLUMNS: Final = 4  # of deeper networks, the run's name shows all layers
FIXED_POINT: Final = (1e-4, 10.0)  # numbers in between sort as text as they do as numbers
METRICS_WITHOUT_STEPS: Final = (  # and without hyperparameters
    *(LOG_RATE, ERROR, "seconds", "parameters", "flops", "objective", "best_value"),
)
MAX_LAYERS_HIDDEN: Final = 10  # whose units are not drawn as bars
SECTIONS: Final = ("Hyperparameters", "Curves", "Model metrics")  # the last is MLflow's own
# MLflow names parallel coordinates itself, so the heading above them says what the colour is. It
# cuts a heading that takes more than 40 % of the width: about 50 characters on a usual screen.
TITLES: Final = {"Hyperparameters": f"Hyperparameters; {ERROR}: more is better"}


def key_of_study(parent: str) -> str:
    """Return the key of a study's view; `parent` is the id of its parent run."""
    return f"{ALL}-{parent[:RUN_ID_DIGITS]}"


def link(experiment: str, key: str = ALL, charts: bool = False) -> str:
    """Return a view's address for an experiment id, to append to the address of MLflow's UI."""
    address = f"#/experiments/{experiment}/runs?workflowType=machine_learning"
    return f"{address}&viewStateShareKey={key}{'&compareRunsMode=CHART' if charts else ''}"


def name_of(study: str) -> str:
    """Return the name of a study's view."""
    return f"{study}: best first"


def study_view(info: StudyInfo, parent: str, started: int) -> str:
    """Return the tag's value of a study's view as MLflow's UI writes it.

    `parent` is the id of the study's run, `started` when it began, in milliseconds.
    """
    chosen = f"tags.`{KIND}` = 'trial' AND tags.`{PARENT}` = '{parent}'"
    order = {"orderByKey": "metrics.`objective`", "orderByAsc": not info.direction.maximize}
    columns = [*_metrics(info), *_hyperparameters(info), f"tags.`{STATE}`"]
    return _saved(name_of(info.name), started, chosen, order, columns, _charts(info))


def view_of_all() -> str:
    """Return the tag's value of the view of all studies of an experiment, one below the other.

    Their objectives may have different directions, but a larger `neg_log10_error` is always better.
    """
    names = ("objective", ERROR, "dev_accuracy", "dev_cost", "hp.learning_rate", "parameters")
    columns = [f"tags.`{STUDY}`", *(f"metrics.`{name}`" for name in names), f"tags.`{STATE}`"]
    order = {"orderByKey": f"metrics.`{ERROR}`", "orderByAsc": False}
    by_study = {"mode": "tag", "groupByData": STUDY}
    grouped = {"groupBy": {"aggregateFunction": "max", "groupByKeys": [by_study]}}
    return _saved(NAME_OF_ALL, 0, f"tags.`{KIND}` = 'trial'", order, columns, grouped)


def _saved(
    name: str,
    created: int,
    chosen: str,
    order: Mapping[str, Any],
    columns: list[str],
    rest: Mapping[str, Any],
) -> str:
    shown = {"searchFilter": chosen, "startTime": "ALL", "lifecycleFilter": "Active"}
    table = {"selectedColumns": columns, "columnOrder": columns, "runsHiddenMode": "FIRST_20_RUNS"}
    state = {**shown, **order, **table, **rest}
    about = {"name": name, "createdAt": created, "updatedAt": created}
    return json.dumps({**about, "state": json.dumps(state)})


def _metrics(info: StudyInfo) -> list[str]:
    """Return the columns of the study's own metrics, the objective first.

    The column named for the objective's metric is left out: it is the last point of a curve, which
    with `checkpoint: best` is not the trial's value, so it would sort in another order.
    """
    names = dict.fromkeys(("objective", *info.metrics, *CURVES, "parameters"))
    return [f"metrics.`{name}`" for name in names if name != info.objective]


def _hyperparameters(info: StudyInfo) -> Iterator[str]:
    """Yield the columns of the searched hyperparameters: as text, unless text sorts wrongly."""
    for name, space in info.searched.items():
        as_text = sorts_as_text(space)
        for column in _layers(name, MAX_UNITS_COLUMNS):
            yield f"params.`{column}`" if as_text else f"metrics.`hp.{column}`"


def _layers(name: str, layers: int) -> list[str]:
    """Return the names of the hyperparameter's values in a trial: units have one for each layer."""
    return [f"units_{n}" for n in range(1, layers + 1)] if name in ("units", "width") else [name]


def sorts_as_text(space: Any) -> bool:
    """Return whether MLflow, which compares params as text, sorts the values of a space rightly."""
    if isinstance(space, list):
        if not all(isinstance(value, int | float) for value in space):
            return True  # the text among the values is no metric
        return sorted(space, key=str) == sorted(space)
    low, high = space.get("low"), space.get("high")
    if isinstance(low, int) and isinstance(high, int):
        return len(str(low)) == len(str(high))
    if not isinstance(low, int | float) or not isinstance(high, int | float):
        return False
    return FIXED_POINT[0] <= low and high < FIXED_POINT[1]


def _charts(info: StudyInfo) -> dict[str, Any]:
    """Plot hyperparameters against the objective and curves on common axes; hide the bars."""
    hyper, curves, bars = SECTIONS
    plots = [_parallel(hyper, info, of_network) for of_network in (False, True)]
    x, y = ({"key": key, "type": "METRIC"} for key in (LOG_RATE, ERROR))
    charts = [plot for plot in plots if plot]
    charts.append(_chart("SCATTER", hyper, xaxis=x, yaxis=y, runsCountToCompare=100))
    names = dict.fromkeys((info.objective, *CURVES))
    charts += [_line(curves, name) for name in names]
    hidden = (name for name in _without_steps(info) if name not in names)
    charts += [_chart("BAR", bars, metricKey=name) | {"deleted": True} for name in hidden]
    sections = [_section(name, name != bars) for name in SECTIONS]
    drawn = {"compareRunSections": sections, "compareRunCharts": charts}
    return {**drawn, "isAccordionReordered": True, "runListHidden": True}


def _without_steps(info: StudyInfo) -> Iterator[str]:
    """Yield the metrics that MLflow would draw as bars, one chart for each."""
    for name in HYPERPARAMETERS:
        if name in info.definition:
            yield from (f"hp.{column}" for column in _layers(name, MAX_LAYERS_HIDDEN))
    yield from (*METRICS_WITHOUT_STEPS, *info.metrics)


def _parallel(section: str, info: StudyInfo, of_network: bool) -> dict[str, Any] | None:
    """Return parallel coordinates of the network or of its training; the last axis is the error.

    MLflow leaves out a trial that lacks one of the axes, so of the units only those axes are shown
    that all trials have. It also leaves out text among numbers, such as a full batch, so a space
    with both has no axis, nor has one with a neutral value, which runs lack. None if nothing is
    searched.
    """
    params: list[str] = []
    metrics: list[str] = []
    for name, space in info.searched.items():
        if (name in (*NETWORK, "width")) == of_network:
            kinds = (
                {isinstance(value, str) for value in space} if isinstance(space, list) else set()
            )
            is_lacking = isinstance(space, list) and NEUTRAL.get(name) in space
            if len(kinds) > 1 or is_lacking:
                continue
            texts = kinds == {True}
            axes = _layers(name, min(info.fewest_layers, MAX_UNITS_COLUMNS))
            if name == "learning_rate":
                metrics.append(LOG_RATE)
            else:
                (params if texts else metrics).extend(axes if texts else [f"hp.{n}" for n in axes])
    del metrics[max(MAX_AXES - 1 - len(params), 0) :]
    if not params and not metrics:
        return None
    chosen = {"selectedParams": params, "selectedMetrics": [*metrics, ERROR]}
    title = "The network" if of_network else "The training"
    return _chart("PARALLEL", section, title, showAllRuns=True, **chosen)


def _section(name: str, display: bool) -> dict[str, Any]:
    shown = TITLES.get(name, name)
    place = {"uuid": f"dnnsearch-{name}", "name": shown, "isReordered": True, "deleted": False}
    return {**place, "display": display, "columns": 1, "cardHeight": 360}


def _line(section: str, curve: str) -> dict[str, Any]:
    axes = {"xAxisKey": "step", "yAxisKey": "metric", "yAxisExpressions": [], "range": {}}
    scales = {"xAxisScaleType": "linear", "scaleType": "linear", "lineSmoothness": 0}
    drawn = {"displayPoints": False, "ignoreOutliers": False, "selectedXAxisMetricKey": ""}
    shared = {"useGlobalXaxisKey": True, "useGlobalLineSmoothing": True}
    settings: dict[str, Any] = {**axes, **scales, **drawn, **shared}
    return _chart("LINE", section, metricKey=curve, displayName=curve, **settings)


def _chart(kind: str, section: str, title: str = "", **settings: Any) -> dict[str, Any]:
    name = f"{kind}-{settings.get('metricKey', title)}".lower().replace(" ", "-")
    common = {"uuid": f"dnnsearch-{name}", "type": kind, "metricSectionId": f"dnnsearch-{section}"}
    return {**common, "runsCountToCompare": 20, "deleted": False, "isGenerated": False, **settings}
