"""The first plot of a page: what each change from trial 0 to the champion gained, by experiment."""

import html
from collections.abc import Callable

import plotly.graph_objects as go

from dnnsearch.errors import UserError
from dnnsearch.promotion.ablation.ablation import Ablation, Difference, stored_ablation
from dnnsearch.promotion.ablation.ablation_text import more_seeds, seeds, verdict
from dnnsearch.reporting.html.figures import BLUE, ORANGE
from dnnsearch.reporting.html.markup import Markup, plot, section
from dnnsearch.storage.array_store import ArrayStore, DamagedArrays, default_root
from dnnsearch.study.stored_study import OpenStudy


def measured(study: OpenStudy, on_message: Callable[[str], object]) -> Ablation | None:
    """Return what `why` has measured of the present champion; None if nothing, on this machine."""
    try:
        arrays = ArrayStore(default_root()).open(study.definition["arrays"])
        return stored_ablation(study, arrays, on_message)
    except (KeyError, OSError, DamagedArrays):
        return None
    except UserError as error:
        on_message(f"the report leaves out what `why` measured: {error}")
        return None


def ablation_section(found: Ablation | None) -> Markup:
    """Return the section; empty if `why` has measured nothing."""
    if found is None:
        return Markup("")
    route = found.route
    found_out = [verdict(found), *more_seeds(found, "dnnsearch")]
    end = f"{'the champion' if route.is_champion else 'the best trial'} (trial {route.end})"
    return section(
        f"Why {end} is better than trial 0",
        plot(
            waterfall(found),
            f"{found.objective}: what each change gained; right is better",
            True,
            rows=len(found.route.steps),
        ),
        about=f"{'. '.join(map(_capital, found_out))}. By experiment: trial 0 is changed into "
        f"{end} one hyperparameter at a time, from the top; and {end} is trained without each "
        f"change alone. All have the same {seeds(found)}; intervals: 95 %, seeds and examples.",
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def waterfall(found: Ablation) -> go.Figure:
    """Return the bars of all changes, the first one on top, with their 95 % intervals."""
    names = [html.escape(str(change)) for change in found.route.steps]
    lost = [loss and _negative(loss) for loss in found.losses]
    figure = go.Figure()
    bars = {"lost if undone alone": (lost, BLUE), "gained when made": (found.steps, ORANGE)}
    for label, (differences, colour) in bars.items():
        known = [(n, one) for n, one in zip(names, differences) if one][::-1]
        ends = {
            "array": [one.interval.high - one.value for _, one in known],
            "arrayminus": [one.value - one.interval.low for _, one in known],
        }
        figure.add_bar(
            y=[name for name, _ in known],
            x=[one.value for _, one in known],
            orientation="h",
            name=label,
            marker_color=colour,
            error_x={"type": "data", "symmetric": False, **ends},
        )
    figure.update_layout(barmode="group", legend_traceorder="reversed")
    figure.update_yaxes(categoryorder="array", categoryarray=names[::-1])
    return figure


def _negative(one: Difference) -> Difference:
    low, high = -one.interval.high, -one.interval.low
    return Difference(-one.value, type(one.interval)(low, high))
