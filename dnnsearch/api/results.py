"""A study and a trial as Python objects. Nothing here writes."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from dnnsearch.deployment.trial_model import model, parameters
from dnnsearch.errors import UserError
from dnnsearch.models.ensemble import Model
from dnnsearch.study.leaderboard.formats import column_values, columns, config_keys, fragment
from dnnsearch.study.leaderboard.ranking import UNFINISHED, Leaderboard, Row, leaderboard
from dnnsearch.study.stored_study import OpenStudy
from dnnsearch.trials.hyperparameter_row import Value
from dnnsearch.trials.record import Record

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from dnnsearch.reporting.analysis.report_data import TrialCurves


class Study:
    """A study; every property reads its current state."""

    def __init__(self, opened: OpenStudy) -> None:
        self.name = opened.name
        self._opened = opened

    def __repr__(self) -> str:
        return f"<Study {self.name}, {self.leaderboard.counts}>"

    def __getitem__(self, number: int) -> "Trial":
        """Return the trial of this number; raise UserError if there is none."""
        return Trial(self._opened, self.leaderboard.row(number))

    @property
    def leaderboard(self) -> Leaderboard:
        """The trials, the best first."""
        return leaderboard(self._opened)

    @property
    def best(self) -> "Trial":
        """The best trial; UserError if none has finished."""
        return Trial(self._opened, self.leaderboard.best)

    @property
    def best_config(self) -> str:
        """The best configuration as YAML, which can replace the search space in a config."""
        board = self.leaderboard
        return fragment(board, board.best)

    @property
    def best_params(self) -> dict[str, Any]:
        """The same as a dictionary: the best configuration as keys of a config."""
        return config_keys(self.leaderboard.best)

    def _repr_html_(self) -> str:
        """Return the leaderboard for a notebook, with the curves of its first trials."""
        from dnnsearch.reporting.html import notebook

        board = self.leaderboard
        rows = [row for row in board.rows[: notebook.MAX_ROWS] if row.state != UNFINISHED]
        found = {row.number: curves_of(self._opened, row.number) for row in rows}
        return notebook.study(board, {n: curves for n, curves in found.items() if curves})

    def plot(self, kind: str = "history", name: str | None = None) -> "go.Figure":
        """Return a plotly figure of the report.

        `kind` is history, parallel, importance, cost, accuracy, pareto, slice or isolation; the
        last two are of one hyperparameter, `name`, by default the first one. Raise UserError for
        another kind or name, or if too few trials have finished.
        """
        from dnnsearch.reporting.analysis.report_data import read_lazily
        from dnnsearch.reporting.html import study_plots

        return study_plots.plot(read_lazily(self._opened), kind, name)

    @property
    def trials(self) -> "pd.DataFrame":
        """Every trial with every column of `show --csv`, the best first."""
        import pandas as pd

        board = self.leaderboard
        rows = [column_values(row, board.objective) for row in board.rows]
        return pd.DataFrame(rows, columns=columns(board))

    def fingerprint(self, trials: int | None = None) -> str:
        """Return the fingerprint of all trials, or of the first `trials`.

        Raise UserError if one of them is unfinished.
        """
        return self._opened.fingerprint(trials)


@dataclass(frozen=True)
class Trial:
    """A trial; it has a record only if it has ended."""

    _study: OpenStudy
    _row: Row

    def __repr__(self) -> str:
        value = "" if self.value is None else f", {self.value:.4f}"
        return f"<Trial {self._study.name}/{self.number}, {self.state}{value}>"

    def _repr_html_(self) -> str:
        """Return the trial for a notebook: its value, its curves, its hyperparameters."""
        from dnnsearch.reporting.html import notebook

        curves = curves_of(self._study, self.number) if self.state != UNFINISHED else None
        return notebook.trial(self._study.name, self._row, self._study.config.objective, curves)

    def plot(self, what: str = "cost") -> "go.Figure":
        """Return a plotly figure of the curves of `what`, cost or accuracy, on train and dev.

        Raise UserError if the trial has no curves.
        """
        from dnnsearch.reporting.analysis.report_data import read_lazily
        from dnnsearch.reporting.html import study_plots

        return study_plots.trial_curves(read_lazily(self._study), self._row, what)

    @property
    def number(self) -> int:
        """The trial's number in its study."""
        return self._row.number

    @property
    def state(self) -> str:
        """finished, pruned, diverged, failed or unfinished."""
        return self._row.state

    @property
    def value(self) -> float | None:
        """The objective; None unless the trial is finished."""
        return self._row.value

    @property
    def hyperparameters(self) -> dict[str, Value]:
        """All hyperparameters, also the fixed ones, with units_1, units_2, ... by layer."""
        return dict(self._row.params)

    @cached_property
    def record(self) -> Record:
        """Spec, curves, predictions and digests; UserError if there is no record."""
        return self._study.record(self.number)

    @property
    def curves(self) -> "pd.DataFrame":
        """train_cost, dev_cost, train_accuracy, dev_accuracy by iteration: means of replicates."""
        import pandas as pd

        curves = {name: curve.mean(axis=0) for name, curve in self.record.curves.items()}
        index = pd.Index(self.record.arrays.get("steps", []), name="iteration")
        return pd.DataFrame(curves, index=index)

    @cached_property
    def parameters(self) -> dict[str, np.ndarray]:
        """{"W1": (n[1], n[0]), "b1": (n[1], 1), ...}; with R > 1 replicates, each (R, ...).

        A record holds up to 1 MB of them. If they are larger, the trial is trained again.
        """
        flat = parameters(self._study, self.record)
        flat = flat[0] if len(flat) == 1 else flat
        return self.record.spec.parameters(flat).as_dict()

    @cached_property
    def _model(self) -> Model:
        return model(self._study, self.record)

    def predict(self, X: Any) -> np.ndarray:
        """Return the classes (m,) of raw rows X, with the preprocessing of the training rows.

        X is an array (m, n_x) or, if the trial is on a file, a DataFrame with the file's columns. A
        regression returns values, in the target's unit.
        """
        return self._model.predict(X)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each class, (m, classes), for raw rows X."""
        return self._model.predict_proba(X)


def curves_of(study: OpenStudy, number: int) -> "TrialCurves | None":
    """Return the curves of a trial that has ended; None if it has none or its record is gone."""
    from dnnsearch.reporting.analysis.report_data import AllCurves

    try:
        return AllCurves(study)[number]
    except (UserError, KeyError):  # a failed trial has no curves
        return None
