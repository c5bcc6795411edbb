"""The distance between two trainings of one spec that differ by rounding alone.

Other processors and other versions of a library round differently, and a training amplifies that.
Two trainings are equal within rounding if half of the digits of their costs agree, and everything
that is counted (iterations, ends, accuracies) is the same.
"""

import numpy as np

from dnnsearch.reproduce.record_comparison import UNEXPLAINED, cause
from dnnsearch.trials.record import Record, inconsistencies


def explained_units(recorded: Record, now: Record) -> float | None:
    """Return the distance of two trainings in units in the last place, if its cause is known.

    Return None if they differ by more than rounding, if nothing explains the difference, if our own
    arithmetic has changed, or if the record was changed after it was written.
    """
    why = cause(recorded, now)
    if why.startswith((UNEXPLAINED, "code")) or inconsistencies(recorded):
        return None
    return units_in_the_last_place(recorded, now)


def units_in_the_last_place(recorded: Record, now: Record) -> float | None:
    """Return the largest distance of two costs, in units in the last place of the spec's dtype.

    Return None if the trainings are not equal within rounding.
    """
    if recorded.end != now.end or recorded.curves.keys() != now.curves.keys():
        return None
    if not np.array_equal(recorded.arrays["steps"], now.arrays["steps"]):
        return None
    half_the_digits = float(np.sqrt(np.finfo(recorded.spec.dtype).eps))
    distances = [0.0]
    for name, ours in recorded.curves.items():
        theirs = now.curves[name]
        if not name.endswith("_cost"):
            if not np.array_equal(ours, theirs, equal_nan=True):
                return None
        elif not np.allclose(ours, theirs, rtol=half_the_digits, atol=0, equal_nan=True):
            return None
        else:
            distances.append(_distance(ours, theirs, np.dtype(recorded.spec.dtype)))
    return max(distances)


def _distance(ours: np.ndarray, theirs: np.ndarray, dtype: np.dtype) -> float:
    finite = np.isfinite(ours) & np.isfinite(theirs)
    larger = np.maximum(np.abs(ours[finite]), np.abs(theirs[finite])).astype(dtype)
    return float(np.max(np.abs(ours[finite] - theirs[finite]) / np.spacing(larger), initial=0.0))
