"""The baselines on the test set: fitted to train and dev, scored within a promotion's opening.

`verify` fits them again, reports on them, and never fails for them.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any

import numpy as np

from dnnsearch.data.prepare import held_out, prepare
from dnnsearch.data.restored_arrays import open_restored
from dnnsearch.deployment.champion import Report
from dnnsearch.errors import UserError
from dnnsearch.models.targets import target_of
from dnnsearch.promotion.candidates import hyperparameters_of
from dnnsearch.promotion.evaluation import Evaluation, shown_metrics
from dnnsearch.promotion.evaluation_scores import EvaluationScores
from dnnsearch.promotion.logged_figures import scored_entries
from dnnsearch.reproduce.baseline_verification import figures_differences
from dnnsearch.reproduce.verify import Verification
from dnnsearch.storage.array_store import ArrayStore, default_root
from dnnsearch.study.baselines.baseline_fitting import Figures, Fitting, fitting
from dnnsearch.study.baselines.baseline_models import TITLES
from dnnsearch.study.definition import Definition, resolve_definition
from dnnsearch.study.evaluation_log import EvaluationLog, test_set_id
from dnnsearch.study.stored_study import OpenStudy


@contextmanager
def fitting_baselines(evaluation: Evaluation, definition: Definition) -> Iterator[Fitting]:
    """Fit the baselines to the rows of the refit, in a process of its own."""
    evaluation.test_set  # noqa: B018  # which logs the opening, before its rows are read
    prepared, seed = evaluation.refitted.prepared, definition.config.seed
    with fitting(prepared, "test", definition.numerics, seed) as process:
        yield process


def score_baselines(process: Fitting, evaluation: Evaluation, report: Report) -> Figures:
    """Return the scores on the test set, by baseline and metric, and log them.

    A failure is reported, and is none of the promotion: then there are no scores.
    """
    try:
        found = _scores(process, evaluation.test_set, evaluation.refitted.y_train)
    except UserError as error:
        report(f"no baselines: {error}")
        return {}
    evaluation.log.add(evaluation.name, evaluation.test, baselines=found)
    return found


def _scores(process: Fitting, test_set: EvaluationScores, y_train: np.ndarray) -> Figures:
    """Return the scores by baseline and metric; raise UserError if the process fails."""
    metrics = shown_metrics(test_set)
    return {
        model: {name: test_set.figure(name, Z, y_train) for name in metrics}
        for model, Z in process.logits().items()
    }


def verify_test_baselines(study: OpenStudy, verdict: Verification) -> Verification:
    """Return the verdict with a line on the baselines on the test set, if the log has some."""
    definition = study.definition
    test = test_set_id(definition["data_digest"], definition["split_digest"])
    entries = [e for e in scored_entries(EvaluationLog(study.rows), test) if e.get("baselines")]
    if verdict.verdict == "different" or not entries:
        return verdict
    try:
        now = _fitted_again(study)
    except UserError as error:
        line = f"  note: the baselines on the test set are not compared: {error}"
        return verdict.with_lines([line])
    return verdict.with_lines([_verdict(entries, now)])


def _fitted_again(study: OpenStudy) -> Figures:
    """Return the scores of the baselines on the test set, which are those of any promotion."""
    store = ArrayStore(default_root())
    definition = resolve_definition(study.config, store)
    whole = prepare(study.config, store, whole=True)
    train, test = (open_restored(study.config, store, k) for k in (whole.key, whole.test_key))
    start = definition.spec(0, hyperparameters_of(study, 0), [])
    test_set = EvaluationScores(start, held_out(study.config), target_of(test))
    with fitting(whole, "test", definition.numerics, definition.config.seed) as process:
        return _scores(process, test_set, np.asarray(train["y_train"]))


def _verdict(entries: Sequence[Mapping[str, Any]], now: Figures) -> str:
    for entry in entries:
        stored = entry["baselines"]
        missing = (f"{TITLES[name]} is not there" for name in now if name not in stored)
        if found := next(chain(figures_differences(stored, now), missing), ""):
            place = f"promotion of trial {entry['trial']}: baselines on the test set"
            return f"  note: {place}: {found}; the verdict does not depend on it"
    return f"  baselines on the test set identical: {', '.join(TITLES[name] for name in now)}"
