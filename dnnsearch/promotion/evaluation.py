"""The evaluation of the refitted networks on the test set, whose rows no trial has seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from dnnsearch.data.prepare import held_out
from dnnsearch.data.row_sketch import sketch
from dnnsearch.deployment.champion import Report
from dnnsearch.errors import UserError
from dnnsearch.models.ensemble import Model
from dnnsearch.models.model_file import digest as digest_of_file
from dnnsearch.models.model_file import encode
from dnnsearch.models.targets import target_of
from dnnsearch.promotion.evaluation_scores import EvaluationScores, logits
from dnnsearch.promotion.refit import Refit
from dnnsearch.statistics.difference_to_best import Comparison
from dnnsearch.statistics.example_scores import score_with_interval
from dnnsearch.storage.array_store import digest
from dnnsearch.study.evaluation_log import EvaluationLog
from dnnsearch.study.stored_study import OpenStudy
from dnnsearch.study.trial_views import study_info
from dnnsearch.tracking import has_store
from dnnsearch.trials.metrics import METRICS, RANKING
from dnnsearch.trials.spec import Spec


class Scored(NamedTuple):
    """A model's scores on a test set, and the digest of the outputs that they are made of."""

    figures: dict[str, Any]
    outputs: str
    metrics: dict[str, dict[str, float]]  # of the ensemble, by the name on dev: see `figure`
    single_metrics: dict[str, dict[str, float]]  # of one network, without guessing
    objective: str


def score(test_set: EvaluationScores, refitted: Refit, model: Model) -> Scored:
    """Score the ensemble and its single networks; nothing is logged.

    Both are scored by each metric that the study measures, and by ROC AUC in any case.
    """
    objective, outputs = test_set.spec.objective, model.outputs(test_set.held_out.X)
    ensemble = test_set.answers(model, outputs, objective)
    networks = logits(refitted.record, refitted.arrays, "test")
    figures = {
        "ensemble": score_with_interval(test_set.sample(ensemble), objective),
        "single": score_with_interval(test_set.sample(networks), objective),
        "guess": test_set.guess(refitted.y_train, ensemble),
        "examples": len(test_set.held_out.y),
    }
    metrics = {
        name: test_set.figure(name, test_set.answers(model, outputs, name), refitted.y_train)
        for name in shown_metrics(test_set)
    }
    single_metrics = {name: test_set.score(name, networks) for name in metrics}
    calibrated = {"probabilities": model.chances(outputs)} if model.calibration else {}
    all_outputs = {"ensemble": ensemble, "networks": networks, **calibrated}
    return Scored(figures, digest(all_outputs), metrics, single_metrics, objective)


def shown_metrics(test_set: EvaluationScores) -> list[str]:
    """Return the metrics that a study shows on its test set, by their names on dev."""
    spec = test_set.spec
    return [
        name
        for name, metric in METRICS.items()
        if spec.output in metric.outputs
        and (metric.is_always_measured or name in (*spec.measured, RANKING))
    ]


@dataclass
class Evaluation:
    """One model on the test set, whose rows are read once, when a score is first asked for."""

    study: OpenStudy
    test: str  # identifies the test set
    refitted: Refit
    model: Model
    classes: Sequence[str]
    plan: Mapping[str, Any]  # for the log: what was confirmed, so that it can be repeated
    report: Report

    @property
    def log(self) -> EvaluationLog:
        """The study's log of evaluations."""
        return EvaluationLog(self.study.rows)

    @property
    def spec(self) -> Spec:
        """The spec of the refit."""
        return self.refitted.record.spec

    @property
    def name(self) -> str:
        """The model's name in the log."""
        return self.refitted.name

    @cached_property
    def logged(self) -> dict[str, Any] | None:
        """The entry of the log with this model's scores, as it was before this evaluation."""
        of_test = self.log.of_test_set(self.test)
        scored = (each for each in of_test if "figures" in each)
        return next((each for each in scored if each["model"] == self.name), None)

    @cached_property
    def test_set(self) -> EvaluationScores:
        """The test set, read after the access has been logged.

        A model that has been scored on it before is no further access.
        """
        if self.logged is None:
            self.log.log_access(self.spec.number, self.name, self.test, **self.plan)
            send_openings(self.study, self.report)
        rows = held_out(self.study.config)
        known = {**self.plan, "rows": sketch(rows, self.classes).document()}
        self._add(known)
        return EvaluationScores(self.spec, rows, target_of(self.refitted.arrays))

    @cached_property
    def scored(self) -> Scored:
        """The scores of this model, computed in any case, and logged unless they were before."""
        scored = score(self.test_set, self.refitted, self.model)
        file = digest_of_file(encode(self.model))
        self._add({"outputs": scored.outputs, "file": file, "figures": scored.figures})
        self._add({"metrics": scored.metrics, "single_metrics": scored.single_metrics})
        return scored

    @property
    def absent(self) -> list[str]:
        """The classes that no row of the test set has."""
        y = self.test_set.held_out.y
        return [name for label, name in enumerate(self.classes) if not (y == label).any()]

    def _add(self, known: Mapping[str, Any]) -> None:
        """Add to the log what it lacks of this model; an entry of before lacks most of it."""
        had = self.logged or {}
        if new := {name: value for name, value in known.items() if name not in had}:
            self.log.add(self.name, self.test, **new)

    def beats(self, rival: Model, maximize: bool) -> bool:
        """Return whether this model is better than another, compared example by example."""
        both = [self.test_set.sample(self.test_set.ensemble(one)) for one in (self.model, rival)]
        return Comparison(both, maximize).tied == [0]


def send_openings(study: OpenStudy, report: Report) -> None:
    """Let MLflow know of the study's openings and test figures; if MLflow is away, say so."""
    if not has_store(study.config.tracking):
        return
    from dnnsearch.tracking.backfill import send  # imports MLflow, which takes seconds

    try:
        send(study.config.tracking, study_info(study))
    except UserError as error:
        report(f"MLflow does not know yet that the test set is opened: {error}")


def found_by(objective: str, metrics: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Return which of the objective and ROC AUC show that the ensemble is better than guessing.

    Each shows it if guessing lies outside of its 95 % interval, on the worse side. By luck that
    happens in 1 of 40 cases for each, so in at most 1 of 20 for one of the two.
    """
    asked = [name for name in dict.fromkeys([objective, RANKING]) if name in metrics]
    return [name for name in asked if _beats_guessing(name, metrics[name])]


def _beats_guessing(name: str, figure: Mapping[str, float]) -> bool:
    direction = METRICS[name].direction
    return direction.better(figure["low" if direction.maximize else "high"], figure["guess"])
