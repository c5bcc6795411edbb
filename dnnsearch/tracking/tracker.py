"""One study in MLflow: an experiment, a parent run, and a child run for each trial.

Publishing is level-triggered: `publish` brings MLflow to what a view says, whatever was there
before, and does nothing where that is so already. A run is found by its tags before one is created,
so an answer that got lost makes no second run; one that a person has deleted stays deleted. The
state tag is written after everything else, the status last: a run without them is published again.
This module knows nothing of threads, and of outages only that it must look again after one.
"""

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass

from dnnsearch.errors import UserError
from dnnsearch.tracking import fields, saved_view
from dnnsearch.tracking.artifacts import get_artifact, put_artifact
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
from dnnsearch.tracking.runs import children_of, is_active, parent_of
from dnnsearch.tracking.shared_session import SharedSession
from dnnsearch.tracking.study_info import StudyInfo, StudyProgress, description
from dnnsearch.trials.run import TrialView

MOST = 800  # metrics in a request: MLflow takes 1,000 metrics, params and tags together


@dataclass
class TrialRun:
    """What MLflow has of a trial, as far as we know."""

    run: Run
    state: str
    status: str
    digest: str
    begun: bool  # it has its params and its dataset

    @classmethod
    def of(cls, run: Run) -> "TrialRun":
        tags = run.data.tags
        begun = bool(run.data.params and run.inputs and run.inputs.dataset_inputs)
        state, digest = tags.get(fields.STATE, ""), tags.get(fields.DIGEST, "")
        return cls(run, state, run.info.status, digest, begun)

    def tells(self, view: TrialView) -> bool:
        return (self.state, self.digest) == (view.state, view.digest)

    def shows(self, view: TrialView) -> bool:
        return self.tells(view) and self.begun and self.status == fields.STATUS[view.state]


