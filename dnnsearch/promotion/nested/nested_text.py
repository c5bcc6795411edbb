"""A nested validation as text and as a JSON document."""

from typing import Any

from dnnsearch.runtime.text_table import aligned
from dnnsearch.statistics.fold_interval import SOURCE
from dnnsearch.statistics.interval import score_text
from dnnsearch.study.outer_figure import OuterFigure
from dnnsearch.trials.flat_params import describe


def lines(found: OuterFigure, width: int | None = None) -> list[str]:
    """Return the lines that `promote --outer` prints after those of the promotion."""
    figure, folds = found.figure, len(found.folds)
    title = (
        f"the procedure in {folds} outer folds, each with a search of {found.trials} trials and a "
        f"promotion of its own; {found.name} of the ensemble:"
    )
    note = (
        f"{SOURCE}: t with {folds - 1} degrees of freedom, s sqrt(1/{folds} + 1/{folds - 1}); it "
        "is the figure of a search and a promotion like these, not of one model"
    )
    covers = (
        "(the interval is of what the procedure reaches on average: it covers new rows, new seeds "
        "and another choice, and is wider because folds share training rows)"
    )
    return [
        title,
        *_table(found, width),
        f"  over all {found.rows} rows  {score_text(figure)}; guessing {figure['guess']:.4f}",
        covers,
        f"({note})",
        found.won,
    ]


def _table(found: OuterFigure, width: int | None) -> list[str]:
    rows = [
        [
            str(k),
            str(one.rows),
            f"{one.value:.4f}",
            f"{one.guess:.4f}",
            f"trial {one.trial} ({describe(one.hyperparameters)})",
        ]
        for k, one in enumerate(found.folds, start=1)
    ]
    return list(aligned(("fold", "rows", "ensemble", "guessing", "chosen"), rows, width))


def document(found: OuterFigure) -> dict[str, Any]:
    """Return what `promote --outer --json` has under `outer`."""
    return {
        **found.document(),
        **found.figure,
        "winners": [{"hyperparameters": params, "times": count} for params, count in found.winners],
        "lines": lines(found),
    }
