"""What `why` found, as text and as a JSON document."""

from collections.abc import Iterator
from typing import Any

from dnnsearch.promotion.ablation.ablation import Ablation, Difference
from dnnsearch.runtime.cli_process import program_name
from dnnsearch.runtime.text_table import aligned
from dnnsearch.statistics.interval import signed_range

DIVERGED = "diverged"
NONE_CLEAR = "no change is clear: each may be chance with these seeds and examples"
FEW_SEEDS = 4  # below it, the width of an interval depends much on luck
MAX_REPLICATES = 1000  # that `why` takes
OTHER_SEEDS = "(the gain that promote prints is of other fresh seeds, whose luck is another)"


def lines(found: Ablation, width: int | None = None) -> list[str]:
    """Return the lines that `why` prints; the table fits the width."""
    route = found.route
    end = f"{'the champion' if route.is_champion else 'the best trial'}, trial {route.end}"
    if not route.steps:
        return [f"study {found.study}: {end} has the configuration of trial 0: nothing to explain"]
    where = f"over {found.folds} folds" if found.folds else "on dev"
    first = f"study {found.study}: from trial 0 to {end}, one change at a time"
    note = (
        f"{len(route.configurations)} configurations, each trained with the same "
        f"{seeds(found)}; + is better; intervals: 95 %; undone: {end}, without this change alone"
    )
    return [
        f"{first}; {found.objective} {where}",
        *_table(found, width),
        f"({note})",
        *([OTHER_SEEDS] if route.is_champion else []),
        verdict(found),
        *more_seeds(found, program_name()),
        *([] if route.is_champion else [_before_promotion(found)]),
    ]


def seeds(found: Ablation) -> str:
    """Return how often each configuration was trained, such as `16 fresh seeds`."""
    return f"{found.replicates} {'cross-validations' if found.folds else 'fresh seeds'}"


def more_seeds(found: Ablation, program: str) -> list[str]:
    """Return the command that trains more seeds, if there were few or no change is clear."""
    is_few = found.replicates < FEW_SEEDS
    wanted = 2 * found.replicates * (found.folds or 1)
    if not (is_few or verdict(found) == NONE_CLEAR) or wanted > MAX_REPLICATES:
        return []
    luck = f"with {seeds(found)} the width of each interval is luck, too; " if is_few else ""
    command = f"{program} why {found.study} --replicates {wanted}"
    return [f"{luck}more seeds narrow the intervals as far as seeds are the cause: {command}"]


def _before_promotion(found: Ablation) -> str:
    return (
        f"trial {found.route.end} is the best of the search, which may be luck; "
        f"{program_name()} promote {found.study} chooses with fresh seeds"
    )


def _table(found: Ablation, width: int | None) -> Iterator[str]:
    route = found.route
    header = ["change", found.objective, "step", "undone"]
    first = ["trial 0", _value(found.value(route.path[0])), "", ""]
    each = zip(route.steps, route.path[1:], found.steps, found.losses, strict=True)
    rows = [
        [str(change), _value(found.value(hyper)), _shown(step), _shown(loss)]
        for change, hyper, step, loss in each
    ]
    last = ["in all", "", _shown(found.whole), ""]
    return aligned(header, [first, *rows, last], width)


def _value(value: float | None) -> str:
    return DIVERGED if value is None else f"{value:.4f}"


def _shown(difference: Difference | None) -> str:
    if difference is None:
        return "-"
    return f"{difference.value:+.4f} ({signed_range(difference.interval)})"


def verdict(found: Ablation) -> str:
    """Return which changes count: those whose step, or whose undoing, is clearly not 0."""
    names = [", ".join(change.names) for change in found.route.steps]
    each = list(zip(names, found.steps, found.losses, strict=True))
    helped = [name for name, step, _ in each if step and step.is_clear and step.value > 0]
    needed = [name for name, _, loss in each if loss and loss.is_clear and loss.value < 0]
    harmed = [name for name, _, loss in each if loss and loss.is_clear and loss.value > 0]
    said = [
        *([f"clearly better by {'; '.join(helped)}"] if helped else []),
        *([f"clearly worse without {'; '.join(needed)}"] if needed else []),
        *([f"clearly better without {'; '.join(harmed)}"] if harmed else []),
    ]
    if not said:
        return NONE_CLEAR
    rest = [name for name in names if name not in {*helped, *needed, *harmed}]
    return "; ".join([*said, *([f"may be chance: {', '.join(rest)}"] if rest else [])])


def document(found: Ablation) -> dict[str, Any]:
    """Return the document of `why --json`."""
    route = found.route
    each = zip(route.steps, route.path[1:], found.steps, found.losses, strict=True)
    return {
        "study": found.study,
        "objective": found.objective,
        "from": 0,
        "to": route.end,
        "champion": route.is_champion,
        "seeds": found.replicates,
        "start": found.value(route.path[0]),
        "changes": [
            {
                "names": list(change.names),
                "change": str(change),
                "value": found.value(hyper),
                "step": _document(step),
                "undone": _document(loss),
            }
            for change, hyper, step, loss in each
        ],
        "whole": _document(found.whole),
        "lines": lines(found),
    }


def _document(difference: Difference | None) -> dict[str, float] | None:
    if difference is None:
        return None
    interval = difference.interval
    return {"value": difference.value, "low": interval.low, "high": interval.high}
