"""The space that goes on beyond a bound at which the best trials lie, for a search of its own."""

from dnnsearch.config.dimensions import Choices, Dimension, Range, dimension, plain
from dnnsearch.reporting.analysis.axis import Axis
from dnnsearch.trials.hyperparameters import HYPERPARAMETERS

DIGITS = 2  # of a new value that is no whole number
LONGER = 1 / 3  # a range, on its axis
MIN_FACTOR = 2  # from one choice to the next: then the one beyond goes on by this factor


def wider(axis: Axis, is_upper: bool) -> Dimension | None:
    """Return the dimension with one more choice, or with a range that is longer by a third.

    It ends at the hyperparameter's natural limit at the latest. None if there is no such value.
    """
    found = axis.dimension
    numbers = [float(value) for value in axis.values if not isinstance(value, str)]
    if is_upper:
        numbers.reverse()
    bound = _beyond(axis, numbers, HYPERPARAMETERS[axis.name].limits[is_upper])
    try:
        if isinstance(found, Range):
            ends = {"high" if is_upper else "low": bound}
            return dimension(axis.name, {**plain(found), **ends})
        assert isinstance(found, Choices)
        values = [*axis.values, bound] if is_upper else [bound, *axis.values]
        return dimension(axis.name, values)
    except ValueError:  # it would not be allowed, such as a momentum of 1
        return None


def _beyond(axis: Axis, numbers: list[float], limit: object) -> float | int:
    """Return the value beyond the first of two or more numbers, sorted from the bound on."""
    first, second = numbers[0], numbers[1]
    if isinstance(axis.dimension, Range):
        length = first / second if axis.is_log else first - second
        value = first * length**LONGER if axis.is_log else first + length * LONGER
    elif min(first, second) > 0 and max(first, second) >= MIN_FACTOR * min(first, second):
        value = first * first / second
    else:
        value = first + (first - second)
    if isinstance(limit, int | float):
        value = max(value, limit) if value < first else min(value, limit)
    are_whole = all(isinstance(one, int) for one in axis.values if not isinstance(one, str))
    return round(value) if are_whole else float(f"{value:.{DIGITS}g}")
