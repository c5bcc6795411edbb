"""Publish trials that start or end, many at once, if MLflow can take them so.

It can if it keeps both the runs and their files on this machine. All else is left to the tracker,
which makes MLflow's own calls for each trial.
"""

import json
import sqlite3
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from urllib.parse import urlsplit

from dnnsearch.tracking import fields
from dnnsearch.tracking.artifacts import local_folder, write_artifact
from dnnsearch.tracking.client import Experiment, MlflowClient, Run, RunData, RunInfo
from dnnsearch.tracking.run_rows import USER, DatasetRow, RunRows, Start, run_id_of, write_runs
from dnnsearch.tracking.runs import is_active
from dnnsearch.tracking.study_info import StudyInfo
from dnnsearch.tracking.trial_run import TrialRun
from dnnsearch.trials.run import TrialView
from dnnsearch.urls import sqlite_path

MAX_RUNS_AT_ONCE = 50  # in one transaction, for which other writers wait


def publish_batch(
    client: MlflowClient,
    info: StudyInfo,
    parent: Run,
    experiment: Experiment,
    children: Mapping[int, TrialRun],
    views: Sequence[TrialView],
) -> dict[int, TrialRun]:
    """Publish as many of the views as can be written at once; return their runs by number.

    `children` are the runs that we know of, by number. If MLflow does not take the views at once,
    there are none: a call of MLflow's will say why.
    """
    batch = {v.number: v for v in views if _is_simple(v, children.get(v.number))}
    path = sqlite_path(client.tracking_uri)
    location = urlsplit(experiment.artifact_location)
    if not batch or path is None or location.query or location.fragment:
        return {}
    rows = [
        _end(info, view, children[number].run)
        if number in children
        else _new(info, parent, experiment, view)
        for number, view in list(batch.items())[:MAX_RUNS_AT_ONCE]
    ]
    shown: dict[int, TrialRun] = {}

    def write_files(run: RunRows) -> None:
        view = batch[run.number]
        entity = _entity(experiment, run, run.start) if run.start else children[run.number].run
        if view.record is not None:
            folder = local_folder(client, entity)
            if folder is None:
                raise OSError("MLflow keeps the files elsewhere")
            write_artifact(folder, fields.RECORD, view.record.read_bytes())
        shown[run.number] = TrialRun(entity, view.state, run.status, view.digest, has_params=True)

    with suppress(sqlite3.Error, OSError):
        write_runs(path, experiment.experiment_id, parent.info.run_id, rows, write_files)
        return shown
    return {}


def _is_simple(view: TrialView, child: TrialRun | None) -> bool:
    """Return whether the trial starts, or ends after MLflow shows nothing of it but its start."""
    if child is None:
        return True
    is_running = (child.state, child.status) == ("running", "RUNNING") and is_active(child.run)
    return is_running and child.has_params and view.state != "running"


def _new(info: StudyInfo, parent: Run, experiment: Experiment, view: TrialView) -> RunRows:
    """Return the run of a trial that ends now, or starts, with all that the trial's view has."""
    run_id = run_id_of(parent.info.run_id, view.number)
    start = Start(
        time=_now() - round(1000 * (view.seconds or 0.0)),
        name=view.display_name,
        artifact_uri=f"{experiment.artifact_location.rstrip('/')}/{run_id}/artifacts",
        params=fields.params(view),
        dataset=dataset_of(info, view),
    )
    tags = fields.identifying_tags(info.name, parent.info.run_id, view)
    return RunRows(
        number=view.number,
        run_id=run_id,
        status=fields.STATUS[view.state],
        end_time=None if view.state == "running" else _end_time(view, start.time),
        tags=tags | {fields.NAME: start.name} | fields.state_tags(view),
        points=fields.metrics(view, info.objective, start.time),
        start=start,
    )


def _end(info: StudyInfo, view: TrialView, run: Run) -> RunRows:
    """Return the end of a trial whose run is there."""
    start = run.info.start_time
    return RunRows(
        number=view.number,
        run_id=run.info.run_id,
        status=fields.STATUS[view.state],
        end_time=_end_time(view, start),
        tags=fields.state_tags(view),
        points=fields.metrics(view, info.objective, start),
    )


def _end_time(view: TrialView, start: int) -> int:
    """Return a time such that MLflow shows the duration of the training, or now if it has none."""
    return max(_now(), start) if view.seconds is None else start + round(1000 * view.seconds)


def _now() -> int:
    """Return the present time in milliseconds, the unit of MLflow."""
    return time.time_ns() // 1_000_000


def dataset_of(info: StudyInfo, view: TrialView) -> DatasetRow:
    """Return the dataset; its digest is cut to MLflow's limit, and whole in profile and tag."""
    profile: Mapping[str, object] = {**info.profile, "sha256": view.data}
    return DatasetRow(
        name=info.dataset,
        digest=view.data[:16] or "unknown",
        source_type="dnnsearch",
        source=json.dumps({"dataset": info.dataset}),
        profile=json.dumps(profile),
        context="train",
    )


def _entity(experiment: Experiment, run: RunRows, start: Start) -> Run:
    info = RunInfo(
        run.run_id,
        experiment.experiment_id,
        USER,
        run.status,
        start.time,
        run.end_time,
        "active",
        start.artifact_uri,
        start.name,
    )
    return Run(info, RunData())
