"""Baselines in MLflow: runs beside the trials of a study, outside of the saved view's filter."""

import math

from dnnsearch.tracking import fields
from dnnsearch.tracking.client import Metric, MlflowClient, Run, RunTag
from dnnsearch.tracking.runs import is_active, search
from dnnsearch.tracking.study_info import StudyInfo

BASELINE = "dnnsearch.baseline"  # the tag with the title, such as `linear model`
NOTE = "Without a network: {title}, on the data and the split of study `{study}`."


def log_baselines(client: MlflowClient, parent: Run, info: StudyInfo) -> None:
    """Log the baselines that MLflow lacks; a run that the user has deleted stays deleted."""
    if not info.baselines:
        return
    experiment, run_id = parent.info.experiment_id, parent.info.run_id
    tags = {fields.PARENT: run_id, fields.KIND: "baseline"}
    there = {run.data.tags.get(BASELINE, ""): run for run in search(client, [experiment], **tags)}
    for title, figures in info.baselines.items():
        metrics = {**figures, "objective": figures[info.objective]}
        wanted = {name: value for name, value in metrics.items() if math.isfinite(value)}
        run = there.get(title)
        if run is None:
            note = NOTE.format(title=title, study=info.name)
            own = {**tags, fields.STUDY: info.name, BASELINE: title, fields.NOTE: note}
            run = client.create_run(experiment, tags={**own, **fields.SOURCE}, run_name=title)
        if is_active(run) and not wanted.items() <= run.data.metrics.items():
            _log(client, run, wanted)


def _log(client: MlflowClient, run: Run, figures: dict[str, float]) -> None:
    """Log the metrics, and last the state, so that a run without it is logged again."""
    start = run.info.start_time
    metrics = [Metric(name, value, start, 0) for name, value in figures.items()]
    state = [RunTag(fields.STATE, "finished")]
    client.log_batch(run.info.run_id, metrics, [], state, synchronous=True)
    client.set_terminated(run.info.run_id, fields.STATUS["finished"], start)
