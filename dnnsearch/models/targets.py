"""A target as the user's table has it: its unit, and the names of its classes."""

from collections.abc import Mapping, Sequence

import numpy as np


def target_of(arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return mean and scale of a regression's target, (2,); 0 and 1 if there are classes."""
    return np.asarray(arrays.get("target", [0.0, 1.0]), np.float64)


def labels(names: Sequence[str]) -> np.ndarray:
    """Return the classes as the user's table has them: integers if all names are integers."""
    try:
        numbers = [int(name) for name in names]
    except ValueError:
        return np.array(names)
    return np.array(numbers if [str(n) for n in numbers] == [*names] else names)
