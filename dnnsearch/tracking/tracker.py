"""One study in MLflow: an experiment, a parent run, and a child run for each trial.

`publish` brings MLflow to the state of a view, whatever MLflow had before, and does nothing if it
already has it. A run is searched by its tags before one is created, so a lost answer leads to no
second run; a run that the user has deleted stays deleted. The state tag is written after everything
else, and the status last: a run without them is published again. This module knows nothing of
threads, and of outages only that it must read MLflow again after one.
"""

import json
import time
from collections.abc import Iterable, Sequence

from dnnsearch.tracking import experiment_page, fields, saved_view, test_set_tags
from dnnsearch.tracking.artifacts import get_artifact, put_artifact
from dnnsearch.tracking.baseline_runs import log_baselines
from dnnsearch.tracking.batched_runs import dataset_of, publish_batch
from dnnsearch.tracking.client import (
    Dataset,
    DatasetInput,
    InputTag,
    Metric,
    MlflowException,
    Param,
    Run,
    RunTag,
    connect,
    disconnect,
)
from dnnsearch.tracking.page_update import shown_page
from dnnsearch.tracking.parent_run import check_not_deleted, parent_of
from dnnsearch.tracking.publisher_messages import Files
from dnnsearch.tracking.runs import child_of, children_of, is_active, set_tags
from dnnsearch.tracking.study_info import StudyInfo, StudyProgress, description
from dnnsearch.tracking.test_figure_run import log_test_figure
from dnnsearch.tracking.trial_run import TrialRun
from dnnsearch.trials.run import TrialView

MAX_METRICS_PER_REQUEST = 800  # MLflow's limit is 1,000 metrics, params and tags together


