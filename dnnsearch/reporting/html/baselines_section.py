"""The section of the page on what is reached without a network."""

from dnnsearch.reporting.analysis.report_data import ReportData
from dnnsearch.reporting.html import tables
from dnnsearch.reporting.html.markup import Markup, section, tag
from dnnsearch.statistics.baseline import guess_text
from dnnsearch.study.baselines.baseline_models import GUESS, TITLES
from dnnsearch.study.baselines.baselines_text import notes


def baselines(data: ReportData) -> Markup:
    """Return the section; empty if the baselines were not computed."""
    found = data.baselines
    if found is None:
        return Markup("")
    others = [name for name in found.figures[GUESS] if name != data.objective]
    header = ["", data.objective, "95 %", *others]
    rows = []
    for name, figures in found.figures.items():
        first = figures[data.objective]
        interval = f"{first['low']:.4f} to {first['high']:.4f}" if "low" in first else ""
        values = [tables.number(figures[other]["value"], ".4f") for other in others]
        rows.append([TITLES[name], tables.number(first["value"], ".4f"), interval, *values])
    where = "over the same folds" if data.config.folds else "on the same dev examples"
    about = (
        "scikit-learn's models with their default settings, on the same inputs and scored "
        f"{where}. {guess_text(found.figures[GUESS])}"
    )
    best = data.board.best.value if data.finished else None
    said = [f"{one[:1].upper()}{one[1:]}." for one in notes(found, data.objective, best)]
    note = f" {found.note[:1].upper()}{found.note[1:]}." if found.note else ""
    shown = tables.table(header, rows)
    sentences = (tag("p", sentence) for sentence in said)
    return section("Without a network", shown, *sentences, about=f"{about}{note}")
