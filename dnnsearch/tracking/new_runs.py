"""Publish trials that have ended and of which MLflow has no run yet: many at once, if it can.

It can if MLflow keeps both the runs and their files on this machine. All else is left to the
tracker, which makes MLflow's own calls for each trial.
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
from dnnsearch.tracking.run_rows import USER, DatasetRow, NewRun, add_runs, run_id_of
from dnnsearch.tracking.study_info import StudyInfo
from dnnsearch.tracking.trial_run import TrialRun
from dnnsearch.trials.run import TrialView
from dnnsearch.urls import sqlite_path

MAX_RUNS_AT_ONCE = 50  # in one transaction, for which other writers wait
WRITTEN_AT_ONCE = ("finished", "pruned", "diverged")


def publish_new(
    client: MlflowClient,
    info: StudyInfo,
    parent: Run,
    experiment: Experiment,
    views: Sequence[TrialView],
) -> dict[int, TrialRun]:
    """Publish as many of the views as can be written at once; return their runs by number.

    `views` are of trials without a run that we know of. If MLflow does not take them at once, there
    are none: a call of MLflow's will say why.
    """
    ended = [view for view in views if view.state in WRITTEN_AT_ONCE][:MAX_RUNS_AT_ONCE]
    shown: dict[int, TrialRun] = {}
    path = sqlite_path(client.tracking_uri)
    location = urlsplit(experiment.artifact_location)
    if not ended or path is None or location.query or location.fragment:
        return shown
    by_number = {view.number: view for view in ended}
    new = [new_run(info, parent, experiment, view) for view in ended]

    def write_files(run: NewRun) -> None:
        view, entity = by_number[run.number], _entity(experiment, run)
        if view.record is not None:
            folder = local_folder(client, entity)
            assert folder is not None
            write_artifact(folder, fields.RECORD, view.record.read_bytes())
        status = fields.STATUS[view.state]
        shown[run.number] = TrialRun(entity, view.state, status, view.digest, has_params=True)

    if local_folder(client, _entity(experiment, new[0])) is None:
        return shown
    with suppress(sqlite3.Error, OSError):
        add_runs(path, experiment.experiment_id, parent.info.run_id, new, write_files)
        return shown
    return {}


def new_run(info: StudyInfo, parent: Run, experiment: Experiment, view: TrialView) -> NewRun:
    """Return the run of a trial that ends now, with all that the trial's view has."""
    run_id = run_id_of(parent.info.run_id, view.number)
    milliseconds = round(1000 * (view.seconds or 0.0))
    start = time.time_ns() // 1_000_000 - milliseconds
    tags = fields.identifying_tags(info.name, parent.info.run_id, view)
    return NewRun(
        number=view.number,
        run_id=run_id,
        name=view.display_name,
        status=fields.STATUS[view.state],
        start_time=start,
        end_time=start + milliseconds,
        artifact_uri=f"{experiment.artifact_location.rstrip('/')}/{run_id}/artifacts",
        tags=tags | {fields.NAME: view.display_name} | fields.state_tags(view),
        params=fields.params(view),
        points=fields.metrics(view, info.objective, start),
        dataset=dataset_of(info, view),
    )


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


def _entity(experiment: Experiment, run: NewRun) -> Run:
    info = RunInfo(
        run.run_id,
        experiment.experiment_id,
        USER,
        run.status,
        run.start_time,
        run.end_time,
        "active",
        run.artifact_uri,
        run.name,
    )
    return Run(info, RunData())
