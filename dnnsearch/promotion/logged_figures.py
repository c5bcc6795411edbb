"""The test figures in a study's log, compared with what the same models score again.

A figure in the log can be recomputed as long as the record of its networks and the data are there.
So no logged figure is shown that differs from what its networks score.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from dnnsearch.data.prepare import Prepared, held_out, prepare
from dnnsearch.data.table import HeldOut
from dnnsearch.errors import UserError
from dnnsearch.models.targets import target_of
from dnnsearch.promotion.candidates import Candidate, refit_record
from dnnsearch.promotion.evaluation import Scored, score
from dnnsearch.promotion.evaluation_scores import EvaluationScores
from dnnsearch.promotion.fitted_pieces import Fitted
from dnnsearch.promotion.refit import model, refit_of
from dnnsearch.runtime.cli_process import program_name
from dnnsearch.statistics.example_scores import with_ends_of_before
from dnnsearch.storage.array_store import ArrayStore
from dnnsearch.study.evaluation_log import EvaluationLog
from dnnsearch.study.stored_study import OpenStudy
from dnnsearch.trials.record import Record
from dnnsearch.urls import without_password

SAME_OUTPUTS = 1e-9  # relative: figures of the same outputs, summed by another version of NumPy
NAMES = {"ensemble": "the ensemble", "single": "one network", "guess": "guessing"}
PARTS = {"value": "", "low": "the lower end of ", "high": "the upper end of "}


def scored_entries(log: EvaluationLog, test: str) -> list[dict[str, Any]]:
    """Return the first entry with figures of each model, the oldest first."""
    scored = [each for each in log.of_test_set(test) if "figures" in each]
    return list({each["model"]: each for each in reversed(scored)}.values())[::-1]


def scored_again(study: OpenStudy, entry: Mapping[str, Any], store: ArrayStore) -> Scored | None:
    """Score the networks of an entry again; None if their record or the old data are gone."""
    record = refit_record(study, entry)
    if record is None:
        return None
    try:
        whole = prepare(study.config, store, whole=True)
        rows = held_out(study.config)
    except UserError:
        return None
    return _scored(study, store, whole, entry, record, rows)


def _scored(
    study: OpenStudy,
    store: ArrayStore,
    whole: Prepared,
    entry: Mapping[str, Any],
    record: Record,
    rows: HeldOut,
) -> Scored | None:
    """Return what the model of an entry scores; None if it was trained on other data."""
    if record.spec.arrays != whole.key:
        return None
    spec = record.spec
    candidate = Candidate(spec.number, 0.0, spec.hyperparameters, 0)
    stored = refit_of(study.config, store, whole, candidate, record)
    if "fitted" in entry:
        fitted = Fitted.of(entry["fitted"])
        known = [{"trial": one.trial, "model": one.refit} for one in fitted.members[1:]]
        others = tuple(found for one in known if (found := refit_record(study, one)))
        if len(others) < len(known):
            return None
        stored = replace(stored, fitted=fitted, others=others)
    return score(
        EvaluationScores(spec, rows, target_of(stored.arrays)), stored, model(study, stored)
    )


def correct_log(
    study: OpenStudy, test: str, rows: HeldOut, whole: Prepared, store: ArrayStore
) -> list[str]:
    """Correct the figures in the log that differ from what their networks score again.

    What the log had is set aside in its entry, as `damaged`. Return a line for each; `whole` is
    train and dev together, on which the networks were trained.
    """
    log, lines = EvaluationLog(study.rows), []
    for entry in scored_entries(log, test):
        record = refit_record(study, entry)
        scored = record and _scored(study, store, whole, entry, record, rows)
        if scored and (difference := figures_difference(entry, scored, study.config.dtype)):
            known = {"figures": scored.figures, "metrics": scored.metrics}
            known["single_metrics"] = scored.single_metrics
            log.add(entry["model"], test, **known, damaged=entry["figures"])
            lines.append(_line(study, entry, difference))
    return lines


def _line(study: OpenStudy, entry: Mapping[str, Any], difference: str) -> str:
    place = without_password(study.rows.storage.url)
    return (
        f"WARNING: {place}, the log of study {study.name}, trial {entry['trial']}: {difference}; "
        "the latter counts, and the log is corrected (it keeps the other as `damaged`); to compare "
        f"the rest: {program_name()} verify {study.name}"
    )


def figures_difference(entry: Mapping[str, Any], scored: Scored, dtype: str) -> str:
    """Return the first figure of an entry that is not the one scored again; empty if none."""
    tolerance = figures_tolerance(entry, scored, dtype)
    scored = as_logged_before(entry, scored)
    metrics = _pairs_of_metrics(entry.get("metrics", {}), scored.metrics)
    single = _pairs_of_metrics(entry.get("single_metrics", {}), scored.single_metrics)
    of_one = ((f"one network, {name}", logged, now) for name, logged, now in single)
    for name, logged, now in (*_pairs(entry["figures"], scored.figures), *metrics, *of_one):
        if not _close(logged, now, tolerance):
            return (
                f"the test figure of {name} is {_shown(logged)} in the log, and evaluated again it "
                f"is {_shown(now)}"
            )
    return ""


def as_logged_before(entry: Mapping[str, Any], scored: Scored) -> Scored:
    """Return the scores with intervals as an older version wrote them, if that wrote the entry."""
    figures = figures_of_before(scored.objective, scored.figures, entry["figures"])
    logged = entry.get("metrics", {})
    metrics = {
        name: with_ends_of_before(name, now, logged[name])
        if isinstance(logged.get(name), Mapping)
        else now
        for name, now in scored.metrics.items()
    }
    return scored._replace(figures=figures, metrics=metrics)


def figures_of_before(objective: str, now: Mapping[str, Any], had: Any) -> dict[str, Any]:
    """Return the figures with the intervals that older ones of the same scores have."""
    had = had if isinstance(had, Mapping) else {}
    older = {
        kind: with_ends_of_before(objective, now[kind], had[kind])
        for kind in ("ensemble", "single")
        if isinstance(had.get(kind), Mapping)
    }
    return {**now, **older}


def figures_tolerance(entry: Mapping[str, Any], scored: Scored, dtype: str) -> float:
    """Return the relative and absolute difference that a figure may have when scored again.

    Of the same outputs they must be equal. Outputs that differ, or that the log does not state, may
    be rounded by another machine: then half of the digits must agree.
    """
    is_same = entry.get("outputs") == scored.outputs
    return SAME_OUTPUTS if is_same else float(np.sqrt(np.finfo(dtype).eps))


def _pairs(logged: Any, now: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Yield name, logged and present value of every figure; None for one that is not logged."""
    logged = logged if isinstance(logged, Mapping) else {}
    for kind in ("ensemble", "single"):
        of_kind = logged.get(kind)
        for part, words in PARTS.items():
            had = of_kind.get(part) if isinstance(of_kind, Mapping) else None
            yield f"{words}{NAMES[kind]}", had, now[kind][part]
    yield NAMES["guess"], logged.get("guess"), now["guess"]
    yield "the number of examples", logged.get("examples"), now["examples"]


def _pairs_of_metrics(
    logged: Mapping[str, Any], now: Mapping[str, Mapping[str, float]]
) -> Iterator[tuple[str, Any, Any]]:
    """Yield name, logged and present value of every metric that the log has and that is known."""
    words = {**PARTS, "guess": "guessing, as "}
    for name in now:
        had = logged.get(name)
        if isinstance(had, Mapping):
            for part, value in now[name].items():
                yield f"{words[part]}{name}", had.get(part), value


def _close(logged: Any, now: float, tolerance: float) -> bool:
    if not isinstance(logged, int | float):
        return False
    if math.isnan(now):  # not defined for these examples
        return math.isnan(logged)
    return math.isclose(logged, now, rel_tol=tolerance, abs_tol=tolerance)


def _shown(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, int | float) else repr(value)
