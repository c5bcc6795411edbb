"""A nested validation as text and as a JSON document."""

from typing import Any

from dnnsearch.promotion.nested.nested_validation import NestedValidation
from dnnsearch.statistics.fold_interval import SOURCE
from dnnsearch.study.promoted_figure import on_test


def lines(found: NestedValidation) -> list[str]:
    """Return the lines that `promote --outer` prints after those of the promotion."""
    name, interval, folds = on_test(found.objective), found.interval, len(found.folds)
    rows = sum(one.rows for one in found.folds)
    shown = f"{found.value:.4f} (95 %: {interval.low:.4f} to {interval.high:.4f})"
    title = (
        f"the procedure in {folds} outer folds, each with a search of {found.trials} trials and a "
        f"promotion of its own; {name} of the ensemble:"
    )
    note = (
        f"{SOURCE}: t with {folds - 1} degrees of freedom, s sqrt(1/{folds} + 1/{folds - 1}); it "
        "is the figure of a search and a promotion like these, not of one model"
    )
    return [
        title,
        *_table(found),
        f"  over all {rows} rows  {shown}; guessing {found.guess:.4f}",
        f"({note})",
        winners(found),
    ]


def _table(found: NestedValidation) -> list[str]:
    header = ["fold", "rows", "ensemble", "guessing", "chosen"]
    rows = [
        [
            str(k),
            str(one.rows),
            f"{one.score:.4f}",
            f"{one.guess:.4f}",
            f"trial {one.trial} ({one.hyperparameters.describe()})",
        ]
        for k, one in enumerate(found.folds, start=1)
    ]
    table = [header, *rows]
    widths = [max(len(row[i]) for row in table) for i in range(len(header))]
    return [
        "  "
        + "  ".join([*(c.rjust(w) for c, w in zip(row[:-1], widths[:-1], strict=True)), row[-1]])
        for row in table
    ]


def winners(found: NestedValidation) -> str:
    """Return how often each configuration won."""
    folds = len(found.folds)
    counts = found.winners.most_common()
    if len(counts) == folds:
        return f"how often each won: {folds} different ones, once each"
    each = [f"{one.describe()} {count} of {folds}" for one, count in counts]
    return f"how often each won: {'; '.join(each)}"


def document(found: NestedValidation) -> dict[str, Any]:
    """Return what `promote --outer --json` has under `outer`."""
    return {
        "folds": [
            {
                "trial": one.trial,
                "hyperparameters": one.hyperparameters.as_params(),
                "value": one.score,
                "guess": one.guess,
                "rows": one.rows,
            }
            for one in found.folds
        ],
        "trials": found.trials,
        "value": found.value,
        "low": found.interval.low,
        "high": found.interval.high,
        "guess": found.guess,
        "winners": [
            {"hyperparameters": one.as_params(), "times": count}
            for one, count in found.winners.most_common()
        ],
        "lines": lines(found),
    }
