"""A whole promotion: confirm the best configurations, refit one, test it, register the model.

Each training is stored in a record, so a promotion that was killed resumes and gives the same bits.
Each evaluation of the test set is logged, because only the first one is unbiased.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dnnsearch.deployment.champion import Report
from dnnsearch.errors import DamagedFile, UserError
from dnnsearch.models.model_file import encode
from dnnsearch.promotion.baselines_on_test import fitting_baselines, score_baselines
from dnnsearch.promotion.candidates import (
    Candidate,
    Trainer,
    TrainingMeter,
    candidates,
    contestants,
    memo,
    rounds,
    start_of,
)
from dnnsearch.promotion.confirmation import Confirmed, confirm
from dnnsearch.promotion.evaluation import Evaluation, found_by
from dnnsearch.promotion.extent import extent
from dnnsearch.promotion.fitted_pieces import Tried
from dnnsearch.promotion.logged_figures import correct_log
from dnnsearch.promotion.refit import Refit, members_of, model, refit, with_pieces
from dnnsearch.promotion.registration import Registered, register_champion
from dnnsearch.promotion.row_intervals import Coverage, coverage, with_intervals
from dnnsearch.reproduce.record_comparison import row_difference
from dnnsearch.runtime import numerics
from dnnsearch.storage.array_store import ArrayStore, default_root
from dnnsearch.storage.study_lock import study_lock
from dnnsearch.study.baselines.baseline_fitting import Figures, description
from dnnsearch.study.changed_study import check_data
from dnnsearch.study.computing_code import check_code
from dnnsearch.study.definition import Definition, resolve_definition
from dnnsearch.study.evaluation_log import test_set_id, without_rows
from dnnsearch.study.stored_study import EXPERIMENT, IDENTITY, OpenStudy
from dnnsearch.study.test_set_history import History, ask_mlflow, history
from dnnsearch.study.worker_factory import local_workers
from dnnsearch.tracking import UNTRACKED, check_uri, has_store
from dnnsearch.tracking.conflict import ConflictingTrial


@dataclass(frozen=True)
class Promotion:
    """The result of a promotion."""

    study: str
    objective: str
    folds: int | None
    confirmed: Confirmed
    winner: Candidate
    diverged: list[Candidate]  # preferred to the winner, but diverged when refitted
    replicates: int
    scores: dict[str, Any]  # on the test set: ensemble, single, guess, examples
    metrics: dict[str, dict[str, float]]  # of the ensemble on the test set, by the name on dev
    single_metrics: dict[str, dict[str, float]]  # of one network on the test set
    baselines: Figures  # on the test set, by baseline and metric; empty if they failed
    known: int  # test examples that train or dev have, in all inputs of the networks
    evaluations: list[dict[str, Any]]  # the log of this test set, oldest first
    model: str  # the winner's name in the log
    history: History  # of the test set, over all studies
    corrections: list[str]  # of figures in the log that were not what their networks score
    found_by: list[str]  # the metrics that show that the ensemble is better than guessing
    registered: Registered
    tried: list[Tried] = field(default_factory=list)  # what was fitted on dev
    coverage: Coverage | None = None  # of intervals; None if dev has too few rows for them
    networks: int = 0  # of all configurations of the model
    absent: list[str] = field(default_factory=list)  # the classes that no test row has

    @property
    def found(self) -> bool:
        """Whether the ensemble is better than guessing."""
        return bool(self.found_by)


def promote(
    study: OpenStudy,
    top: int | None,
    replicates: int | None,
    workers: int | None,
    report: Report,
    accept_code: bool = False,
    show: Callable[[float, int], object] = lambda done, total: None,
    with_start: bool = True,
    pieces: bool = True,
) -> Promotion:
    """Promote the best of the study's `top` configurations; call it with pinned numerics.

    `replicates` networks of each are trained with fresh seeds; None leaves these two to `extent`.
    `workers` defaults to the config's.
    `show` is called with the number of trainings that are done and of all. Promotions of before did
    not train trial 0 again, to compare with (`with_start`), and fitted no `pieces` on dev.
    Raise UserError if another process works on the study, if it has no finished trial, if its data
    or rows have changed, if other code computed it (unless that is accepted), or if every candidate
    diverges.
    """
    store = ArrayStore(default_root())
    definition = resolved_study(study, store)
    numerics.check(definition.numerics)
    if study.config.tracking != UNTRACKED:
        check_uri(study.config.tracking)
    with study_lock(study.rows.storage.url, study.name, "promote"):
        check_code(study.rows, accept_code)
        check_rows(study)
        _check_not_another_copy(study)
        count = workers or study.config.processes
        top, replicates = extent(study, definition, top, replicates)
        chosen = candidates(study, definition, top)
        start = start_of(study, definition) if with_start else None
        plan = {**plan_of(study, chosen), "top": top, "replicates": replicates}
        plan |= {"start": start.trial} if start else {}
        with local_workers(definition, count, default_root()) as pool:
            trainings = (
                len(contestants(chosen, start)) * rounds(definition, replicates) + 1
            )  # with the refit
            meter = TrainingMeter(trainings, show)
            trainer = Trainer(study, definition, memo(study), pool, store, report, meter)
            confirmed = confirm(trainer, chosen, replicates, start)
            refitted = refit(trainer, confirmed.preferred, replicates)
            if pieces:
                report("choosing the ensemble and its calibration on dev")
                refitted = with_pieces(refitted, trainer, confirmed)
        return _test_and_register(trainer, plan, confirmed, refitted)


def plan_of(study: OpenStudy, chosen: Sequence[Candidate]) -> dict[str, Any]:
    """Return what the log has of a promotion's choice: the candidates, and of how many trials."""
    ended = sum(row.state.is_finished() for row in study.trials())
    return {"candidates": [one.trial for one in chosen], "ended": ended}