class Tracker:
    """Brings MLflow to the state of a study's info, its progress and the views of its trials.

    Every method may raise MlflowException if MLflow is away or refuses, OSError if an artifact
    cannot be written, and UserError if the user has to repair something. After any of them, call
    `refresh` before the next attempt: what was sent may or may not have arrived.
    """

    def __init__(self, uri: str, info: StudyInfo) -> None:
        self.info = info
        self.client = connect(uri)
        self.children: dict[int, TrialRun] = {}
        self._sent = -1  # the last step of the parent's `best_value` that was sent
        self.is_shared = False  # another copy of the study publishes at the same time
        self.refresh()
        self._parent_before = self.parent

    def refresh(self) -> None:
        """Find the experiment and the parent run, or create them; list the trials' runs."""
        parent = parent_of(self.client, self.info)
        self.experiment = parent.info.experiment_id if parent else self._find_experiment()
        self.parent = parent or self._create_parent()
        if fields.STATE not in self.parent.data.tags:
            self._fill_parent()
        self._attach_files()
        tags = {**test_set_tags.tags(self.info.openings), **self.info.commits}
        set_tags(self.client, self.parent, tags)
        log_baselines(self.client, self.parent, self.info)
        self._page = shown_page(self.client, self.experiment, self.info, self.parent)
        log_test_figure(self.client, self.parent, self.info)
        found = children_of(self.client, self.experiment, self.parent.info.run_id)
        self.children = {number: TrialRun.of(run) for number, run in found.items()}

    def _attach_files(self) -> None:
        for name, content in self.info.files.items():
            if get_artifact(self.client, self.parent, name) != content:
                put_artifact(self.client, self.parent, name, content)

    def close(self) -> None:
        """Close the database, so that SQLite's log is empty; later calls open it again."""
        disconnect(self.client)

    def missing(self, views: Iterable[TrialView]) -> list[TrialView]:
        """Return the views that MLflow does not show yet; raise ConflictingTrial as `publish`."""
        return [view for view in views if self._lacks(view)]

    def _lacks(self, view: TrialView) -> bool:
        child = self.children.get(view.number)
        if child is None:
            return True
        child.check_same(view.number, view.digest, self.info.name)
        return child.lacks(view)

    def publish_batch(self, views: Sequence[TrialView]) -> list[TrialView]:
        """Make MLflow show those views that can be written at once; return them.

        They are among those of trials that start or end as planned. `publish` shows the others.
        """
        shown = publish_batch(self.client, self.info, self.parent, self._page, self.children, views)
        self.children |= shown
        return [view for view in views if view.number in shown]

    def publish(self, view: TrialView) -> None:
        """Make MLflow show the view; raise ConflictingTrial if it has another result."""
        if not self._lacks(view):
            return
        self._update_child(view)
        if not self._lacks(view):
            return
        child = self._child_with_dataset(view)
        if view.record is not None and not child.has_state_of(view):
            put_artifact(self.client, child.run, fields.RECORD, view.record.read_bytes())
        self._log(child, view)
        self._set_status(child, view)

    def _update_child(self, view: TrialView) -> None:
        """Read the trial's run from MLflow: another copy of the study may have published it."""
        known = self.children.get(view.number)
        if known is None:
            run = child_of(self.client, self.experiment, self.parent.info.run_id, view.number)
        elif view.digest and not known.digest:
            run = self.client.get_run(known.run.info.run_id)
        else:
            return
        if run is not None:
            child = self.children[view.number] = TrialRun.of(run)
            self.is_shared |= known is None or bool(child.digest)

    def _child_with_dataset(self, view: TrialView) -> TrialRun:
        child = self.children.get(view.number) or self._create_child(view)
        if not child.has_params:
            self.client.log_inputs(child.run.info.run_id, [self._dataset(view)])
        return child

    def _create_child(self, view: TrialView) -> TrialRun:
        tags = fields.identifying_tags(self.info.name, self.parent.info.run_id, view)
        if view.state == "running":
            tags |= fields.state_tags(view)
        run = self.client.create_run(
            self.experiment,
            start_time=_now() - round(1000 * (view.seconds or 0.0)),
            tags=tags,
            run_name=view.display_name,
        )
        self.children[view.number] = TrialRun.of(run)
        return self.children[view.number]

    def _dataset(self, view: TrialView) -> DatasetInput:
        row = dataset_of(self.info, view)
        data = Dataset(row.name, row.digest, row.source_type, row.source, profile=row.profile)
        return DatasetInput(data, [InputTag(fields.CONTEXT, row.context)])

    def _log(self, child: TrialRun, view: TrialView) -> None:
        """Log params, metrics and last the state; MLflow ignores points that it already has."""
        params = {} if child.has_params else fields.params(view)
        metrics: list[Metric] = []
        tags: dict[str, str] = {}
        if not child.has_state_of(view):
            points = fields.metrics(view, self.info.objective, child.run.info.start_time)
            metrics, tags = [Metric(*point) for point in points], fields.state_tags(view)
        if params or tags:
            self._log_batch(
                child.run, metrics, [Param(k, v) for k, v in params.items()], _run_tags(tags)
            )
        child.has_params = True
        child.state = view.state
        child.digest = view.digest

    def _log_batch(
        self, run: Run, metrics: list[Metric], params: list[Param], tags: list[RunTag]
    ) -> None:
        """Log everything, the tags last; MLflow itself would send surplus metrics after them."""
        limit = MAX_METRICS_PER_REQUEST
        while len(metrics) > limit:
            self.client.log_batch(run.info.run_id, metrics[:limit], synchronous=True)
            metrics = metrics[limit:]
        self.client.log_batch(run.info.run_id, metrics, params, tags, synchronous=True)

    def _set_status(self, child: TrialRun, view: TrialView) -> None:
        """Set the status, and an end time such that MLflow shows the duration of the training."""
        status, run = fields.STATUS[view.state], child.run
        if status == "RUNNING":
            if child.status != status:
                self.client.update_run(run.info.run_id, status)
        else:
            seconds = view.seconds
            end = _end(run) if seconds is None else run.info.start_time + round(1000 * seconds)
            self.client.set_terminated(run.info.run_id, status, end)
        child.status = status

    def attach(self, files: Files) -> None:
        """Add artifacts to the runs of trials, by number and name; deleted runs get none."""
        for number, contents in files.items():
            child = self.children.get(number)
            if child is None or not is_active(child.run):
                continue
            for name, content in contents.items():
                if get_artifact(self.client, child.run, name) != content:
                    put_artifact(self.client, child.run, name, content)

    def describe(self, progress: StudyProgress, state: str, fingerprint: str = "") -> None:
        """Write the progress of the study to the parent run.

        `state` is running, finished (the study has all its trials) or interrupted.
        """
        start = self.parent.info.start_time
        new = [(step, value) for step, value in progress.history() if step > self._sent]
        metrics = [Metric("best_value", value, start + step, step) for step, value in new]
        key = saved_view.key_of_study(self.parent.info.run_id)
        charts = saved_view.link(self.experiment, key, charts=True)
        table = saved_view.link(self.experiment, key)
        address = f"#/experiments/{self.experiment}/runs"
        runs = {
            number: f"{address}/{child.run.info.run_id}" for number, child in self.children.items()
        }
        note = description(progress, state, fingerprint, charts, table, runs)
        tags = {fields.STATE: state, fields.NOTE: note}
        if fingerprint:
            tags[fields.FINGERPRINT] = fingerprint
        self._log_batch(self.parent, metrics, [], _run_tags(tags))
        self._sent = max([self._sent, *(step for step, _ in new)])
        self._set_parent_status(fields.STATUS[state])

    def withdraw(self) -> None:
        """Let the parent run say again what it said before this tracker described it."""
        before = self._parent_before
        for name in (fields.STATE, fields.NOTE):
            if name in before.data.tags:
                self.client.set_tag(before.info.run_id, name, before.data.tags[name])
        self._set_parent_status(before.info.status)

    def _set_parent_status(self, status: str) -> None:
        run_id = self.parent.info.run_id
        if status == "RUNNING":
            self.client.update_run(run_id, status)
        else:
            self.client.set_terminated(run_id, status, _end(self.parent))

    def _find_experiment(self) -> str:
        """Return the id of the experiment; create it, which another process may do at once."""
        name = self.info.experiment
        found = self.client.get_experiment_by_name(name)
        if found is None:
            try:
                return str(self.client.create_experiment(name, tags=experiment_page.KIND))
            except MlflowException as error:
                found = self.client.get_experiment_by_name(name)
                if found is None:
                    raise error
        check_not_deleted(found)
        return str(found.experiment_id)

    def _create_parent(self) -> Run:
        info = self.info
        tags = {fields.KIND: "study", fields.STUDY: info.name, **fields.SOURCE}
        tags |= {fields.IDENTITY: info.identity} if info.identity else {}
        run = self.client.create_run(self.experiment, tags=tags, run_name=info.name)
        return parent_of(self.client, info) or run  # another copy may have created one, too

    def _fill_parent(self) -> None:
        """Add what the parent lacks when it is created; the state comes last, as with trials."""
        info = self.info
        definition = json.dumps(info.definition, indent=1, sort_keys=True)
        put_artifact(self.client, self.parent, "definition.json", definition.encode())
        tags = {f"dnnsearch.{name}": value for name, value in info.digests.items()}
        params = [Param(k, v) for k, v in info.params().items()]
        self._log_batch(self.parent, [], params, _run_tags(tags))
        self.describe(StudyProgress(info), "running")


def _run_tags(tags: dict[str, str]) -> list[RunTag]:
    return [RunTag(key, value) for key, value in tags.items()]


def _end(run: Run) -> int:
    """Return the present time, or the start of the run if the clock was set back since."""
    return max(_now(), int(run.info.start_time))


def _now() -> int:
    """Return the present time in milliseconds, the unit of MLflow."""
    return time.time_ns() // 1_000_000
