"""The names of the columns that a model answers with, also beside columns of the same names."""

from collections.abc import Iterable, Sequence

PREDICTION = "prediction"
LOW, HIGH, SET = "prediction_low", "prediction_high", "prediction_set"  # if intervals are asked for
PREFIX = "model_"  # of the answers in a table whose own columns have their names


def answer_names(classes: Iterable[object]) -> list[str]:
    """Return the names: `prediction` and, for each class, `probability_CLASS`."""
    return [PREDICTION, *(f"probability_{name}" for name in classes)]


def interval_names(classes: Sequence[object]) -> list[str]:
    """Return the names of the columns with intervals: of the set of labels, or of both ends."""
    return [SET] if len(classes) else [LOW, HIGH]


def appended_names(answers: Sequence[str], used: Iterable[str | None]) -> list[str]:
    """Return the names of the answers in a table that may have all the `used` columns.

    They are the names themselves, or all with a prefix if a used column has one of them: such a
    column can neither be renamed nor left out.
    """
    taken, names = set(used), list(answers)
    while not taken.isdisjoint(names):
        names = [f"{PREFIX}{name}" for name in names]
    return names


def clash_note(classes: Iterable[object], used: Iterable[str | None]) -> str:
    """Return which of the used columns have the name of an answer; empty if none has."""
    names, used = answer_names(classes), list(used)
    clashing = [name for name in names if name in used]
    if not clashing:
        return ""
    what = f"{clashing[0]!r} is also the name of an answer of `predict`"
    return f"{what}: its answers get the names {', '.join(appended_names(names, used)[:3])}"
