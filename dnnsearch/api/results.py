"""A study and a trial as Python objects. Nothing here writes."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from dnnsearch.deployment.trial_model import model, parameters
from dnnsearch.errors import UserError
from dnnsearch.models.ensemble import Model
from dnnsearch.study.leaderboard.formats import column_values, columns, fragment
from dnnsearch.study.leaderboard.ranking import Leaderboard, Row, leaderboard
from dnnsearch.study.stored_study import OpenStudy
from dnnsearch.trials.hyperparameter_row import Value
from dnnsearch.trials.record import Record

if TYPE_CHECKING:
    import pandas as pd


class Study:
    """A study; every property reads its current state."""

    def __init__(self, opened: OpenStudy) -> None:
        self.name = opened.name
        self._opened = opened

    def __repr__(self) -> str:
        return f"<Study {self.name}, {self.leaderboard.counts}>"

    def __getitem__(self, number: int) -> "Trial":
        """Return the trial of this number; raise UserError if there is none."""
        for row in self.leaderboard.rows:
            if row.number == number:
                return Trial(self._opened, row)
        raise UserError(f"study {self.name} has no trial {number}")

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
