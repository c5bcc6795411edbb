"""The sections of a report on one study: what was found, why, and what next."""

import math
import shlex
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from dnnsearch.config.dimensions import HYPERPARAMETERS
from dnnsearch.reporting.analysis.analyses import Analyses
from dnnsearch.reporting.analysis.champion_trial import Shown, Worst, confusion, worst
from dnnsearch.reporting.analysis.findings import Finding, where
from dnnsearch.reporting.analysis.importance import EXPLAINED, FEWEST, MOST, Importance
from dnnsearch.reporting.analysis.isolation_plot import isolation
from dnnsearch.reporting.analysis.report_data import ReportData
from dnnsearch.reporting.html import figures, learning_curves, tables
from dnnsearch.reporting.html.markup import Markup, harmless, joined, tag
from dnnsearch.study.stored_study import OpenStudy

CURVES = 5  # trials
PROMOTE = "What is sure by seeds and by examples, dnnsearch promote finds out."
DOUBT = "These bars are mostly noise: read nothing into them. "
DIAGNOSED = 10


def section(title: str, *content: str, about: str = "") -> Markup:
    note = [tag("p", about, class_="about")] if about else []
    return tag("section", tag("h2", title), *note, *content)


def plot(figure: go.Figure, label: str, wide: bool = False) -> Markup:
    """A place for a figure, with its data inside; the page draws it."""
    figure.update_layout(template=None, title=None)
    data = tag("script", harmless(figure.to_json()), type="application/json")
    drawn = tag("div", class_="plot", role="img", aria_label=label)
    return tag("figure", tag("figcaption", label), drawn, data, class_="wide" if wide else None)


def verdict(sentences: Sequence[str], warnings: Sequence[Finding]) -> Markup:
    """The first screen: three sentences, and each warning with what to do about it."""
    items = (
        tag("li", tag("strong", f"{w.text}."), " ", f"{_capital(w.advice)}.", data_kind=w.kind)
        for w in warnings
    )
    listed = tag("ul", *items, class_="warnings") if warnings else Markup("")
    return tag("section", tag("p", " ".join(sentences), class_="verdict"), listed)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def leaderboard(material: ReportData, views: Analyses) -> Markup:
    return section(
        "Leaderboard",
        tables.leaderboard(material, views.ties),
        about=f"{_capital(material.board.counts)}. {_counted(material)}",
    )


def _counted(material: ReportData) -> str:
    """What the intervals and ties of the leaderboard count, and what they leave out."""
    first = material.courses.get(material.finished[0].number) if material.finished else None
    networks = 1 if first is None else len(first.predictions)
    if networks > 1:
        what = "folds" if material.config.folds else "seeds"
        return (
            f"The interval, and so a tie with the best, counts the spread of the {networks} {what} "
            f"of a trial alone, not that of the dev examples. {PROMOTE}"
        )
    if material.objective != "dev_accuracy":
        return (
            f"One network's {material.objective} has no interval here, and only equal values are "
            f"ties. {PROMOTE}"
        )
    return (
        "The interval counts the examples of this dev set, not the luck of the seed; where it says "
        "tie, these examples cannot tell the trial from the best."
    )


def plots(material: ReportData, views: Analyses) -> Iterator[Markup]:
    """History, parallel coordinates, axes, isolation."""
    study = figures.in_memory(material)
    yield section(
        "History",
        plot(figures.history(material, study), "best value so far, and how trials ended", True),
        tables.failures(material.board.rows),
        about=_hidden(material),
    )
    parallel = figures.parallel(material)
    if parallel is not None:
        drawn = plot(parallel, "each line is a finished trial; orange is better", True)
        where = tag("div", drawn, class_="scroll")
        yield section("All hyperparameters at once", where, about=_left_out(material))
    names = _asked(material)
    if names:
        each = (plot(figures.axis(material, study, name), name) for name in names)
        yield section("Each hyperparameter", *_divergence(views), tag("div", *each, class_="grid"))
        yield _isolation(material)


def _hidden(material: ReportData) -> str:
    count = figures.hidden(material)
    if not count:
        return ""
    trials = "1 trial is so much worse that it lies" if count == 1 else f"{count} trials lie"
    return f"{trials} outside of the plots, which double-clicking shows whole."


def _left_out(material: ReportData) -> str:
    count = figures.hidden(material)
    trials = "The trial that lies" if count == 1 else f"The {count} trials that lie"
    return (
        f"{trials} outside of the other plots {'is' if count == 1 else 'are'} left out here."
        if count
        else ""
    )


def _asked(material: ReportData) -> list[str]:
    """Optuna's names of what finished trials were asked, in the order of asking."""
    trials = [material.trials[row.number] for row in material.finished]
    return sorted({name for trial in trials for name in trial.params}, key=_order)


def _order(name: str) -> tuple[int, int]:
    family, _, layer = name.partition("_") if name.startswith("units_") else (name, "", "")
    return [*HYPERPARAMETERS].index(family), int(layer or 0)


def _divergence(views: Analyses) -> Iterator[Markup]:
    found = views.divergence
    if found.diverged:
        cause = f": {where(found.cut)}" if found.cut else ""
        text = f"{found.diverged} of {found.ended} trials diverged{cause}; they are the crosses."
        yield tag("p", text, class_="about")


