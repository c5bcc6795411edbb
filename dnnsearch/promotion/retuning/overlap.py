"""The new test rows that the old study was trained on: a newer export may contain the older one.

New rows are prepared for the old study's networks and compared with its prepared rows of train and
dev, so rows with the same inputs of a network are equal. Rows of the old test set do not count.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dnnsearch.data.equal_rows import seen
from dnnsearch.data.table import HeldOut
from dnnsearch.deployment.trial_model import model, prepared_of
from dnnsearch.errors import DamagedFile, UserError
from dnnsearch.storage.array_store import ArrayStore, DamagedArrays
from dnnsearch.study.leaderboard.ranking import leaderboard
from dnnsearch.study.stored_study import OpenStudy

MIN_NEW_ROWS = 20  # a comparison on fewer rows is meaningless


@dataclass(frozen=True)
class Overlap:
    """The new test rows on which models are compared, and what is known about the others."""

    rows: HeldOut  # the rows for the comparison
    examples: int  # rows of the whole new test set
    learnt: int | None  # how many of them the old study had in train or dev; None if not known

    @property
    def is_known(self) -> bool:
        """Whether `rows` has no row that the old study had in train or dev."""
        return self.learnt is not None and self.examples - self.learnt >= MIN_NEW_ROWS


def find_overlap(study: OpenStudy, store: ArrayStore, held_out: HeldOut) -> Overlap:
    """Return the overlap; its rows are the new ones if they are known and enough, else all."""
    examples = len(held_out.y)
    old = _old_rows(study, store, held_out)
    if old is None:
        return Overlap(held_out, examples, None)
    found = Overlap(held_out, examples, int(old.sum()))
    if not found.is_known:
        return found
    X: Any = held_out.X
    new = X.iloc[~old] if hasattr(X, "iloc") else X[~old]
    return replace(found, rows=HeldOut(new, held_out.y[~old]))


def _old_rows(study: OpenStudy, store: ArrayStore, held_out: HeldOut) -> np.ndarray | None:
    """Return (m,): whether train or dev had the row; None if the old data are not available."""
    try:
        record = study.record(leaderboard(study).best.number)
        if not store.is_intact(record.spec.arrays):
            prepared_of(study, record, with_train=True)  # writes the arrays again
        arrays = store.open(record.spec.arrays)
        new = model(study, record).inputs.apply(held_out.X, record.spec.dtype)
    except DamagedFile:
        raise
    except (UserError, DamagedArrays, KeyError, ValueError):
        return None
    return np.asarray(seen(arrays["X_train"], new) | seen(arrays["X_dev"], new))