class Tracker:
    """Brings MLflow to what the study's card, its trials' views and its standing say.

    Every method may raise MlflowException when MLflow is away or refuses, OSError when an artifact
    cannot be written, and UserError when a person has to mend something. After any of them, call
    `look` before the next attempt: what was sent may or may not have arrived.
    """

    def __init__(self, uri: str, card: StudyInfo) -> None:
        self.card = card
        self.client = connect(uri)
        self._session = SharedSession(self.client)
        self.children: dict[int, TrialRun] = {}
        self._sent = -1  # the last step of the parent's `best_value` that was sent
        self.look()

    def look(self) -> None:
        """Find, or create where missing, the experiment and the parent; list the children."""
        self.experiment = self._find_experiment()
        self.parent = parent_of(self.client, self.experiment, self.card) or self._create_parent()
        if fields.STATE not in self.parent.data.tags:
            self._fill_parent()
        self._attach_files()
        found = children_of(self.client, self.experiment, self.parent.info.run_id)
        self.children = {number: TrialRun.of(run) for number, run in found.items()}

    def _attach_files(self) -> None:
        for name, content in self.card.files.items():
            if get_artifact(self.client, self.parent, name) != content:
                put_artifact(self.client, self.parent, name, content)

    def close(self) -> None:
        """Leave a database's file whole, with nothing beside it; what is asked later opens it."""
        disconnect(self.client)

    def missing(self, views: Iterable[TrialView]) -> list[TrialView]:
        """The views that MLflow does not show yet."""
        return [view for view in views if self._lacks(view)]

    def _lacks(self, view: TrialView) -> bool:
        child = self.children.get(view.number)
        return child is None or (is_active(child.run) and not child.shows(view))

    def publish(self, view: TrialView) -> None:
        """Make MLflow show the view."""
        if not self._lacks(view):
            return
        with self._session():
            child = self._begun(view)
        if view.record is not None and not child.tells(view):
            put_artifact(self.client, child.run, fields.RECORD, view.record.read_bytes())
        with self._session():
            self._log(child, view)
            self._set_status(child, view)

    def _begun(self, view: TrialView) -> TrialRun:
        """The trial's run, with its dataset."""
        child = self.children.get(view.number) or self._create_child(view)
        if not child.begun:
            self.client.log_inputs(child.run.info.run_id, [self._dataset(view)])
        return child

    def _create_child(self, view: TrialView) -> TrialRun:
        tags = fields.identifying_tags(self.card.name, self.parent.info.run_id, view)
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
        """MLflow takes at most 36 characters of a digest; all of it is in the profile and a tag."""
        profile = {**self.card.profile, "sha256": view.data}
        data = Dataset(
            name=self.card.dataset,
            digest=view.data[:16] or "unknown",
            source_type="dnnsearch",
            source=json.dumps({"dataset": self.card.dataset}),
            profile=json.dumps(profile),
        )
        return DatasetInput(data, [InputTag("mlflow.data.context", "train")])

    def _log(self, child: TrialRun, view: TrialView) -> None:
        """Params, metrics and last the state; the same points sent again stay once."""
        params = {} if child.begun else fields.params(view)
        metrics: list[Metric] = []
        tags: dict[str, str] = {}
        if not child.tells(view):
            metrics, tags = self._metrics(child.run, view), fields.state_tags(view)
        if params or tags:
            self._log_batch(
                child.run, metrics, [Param(k, v) for k, v in params.items()], _run_tags(tags)
            )
        child.begun, child.state, child.digest = True, view.state, view.digest

    def _metrics(self, run: Run, view: TrialView) -> list[Metric]:
        start = run.info.start_time
        points = fields.points(view, first=self.card.objective)
        curves = [Metric(k, value, start + step, step) for k, step, value in points]
        return curves + [Metric(k, value, start, 0) for k, value in fields.scalars(view).items()]

    def _log_batch(
        self, run: Run, metrics: list[Metric], params: list[Param], tags: list[RunTag]
    ) -> None:
        """MLflow sends what is too much for one request after the tags; here they are the last."""
        while len(metrics) > MOST:
            self.client.log_batch(run.info.run_id, metrics[:MOST], synchronous=True)
            metrics = metrics[MOST:]
        self.client.log_batch(run.info.run_id, metrics, params, tags, synchronous=True)

    def _set_status(self, child: TrialRun, view: TrialView) -> None:
        """The duration that MLflow shows is that of the training, whenever it was published."""
        status, run = fields.STATUS[view.state], child.run
        if status == "RUNNING":
            if child.status != status:
                self.client.update_run(run.info.run_id, status)
        else:
            took = view.seconds
            end = _end(run) if took is None else run.info.start_time + round(1000 * took)
            self.client.set_terminated(run.info.run_id, status, end)
        child.status = status

    def describe(self, standing: StudyProgress, state: str, fingerprint: str = "") -> None:
        """Make the parent run say how the study stands.

        `state` is running, finished (it has all its trials) or interrupted.
        """
        start = self.parent.info.start_time
        new = [(step, value) for step, value in standing.history() if step > self._sent]
        metrics = [Metric("best_value", value, start + step, step) for step, value in new]
        view = saved_view.link(self.experiment)
        of = f"#/experiments/{self.experiment}/runs"
        runs = {number: f"{of}/{child.run.info.run_id}" for number, child in self.children.items()}
        note = description(standing, state, fingerprint, view, runs)
        tags = {fields.STATE: state, fields.NOTE: note}
        if fingerprint:
            tags[fields.FINGERPRINT] = fingerprint
        self._log_batch(self.parent, metrics, [], _run_tags(tags))
        self._sent = max([self._sent, *(step for step, _ in new)])
        self._set_parent_status(fields.STATUS[state])

    def _set_parent_status(self, status: str) -> None:
        run_id = self.parent.info.run_id
        if status == "RUNNING":
            self.client.update_run(run_id, status)
        else:
            self.client.set_terminated(run_id, status, _end(self.parent))

    def _find_experiment(self) -> str:
        """The id of the experiment; two processes may create it at once."""
        name = self.card.experiment
        found = self.client.get_experiment_by_name(name)
        if found is None:
            try:
                return str(self.client.create_experiment(name, tags=self._experiment_tags()))
            except MlflowException as error:
                found = self.client.get_experiment_by_name(name)
                if found is None:
                    raise error
        if found.lifecycle_stage == "deleted":
            raise UserError(
                f"the MLflow experiment {name!r} was deleted: restore it with `mlflow experiments "
                f"restore --experiment-id {found.experiment_id}`, or remove it for good with "
                f"`mlflow gc`"
            )
        return str(found.experiment_id)

    def _experiment_tags(self) -> dict[str, str]:
        return {
            fields.NOTE: f"Trials of dnnsearch. Choose *{saved_view.NAME}* under *Views*.",
            "mlflow.experimentKind": "custom_model_development",
            saved_view.TAG: saved_view.tag_value(self.card.searched, self.card.direction.maximize),
        }

    def _create_parent(self) -> Run:
        card = self.card
        tags = {fields.KIND: "study", fields.STUDY: card.name, **fields.SOURCE}
        tags |= {fields.IDENTITY: card.identity} if card.identity else {}
        return self.client.create_run(self.experiment, tags=tags, run_name=card.name)

    def _fill_parent(self) -> None:
        """All that the parent's creation leaves out; the state comes last, as with the children."""
        card = self.card
        definition = json.dumps(card.definition, indent=1, sort_keys=True)
        put_artifact(self.client, self.parent, "definition.json", definition.encode())
        tags = {f"dnnsearch.{name}": value for name, value in card.digests.items()}
        params = [Param(k, v) for k, v in card.params().items()]
        self._log_batch(self.parent, [], params, _run_tags(tags))
        self.describe(StudyProgress(card), "running")


def _run_tags(tags: dict[str, str]) -> list[RunTag]:
    return [RunTag(key, value) for key, value in tags.items()]


def _end(run: Run) -> int:
    """Now; a clock that was set back must not end a run before it began."""
    return max(_now(), int(run.info.start_time))


def _now() -> int:
    """Milliseconds, as MLflow counts time."""
    return time.time_ns() // 1_000_000