def _isolation(material: ReportData) -> Markup:
    drawn = (
        plot(figures.alone(material, axis, isolation(material, axis)), axis.name)
        for axis in material.axes
        if any(axis.place(row.params) is not None for row in material.finished)
    )
    return section(
        "Best over the rest",
        tag("div", *drawn, class_="grid"),
        about="For each value, or bin of values, the best trial over all other hyperparameters. "
        "Where the intervals overlap the values are equally good as far as this study can say.",
    )


def importance(views: Analyses, by_depth: Mapping[int, Importance]) -> Markup:
    found = views.importance
    if found is None:
        few = f"With fewer than {FEWEST} finished trials that differ nothing can be said."
        return section("What mattered", about=few)
    parts = [plot(figures.importances(found), f"all {found.trials} finished trials")]
    parts += [
        plot(figures.importances(one), f"the {one.trials} trials with {_layers(depth)}")
        for depth, one in by_depth.items()
    ]
    return section(
        "What mattered", tag("div", *parts, class_="grid"), about=_methods(found, by_depth)
    )


def _layers(count: int) -> str:
    return f"{count} hidden layer{'' if count == 1 else 's'}"


def _methods(found: Importance, by_depth: Mapping[int, Importance]) -> str:
    doubt = "" if found.explained >= EXPLAINED else DOUBT
    text = (
        f"{doubt}Shares of what explains the differences between finished trials, by fANOVA and by "
        "permutation; a bar's "
        "interval is what nine in ten draws of the trials gave. A forest foretells "
        f"{max(found.explained, 0):.0%} of the variance of trials that it has not seen; of what is "
        "left over importance says nothing."
    )
    if found.trials > MOST:
        text += f" fANOVA is given {MOST} trials at a time."
    if found.missing:
        text += f" {', '.join(found.missing)}: missing in the first plot, since not all trials "
        text += "have them"
        text += "; they are in those of one depth." if by_depth else "."
    return text


def price(material: ReportData) -> Markup:
    return section(
        "Value and price",
        plot(figures.price(material), "value against the arithmetic of the training", True),
    )


def curves(material: ReportData) -> Markup:
    rows = material.finished[:CURVES]
    drawn = [
        plot(learning_curves.curves(material, rows, what), f"{what} of the best {len(rows)} trials")
        for what in ("cost", "accuracy")
        if np.isfinite(material.courses[rows[0].number].curves[f"dev_{what}"]).any()
    ]
    diagnoses = tables.diagnoses(material, material.finished[:DIAGNOSED])
    about = (
        "Bias is counted against the smallest dev error of the study, variance from train to "
        "dev; a difference counts from two standard errors on."
    )
    return section(
        "Learning curves",
        tag("div", *drawn, class_="grid"),
        diagnoses,
        about=about if diagnoses else "",
    )


def champion(material: ReportData, study: OpenStudy, shown: Shown) -> Markup:
    """Empty where nothing can be said example by example."""
    counts = confusion(material, shown.records)
    if counts is None or material.dev is None:
        return Markup("")
    matrix = tables.confusion(counts.tolist(), material.dev.classes)
    wrong = worst(material, study, shown.records)
    pictures = tag("div", *(_example(one) for one in wrong), class_="examples")
    return section(
        f"{shown.who}, {'fold by fold' if material.config.folds else 'on the dev set'}",
        matrix,
        *([tag("h3", "What it is surest to get wrong"), pictures] if wrong else []),
        about=shown.why,
    )


def _example(one: Worst) -> Markup:
    text = f"{one.label} called {one.answer}, {one.probability:.1%} sure of {one.label}"
    picture = _picture(one.features) if one.features.size else tag("code", one.place)
    return tag("figure", picture, tag("figcaption", text))


def _picture(features: np.ndarray) -> Markup:
    """Features that are pixels of a square image as one; of others, the first few numbers."""
    side = math.isqrt(len(features))
    if side < 5 or side * side != len(features):
        return tag("code", ", ".join(f"{x:.3g}" for x in features[:6]))
    span = float(np.ptp(features)) or 1.0
    grey = np.rint(255 * (features - features.min()) / span).astype(int)
    pixels = (
        tag("rect", x=i % side, y=i // side, width=1, height=1, fill=f"#{g:02x}{g:02x}{g:02x}")
        for i, g in enumerate(grey.tolist())
    )
    return tag("svg", *pixels, viewBox=f"0 0 {side} {side}", shape_rendering="crispEdges")


def commands(material: ReportData) -> Markup:
    """What reruns and verifies, to be copied."""
    name = shlex.quote(material.name)
    lines = [f"dnnsearch show {name}", f"dnnsearch verify {name}"]
    if material.finished:
        best = shlex.quote(f"{material.name}/{material.board.best.number}")
        lines = [f"dnnsearch rerun {best}", f"dnnsearch best {name} > best.yaml", *lines]
    if material.fingerprint:
        lines.append(f"dnnsearch fingerprint {name}   # {material.fingerprint}")
    made = ", ".join(f"{k} {v}" for k, v in material.definition["versions"].items())
    return section(
        "Do it again",
        tag("pre", tag("code", "\n".join(lines))),
        tag("p", f"Made with {made}; numerics {material.definition['numerics']}.", class_="about"),
        about="In the folder in which the study was run; storage "
        f"{material.config.storage}, records {material.config.records}.",
    )


def analysis(
    study: OpenStudy,
    material: ReportData,
    views: Analyses,
    by_depth: Mapping[int, Importance],
    shown: Shown,
) -> Markup:
    """All that needs a finished trial."""
    parts = [*plots(material, views), importance(views, by_depth), price(material)]
    return joined([*parts, curves(material), champion(material, study, shown)])
