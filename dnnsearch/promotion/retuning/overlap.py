"""Which new test rows the old study had already: a newer export may hold the older one whole.

Rows are compared as the old study's networks see them, prepared, with its rows of train and dev;
rows that differ only where no network can tell are equal. What the old test set had is not asked.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dnnsearch.data.table import HeldOut
from dnnsearch.deployment.trial_model import model, prepared_of
from dnnsearch.errors import UserError
from dnnsearch.storage.array_store import ArrayStore, DamagedArrays
from dnnsearch.study.leaderboard.ranking import leaderboard
from dnnsearch.study.stored_study import OpenStudy

FEWEST = 20  # rows; with fewer that are new a comparison says nothing


@dataclass(frozen=True)
class Overlap:
    """Which of the new test rows are compared, and what is known of the others."""

    rows: HeldOut  # those that are compared
    examples: int  # of the whole test set
    learnt: int | None  # how many of these the old study had in train or dev; None: not known

    @property
    def is_known(self) -> bool:
        """Whether the rows that are compared are without those that the old study had."""
        return self.learnt is not None and self.examples - self.learnt >= FEWEST


def find_overlap(study: OpenStudy, store: ArrayStore, held_out: HeldOut) -> Overlap:
    """The rows that are new, where these can be told and are enough; else all."""
    examples = len(held_out.y)
    old = _old_rows(study, store, held_out)
    if old is None:
        return Overlap(held_out, examples, None)
    found = Overlap(held_out, examples, int(old.sum()))
    return replace(found, rows=_chosen(held_out, ~old)) if found.is_known else found


def _old_rows(study: OpenStudy, store: ArrayStore, held_out: HeldOut) -> np.ndarray | None:
    """(m,): whether train or dev had the row; None where the old arrays cannot be had."""
    try:
        record = study.record(leaderboard(study).best.number)
        if record.spec.arrays not in store:
            prepared_of(study, record)  # again
        arrays = store.open(record.spec.arrays)
        new = model(study, record).inputs.apply(held_out.X, record.spec.dtype)
    except (UserError, DamagedArrays, KeyError, ValueError):
        return None
    had = {key for part in ("X_train", "X_dev") for key in _keys(arrays[part])}
    return np.array([key in had for key in _keys(new)], bool)


def _keys(X: np.ndarray) -> list[bytes]:
    """Of rows (..., m, n): those of the first fold, which tells as much as all."""
    rows = np.asarray(X).reshape(-1, *X.shape[-2:])[0]
    return [(row + 0.0).tobytes() for row in rows]


def _chosen(held_out: HeldOut, rows: np.ndarray) -> HeldOut:
    X: Any = held_out.X
    return HeldOut(X.iloc[rows] if hasattr(X, "iloc") else X[rows], held_out.y[rows])
