"""The figure of `promote --outer`, compared with the studies of its folds.

The networks of each fold are scored again on the fold's rows, which takes seconds. The searches of
the folds are studies of their own, which `verify` repeats if it is called for them.
"""

import json
import shlex
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dnnsearch.errors import UserError
from dnnsearch.promotion.candidates import hyperparameters_of
from dnnsearch.promotion.logged_figures import figures_difference, scored_again
from dnnsearch.reproduce.verify import Different, Verification
from dnnsearch.runtime.cli_process import program_name
from dnnsearch.storage.array_store import ArrayStore, canonical
from dnnsearch.study.definition import differences
from dnnsearch.study.evaluation_log import EvaluationLog
from dnnsearch.study.outer_figure import OuterFigure, OuterFold, outer_figure
from dnnsearch.study.outer_studies import folder, outer_config
from dnnsearch.study.stored_study import OUTER, OpenStudy, open_study
from dnnsearch.urls import DEFAULT_RECORDS


def verify_outer(study: OpenStudy, verdict: Verification, imported_by: str = "") -> Verification:
    """Return the verdict with a line on the figure of the outer folds, if the study has one.

    `imported_by` is the command that imports the study, if it was opened from an archive.
    """
    if verdict.verdict == "different" or OUTER not in study.rows.attributes:
        return verdict
    try:
        return verdict.with_lines([_line(study, imported_by)])
    except Different as difference:
        return verdict.but(study.name, str(difference))


def compare_outer(study: OpenStudy, store: ArrayStore) -> str:
    """Compare the figure of the outer folds; return why that is not possible, else nothing.

    Raise Different if it is not what the studies of the folds have.
    """
    figure = outer_figure(study)
    if figure is None:
        raise Different("the figure of its outer folds is not one that `promote --outer` wrote")
    if not folder(study).is_dir():
        return "the studies of the folds are not here"
    try:
        for k in range(1, len(figure.folds) + 1):
            _compare(figure, k, study, store)
    except UserError as error:
        return str(error)
    return ""


def outer_count(study: OpenStudy) -> int:
    """Return the number of outer folds; 0 if the figure cannot be read."""
    figure = outer_figure(study)
    return len(figure.folds) if figure else 0


def _line(study: OpenStudy, imported_by: str) -> str:
    """Return what was compared; raise Different."""
    with tempfile.TemporaryDirectory(prefix="dnnsearch-") as temporary:
        why_not = compare_outer(study, ArrayStore(Path(temporary)))
    figure = outer_figure(study)
    assert figure is not None  # it was compared
    count, name = len(figure.folds), shlex.quote(study.name)
    what = f"{figure.name} {figure.figure['value']:.4f} of {count} outer folds"
    if why_not and imported_by:
        again = f"where they are, `{program_name()} export {name}` encloses them now"
        return f"  note: {what}: not compared, for {why_not} or in the file; {again}"
    if why_not:
        again = f"to repeat it: {program_name()} promote {name} --outer {count}"
        return f"  note: {what}: not compared, for {why_not}; {again}"
    return (
        f"  {what} identical: their networks scored again on {figure.rows} rows; to repeat the "
        f"search of the first: {_repetition(study, count, imported_by)}"
    )


def _repetition(study: OpenStudy, count: int, imported_by: str) -> str:
    """Return the commands that repeat the study of the first fold."""
    config = outer_config(study, 1, count, 1)
    verify, storage = f"{program_name()} verify {shlex.quote(config.study)}", config.storage
    if not imported_by:
        return f"{verify} --storage {shlex.quote(storage)}"
    here = storage.replace(str(Path(study.config.records)), DEFAULT_RECORDS)
    return f"{imported_by} && {verify} --storage {shlex.quote(here)}"


def _compare(figure: OuterFigure, k: int, study: OpenStudy, store: ArrayStore) -> None:
    """Compare fold k, from 1 on, with its own study; raise Different.

    Raise UserError if the study is not there.
    """
    count, fold = len(figure.folds), figure.folds[k - 1]
    config = outer_config(study, k, count, figure.trials)
    outer = open_study(config.study, config.storage)
    scored = [entry for entry in EvaluationLog(outer.rows).entries if "figures" in entry]
    if not scored:
        raise UserError(f"study {outer.name} was not promoted")
    own_definition = json.loads(canonical(outer.config.definition()))
    if changed := differences(own_definition, json.loads(canonical(config.definition()))):
        raise Different(f"outer fold {k} of {count}: study {outer.name}: {changed[0]}")
    stated, place = {**asdict(fold), "trials": figure.trials}, f"outer fold {k} of {count}"
    own = [_stated(outer, entry) for entry in scored]
    if canonical(stated) not in map(canonical, own):
        named = next(key for key, value in own[-1].items() if stated[key] != value)
        words = f"the study has {stated[named]} as its {named}, and the fold's own {own[-1][named]}"
        raise Different(f"{place}: {words}")
    entry = scored[[canonical(one) for one in own].index(canonical(stated))]
    again = scored_again(outer, entry, store)
    if again is None:
        raise UserError(f"the networks of study {outer.name}, or its data, are not there")
    if difference := figures_difference(entry, again, outer.config.dtype):
        raise Different(f"{place}: {difference}")


def _stated(outer: OpenStudy, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a fold has of an entry of its own study's log, and the trials of the search."""
    figures, hyper = entry["figures"], hyperparameters_of(outer, entry["trial"])
    fold = OuterFold(
        trial=entry["trial"],
        hyperparameters=hyper.as_params(),
        value=figures["ensemble"]["value"],
        guess=figures["guess"],
        rows=figures["examples"],
    )
    return {**asdict(fold), "trials": entry["ended"]}
