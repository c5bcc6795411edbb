"""Fits the baselines to prepared arrays, in a process of its own that may import scikit-learn.

On `dev` it also scores them, as trials are scored; with folds, on the dev set of each fold. For
`test` it returns logits alone, because whoever opens the test set scores on it.
"""

import json
import subprocess
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np

from dnnsearch.data.prepare import Prepared
from dnnsearch.errors import UserError
from dnnsearch.models.targets import target_of
from dnnsearch.runtime import numerics
from dnnsearch.runtime.pinned_call import PinnedCall, pinned_call, requested
from dnnsearch.runtime.process_control import lower_priority
from dnnsearch.statistics.baseline import chance_score, constant_logits
from dnnsearch.statistics.example_scores import sample, score_with_interval
from dnnsearch.storage.array_store import ArrayStore, default_root
from dnnsearch.study.baselines.baseline_models import BASELINES, GUESS, fitted_logits

MAX_CELLS = 50_000_000  # of the inputs to train on, over all folds
NICENESS = 10  # trials come first
LOGITS, FIGURES = "logits.npz", "figures.json"
Figures = dict[str, dict[str, dict[str, float]]]  # baseline -> metric -> value, low, high


def skipped(prepared: Prepared, folds: int | None) -> str:
    """Return why the models are not fitted, in a line; empty if they are."""
    shape = prepared.shape
    cells = shape.train * shape.features * (folds or 1)
    if cells <= MAX_CELLS:
        return ""
    return f"no linear model and no boosted trees: {cells:.2g} cells are more than {MAX_CELLS:.0e}"


def description(prepared: Prepared, part: Literal["dev", "test"], folds: int | None = None) -> str:
    """Return what is fitted to how many rows and why, as a line of progress."""
    if skipped(prepared, folds):
        return "computing what guessing reaches"
    models = " and ".join(one.subject for one in BASELINES.values())
    train, what = ("train", "the trials") if part == "dev" else ("train and dev", "the model")
    often = f"{folds} times " if folds else ""
    compared = f"to compare {what} with them on {part}"
    return f"fitting {models} {often}to {prepared.shape.train} rows of {train}, {compared}"


class Fitting:
    """A running process that fits the baselines."""

    def __init__(self, process: PinnedCall) -> None:
        self._process = process

    def figures(self, seconds: float | None = None) -> Figures | None:
        """Return the scores on dev; None if they take longer. Raise UserError if they fail."""
        folder = self._wait(seconds)
        if folder is None:
            return None
        figures: Figures = json.loads((folder / FIGURES).read_text("utf-8"))
        return figures

    def logits(self) -> dict[str, np.ndarray]:
        """Return the logits (1, n[L], m) of each baseline. Raise UserError if they fail."""
        folder = self._wait(None)
        assert folder is not None  # without a limit it is waited for
        with np.load(folder / LOGITS) as found:
            return dict(found)

    def _wait(self, seconds: float | None) -> Path | None:
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        except RuntimeError as error:
            raise UserError(f"the process that fits the baselines failed: {error}") from error


@contextmanager
def fitting(
    prepared: Prepared,
    part: Literal["dev", "test"],
    pins: str,
    seed: int,
    metrics: Sequence[str] = (),
    folds: int | None = None,
) -> Iterator[Fitting]:
    """Start the process; on exit, it is ended. The arrays must be in the store.

    `metrics` are those to score on dev. Raise UserError if no process can be started.
    """
    shape = prepared.shape
    request = {
        "keys": [prepared.key, prepared.test_key],
        "part": part,
        "pins": pins,
        "seed": seed,
        "metrics": list(metrics),
        "output": shape.output,
        "outputs": shape.outputs,
        "models": [] if skipped(prepared, folds) else list(BASELINES),
    }
    with pinned_call(fit, pins, request) as process:
        yield Fitting(process)


def fit(folder: Path) -> None:
    """Do it; runs in a process of its own."""
    asked = requested(folder)
    numerics.check(asked["pins"])
    lower_priority(NICENESS)
    warnings.simplefilter("ignore")  # a solver that did not quite converge is a baseline, too
    store = ArrayStore(default_root())
    arrays = {name: a for key in asked["keys"] for name, a in store.open(key).items()}
    parts = _by_fold(arrays, asked["part"])
    logits = {name: _logits(name, asked, parts) for name in asked["models"]}
    np.savez(folder / LOGITS, allow_pickle=False, **logits)
    if asked["part"] == "dev":
        scale = float(target_of(arrays)[1])
        figures = _figures(asked, parts, logits, scale)
        (folder / FIGURES).write_text(json.dumps(figures), encoding="utf-8")


Part = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # X_train, y_train, X, y


def _by_fold(arrays: Mapping[str, np.ndarray], part: str) -> list[Part]:
    """Return the arrays of each fold, or of the only training set."""
    names = ("X_train", "y_train", f"X_{part}", f"y_{part}")
    found = [np.array(arrays[name]) for name in names]
    if found[0].ndim == 2:
        return [(found[0], found[1], found[2], found[3])]
    return list(zip(*found, strict=True))


def _logits(name: str, asked: Mapping[str, Any], parts: Sequence[Part]) -> np.ndarray:
    """Return logits (folds, n[L], m) of a baseline."""
    how = (BASELINES[name], asked["output"], asked["outputs"], asked["seed"])
    return np.stack([fitted_logits(*how, X, y, X_new) for X, y, X_new, _ in parts])


def _figures(
    asked: Mapping[str, Any],
    parts: Sequence[Part],
    logits: Mapping[str, np.ndarray],
    scale: float,
) -> Figures:
    metrics, output = asked["metrics"], asked["output"]
    y = np.stack([part[3] for part in parts])
    found = {GUESS: {name: {"value": _guess(name, asked, parts, scale)} for name in metrics}}
    for model, Z in logits.items():
        found[model] = {
            name: score_with_interval(sample(name, output, Z, y, scale, is_one=True), name)
            for name in metrics
        }
    return found


def _guess(metric: str, asked: Mapping[str, Any], parts: Sequence[Part], scale: float) -> float:
    """Return what a constant answer reaches, the mean over the folds."""
    output, found = asked["output"], []
    for _, y_train, _, y in parts:
        Z = constant_logits(output, y_train, np.zeros((asked["outputs"], len(y))))
        found.append(chance_score(metric, output, y_train, Z, y, scale))
    return float(np.mean(found))