def check_rows(study: OpenStudy) -> None:
    """Raise UserError if a row of Optuna's says something else than the trial's record.

    The rows rank the candidates, so a changed value would open the test set for the wrong ones.
    """
    for row in study.trials():
        try:
            record = study.record(row.number) if row.state.is_finished() else None
        except DamagedFile:
            raise
        except UserError:  # the record is gone, which `show` says
            continue
        if record and (difference := row_difference(record, row)):
            rule = f"trial {row.number} of study {study.name}: Optuna's row: {difference}"
            raise UserError(f"{rule}; restore {study.rows.storage.url}, or start a new study")


def _check_not_another_copy(study: OpenStudy) -> None:
    """Raise UserError if MLflow has another result of a trial, as of a copy that went on by itself.

    If MLflow is away, the promotion goes on, and its model is registered later.
    """
    uri = study.config.tracking
    if not has_store(uri):
        return
    from dnnsearch.tracking.read_runs import check_same_trials  # imports MLflow, for seconds

    digests = {row.number: study.digests(row.number)[1] for row in study.trials()}
    try:
        known = study.attributes[EXPERIMENT], study.name, study.attributes[IDENTITY]
        check_same_trials(uri, *known, digests)
    except ConflictingTrial:
        raise
    except UserError:
        return


def resolved_study(study: OpenStudy, store: ArrayStore) -> Definition:
    """Return the study's definition with its data. Raise UserError if the data have changed."""
    definition = resolve_definition(study.config, store)
    check_data(study, definition.prepared, store)
    return definition


def _test_and_register(
    trainer: Trainer, plan: Mapping[str, Any], confirmed: Confirmed, refitted: Refit
) -> Promotion:
    """Evaluate the test set, write the model file and register it (MLflow may take seconds)."""
    study, definition, report = trainer.study, trainer.definition, trainer.report
    prepared = definition.prepared
    members = members_of(refitted, confirmed)
    promoted = with_intervals(model(study, refitted), trainer, members, plan["replicates"])
    test = test_set_id(prepared.data_digest, prepared.split_digest)
    plan = {**plan, **refitted.logged}
    evaluation = Evaluation(study, test, refitted, promoted, prepared.classes, plan, report)
    if has_store(study.config.tracking):
        report("reading what MLflow knows of the test set")
    ask_mlflow(study, report)
    report("evaluating the test set")
    with fitting_baselines(evaluation, definition) as process:
        shown = found_by(study.config.objective, evaluation.scored.metrics)
        rows = evaluation.test_set.held_out
        corrections = correct_log(study, test, rows, refitted.prepared, trainer.store)
        report(description(refitted.prepared, "test"))
        baselines = score_baselines(process, evaluation, report)
    verb = "storing" if study.config.tracking == UNTRACKED else "registering"
    report(f"{verb} the model")
    opened = history(study)
    registered = register_champion(study, evaluation, encode(promoted), bool(shown), opened, report)
    return _promotion(evaluation, confirmed, baselines, corrections, shown, opened, registered)


def _promotion(
    evaluation: Evaluation,
    confirmed: Confirmed,
    baselines: Figures,
    corrections: list[str],
    shown: list[str],
    opened: History,
    registered: Registered,
) -> Promotion:
    """Return the result, from all of its steps."""
    study, refitted, promoted = evaluation.study, evaluation.refitted, evaluation.model
    log = evaluation.log.of_test_set(evaluation.test)
    return Promotion(
        study=study.name,
        objective=study.config.objective,
        folds=study.config.folds,
        confirmed=confirmed,
        winner=refitted.candidate,
        diverged=refitted.diverged,
        replicates=promoted.replicates,
        scores=evaluation.scored.figures,
        metrics=evaluation.scored.metrics,
        single_metrics=evaluation.scored.single_metrics,
        baselines=baselines,
        known=refitted.known,
        evaluations=[without_rows(each) for each in log],
        model=evaluation.name,
        history=opened,
        corrections=corrections,
        found_by=shown,
        tried=refitted.fitted.tried if refitted.fitted else [],
        networks=promoted.networks,
        registered=registered,
        coverage=coverage(promoted, evaluation.test_set.held_out),
        absent=evaluation.absent,
    )
