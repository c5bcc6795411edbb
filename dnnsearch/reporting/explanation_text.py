"""What the columns do, as text and as a JSON document."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dnnsearch.models.input_columns import CATEGORY
from dnnsearch.reporting.analysis.column_effects import Effect, Outcome
from dnnsearch.reporting.analysis.column_importance import ColumnImportance
from dnnsearch.reporting.analysis.explanation import Explanation
from dnnsearch.runtime.text_table import aligned, paragraph
from dnnsearch.statistics.interval import Interval

MAX_LINES = 20  # of the table; the JSON document has all columns
MAX_WRITTEN_OUT = 1e9  # a number up to this has no exponent
MAX_CLASSES = 2  # with a line for each column
BLOCKS = "▁▂▃▄▅▆▇█"


def lines(found: Explanation, width: int | None = None) -> Iterator[str]:
    """Yield what `explain` prints, in lines of at most `width` characters."""
    yield f"study {found.study}: what the columns do"
    yield from paragraph(f"{found.shown.title}. {found.shown.reason}", width)
    yield from paragraph(found.about, width)
    yield ""
    shown = found.importance[:MAX_LINES]
    header = ("column", "worse by", "95 %")
    yield from aligned(header, (_row(one) for one in shown), width)
    if len(found.importance) > MAX_LINES:
        yield f"and {len(found.importance) - MAX_LINES} more, which --json has"
    if found.effects:
        yield ""
        yield from paragraph(f"{effect_about(found)} The curves have one scale.", width)
        shown_outcomes = [o for effect in found.effects for o in _most_changed(effect)]
        every = [mean for outcome in shown_outcomes for mean in outcome.means]
        scale = Interval(min(every), max(every))
        rows = [row for effect in found.effects for row in _effect_rows(effect, scale)]
        kind = "value" if _is_regression(found) else "class"
        yield from aligned(("column", kind, "curve", "lowest", "highest"), rows, width)
        if names := _level_names(found.effects):
            yield from paragraph(names, width)


def effect_about(found: Explanation) -> str:
    """Return what the curves show, in a sentence."""
    what = "the mean prediction" if _is_regression(found) else "the mean probability of a class"
    return (
        f"Partial dependence: {what} if all rows had this value in the column and kept their own "
        "values in the others. If columns go together, that includes combinations that no row has."
    )


def _level_names(effects: Sequence[Effect]) -> str:
    """Return what the blocks in the curves of categories stand for; empty without a category."""
    levels = (
        f"{one.column}: {', '.join(map(value_text, one.values))}"
        for one in effects
        if one.kind == CATEGORY
    )
    listed = "; ".join(levels)
    return f"The blocks of categories, from left to right: {listed}." if listed else ""


def _is_regression(found: Explanation) -> bool:
    return all(not one.name for effect in found.effects for one in effect.outcomes)


def _row(one: ColumnImportance) -> list[str]:
    shown = str(one.interval)
    if one.interval.high < 0:
        shown += "  better if shuffled"
    elif not one.is_clear:
        shown += "  not clear"
    return [one.name, f"{round(one.worse_by, 4) + 0.0:.4f}", shown]


def _most_changed(effect: Effect) -> list[Outcome]:
    """Return the classes of a column that have a line, the most changed first."""
    most = sorted(effect.outcomes, key=lambda one: min(one.means) - max(one.means))
    return most[:MAX_CLASSES]


def _effect_rows(effect: Effect, scale: Interval) -> Iterator[list[str]]:
    for outcome in _most_changed(effect):
        low, high = min(outcome.means), max(outcome.means)
        ends = (_end(effect, outcome, level) for level in (low, high))
        yield [effect.column, outcome.name, sparkline(outcome.means, scale), *ends]


def _end(effect: Effect, outcome: Outcome, level: float) -> str:
    return f"{value_text(level)} at {value_text(effect.values[outcome.means.index(level)])}"


def value_text(value: float | str | None) -> str:
    """Return a column's value as it is shown."""
    if value is None:
        return "missing"
    if isinstance(value, str):
        return value
    short = f"{value:.4g}"
    return f"{value:.0f}" if "e+" in short and abs(value) < MAX_WRITTEN_OUT else short


def sparkline(values: list[float], scale: Interval) -> str:
    """Return a line of blocks, one for each value, the lowest and the highest at the scale's ends.

    All columns have one scale, so the line of a column that does little is flat.
    """
    span = (scale.high - scale.low) or 1.0
    last = len(BLOCKS) - 1
    return "".join(BLOCKS[round((value - scale.low) / span * last)] for value in values)


def document(found: Explanation) -> dict[str, Any]:
    """Return all numbers, JSON-able."""
    return {
        "study": found.study,
        "networks": found.networks,
        "of": f"{found.shown.title}. {found.shown.reason}",
        "trial": found.shown.records[0].spec.number,
        "objective": found.objective,
        "value": found.value,
        "rows": found.rows,
        "columns": found.columns,
        "about": found.about,
        "importance": [_importance(found, one) for one in found.importance],
        "effects": [_effect(effect) for effect in found.effects],
    }


def _importance(found: Explanation, one: ColumnImportance) -> dict[str, Any]:
    return {
        "column": one.name,
        "kind": found.kinds[one.name],
        "worse_by": one.worse_by,
        "low": one.interval.low,
        "high": one.interval.high,
    }


def _effect(effect: Effect) -> dict[str, Any]:
    outcomes = [
        {
            "class": outcome.name or None,
            "prediction": outcome.means,
            "low": [one.low for one in outcome.intervals] if outcome.intervals else None,
            "high": [one.high for one in outcome.intervals] if outcome.intervals else None,
        }
        for outcome in effect.outcomes
    ]
    return {
        "column": effect.column,
        "kind": effect.kind,
        "values": effect.values,
        "outcomes": outcomes,
    }


def importance_of(document: Mapping[str, Any]) -> list[ColumnImportance]:
    """Return the importance of the columns that a document has."""
    return [
        ColumnImportance(one["column"], one["worse_by"], Interval(one["low"], one["high"]))
        for one in document["importance"]
    ]


def effect_of(document: Mapping[str, Any]) -> Effect:
    """Return the effect that a part of a document has."""
    outcomes = [
        Outcome(one["class"] or "", one["prediction"], _intervals(one["low"], one["high"]))
        for one in document["outcomes"]
    ]
    return Effect(document["column"], document["kind"], document["values"], outcomes)


def _intervals(low: Sequence[float] | None, high: Sequence[float] | None) -> list[Interval] | None:
    return [Interval(*ends) for ends in zip(low, high, strict=True)] if low and high else None
