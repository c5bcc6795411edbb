"""The section on the champion: its confusion matrix, and its most confident errors."""

import math

import numpy as np

from dnnsearch.reporting.analysis.champion_trial import (
    ShownNetworks,
    WrongExample,
    confusion,
    most_confidently_wrong,
)
from dnnsearch.reporting.analysis.report_data import ReportData
from dnnsearch.reporting.html import tables
from dnnsearch.reporting.html.markup import Markup, section, tag
from dnnsearch.study.stored_study import OpenStudy


def champion(data: ReportData, study: OpenStudy, shown: ShownNetworks) -> Markup:
    """Return the champion's confusion matrix and errors; empty if there are no dev labels."""
    counts = confusion(data, shown.records)
    if counts is None or data.dev is None:
        return Markup("")
    matrix = tables.confusion(counts.tolist(), data.dev.classes)
    wrong = most_confidently_wrong(data, study, shown.records)
    pictures = tag("div", *(_example(one) for one in wrong), class_="examples")
    rows = tag("p", "The first row of the data, below a header, is row 1.", class_="about")
    return section(
        f"{shown.title}, {'fold by fold' if data.config.folds else 'on the dev set'}",
        matrix,
        *([tag("h3", "Most confident errors"), rows, pictures] if wrong else []),
        about=f"{shown.reason} {_counted(shown, int(counts.sum()))}",
    )


def _counted(shown: ShownNetworks, answers: int) -> str:
    """Return what the confusion matrix counts: each network's answer to each example."""
    predictions = [record.arrays["dev_predictions"] for record in shown.records]
    examples = predictions[0].shape[-1]
    networks = answers // examples
    if networks == 1:
        return f"The matrix counts {examples} examples."
    return (
        f"The matrix counts {answers} answers: those of {networks} networks, each to {examples} "
        "examples."
    )


def _example(one: WrongExample) -> Markup:
    given = f"{one.label} has {one.probability:.1%}"
    text = f"{one.label}, predicted as {one.prediction}: {given}"
    picture = [_picture(one.features)] if one.features.size else []
    return tag("figure", *picture, tag("code", one.place), tag("figcaption", text))


def _picture(features: np.ndarray) -> Markup:
    """Return a square number of features (from 25 on) as an image, else the first few as text."""
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
