"""The columns with which a model answers if intervals are asked for, and their names."""

import json
import shlex
from typing import TYPE_CHECKING, Any

import numpy as np

from dnnsearch.data.answer_names import HIGH, LOW, SET, interval_names
from dnnsearch.models.conformal import Conformal
from dnnsearch.models.ensemble import Model
from dnnsearch.runtime.cli_process import program_name

if TYPE_CHECKING:
    from dnnsearch.data.unusual_rows import RowWatch


def check_level(model: Model, level: float) -> None:
    """Raise ValueError if the model cannot give intervals of this level."""
    _conformal(model).limit(level)


def _conformal(model: Model) -> Conformal:
    if model.conformal is None:
        study = shlex.quote(str(model.provenance.get("study", "STUDY")))
        why = "this model has no scores for intervals"
        if "trial" in model.provenance and "refit" not in model.provenance:
            why = "the network of a trial has no intervals, because dev rows chose it"
        raise ValueError(
            f"{why}: first {program_name()} promote {study}, then ask its champion, {study}"
        )
    return model.conformal


def columns_at(model: Model, level: float | None) -> list[str]:
    """Return the names of the columns of `answers`, those of intervals only with a level."""
    names = [] if level is None else interval_names(model.classes.tolist())
    return [*model.columns, *names]


def answers(
    model: Model,
    X: Any,
    decimal: str | None,
    watch: "RowWatch | None",
    level: float | None,
) -> dict[str, np.ndarray]:
    """Return the columns of `Model.answers` for raw rows X, and with a level those of intervals.

    Raise ValueError as `Model.outputs` and `check_level`.
    """
    if level is None:
        return model.answers(X, decimal, watch)
    check_level(model, level)
    outputs, spread = model.outputs_and_spread(X, decimal, watch)
    return {**model.answers_of(outputs), **_interval_columns(model, outputs, spread, level)}


def _interval_columns(
    model: Model, outputs: np.ndarray, spread: np.ndarray, level: float
) -> dict[str, np.ndarray]:
    """Return the ends of intervals or the sets of labels as JSON lists, (m,) each, by column."""
    if len(model.classes) == 0:
        values, half = model.values(outputs), half_widths(model, spread, level)
        return {LOW: values - half, HIGH: values + half}
    inside = label_sets(model, outputs, level)
    names = [[name for name, is_in in zip(model.classes.tolist(), row) if is_in] for row in inside]
    return {SET: np.array([json.dumps(each, ensure_ascii=False) for each in names], object)}


def half_widths(model: Model, spread: np.ndarray, level: float) -> np.ndarray:
    """Return half the width of each interval, (m,), for the networks' spread (m, 1)."""
    return _conformal(model).half_widths(spread[:, 0] * float(model.target[1]), level)


def label_sets(model: Model, outputs: np.ndarray, level: float) -> np.ndarray:
    """Return whether each class is in each row's set, (m, classes), from outputs (m, n[L])."""
    places = np.searchsorted(np.sort(model.classes), model.labels(outputs))
    answered = np.argsort(model.classes, kind="stable")[places]
    return _conformal(model).sets(model.chances(outputs), answered, level)
