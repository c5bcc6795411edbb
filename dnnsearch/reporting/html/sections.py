"""The sections of the page on one study."""

import shlex
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from dnnsearch.data.files.source import rows_to_predict
from dnnsearch.reporting.analysis.analyses import Analyses
from dnnsearch.reporting.analysis.champion_trial import ShownNetworks
from dnnsearch.reporting.analysis.chance_level import ChanceLevel
from dnnsearch.reporting.analysis.findings import Finding, count_known, describe_cut
from dnnsearch.reporting.analysis.importance import (
    MAX_FANOVA_TRIALS,
    MIN_EXPLAINED,
    MIN_TRIALS,
    Importance,
)
from dnnsearch.reporting.analysis.isolation_plot import isolation
from dnnsearch.reporting.analysis.report_data import ReportData
from dnnsearch.reporting.analysis.ties import tie_meaning
from dnnsearch.reporting.html import figures, learning_curves, tables
from dnnsearch.reporting.html.champion_section import champion
from dnnsearch.reporting.html.markup import Markup, joined, plot, section, tag
from dnnsearch.reporting.html.plotted_study import in_memory
from dnnsearch.study.stored_study import OpenStudy
from dnnsearch.trials.flat_params import key_of
from dnnsearch.trials.hyperparameters import HYPERPARAMETERS
from dnnsearch.validators import shortened

MAX_CURVES = 5
MAX_NAMED = 10  # trials in a sentence
PROMOTE_NOTE = "dnnsearch promote compares trials over both seeds and examples."
DEV_CHOSE = "Dev chose the best trial, so its value and its interval are optimistic."
NOISE_WARNING = "These bars are mostly noise: do not interpret them. "
MAX_DIAGNOSED_TRIALS = 10


def verdict(
    sentences: Sequence[str], warnings: Sequence[Finding], opened: str, title: str = ""
) -> Markup:
    """Return the section on the search: the verdict, each warning with its advice, the test set.

    `opened` says who has opened the test rows; empty if none has. It needs a title if a section is
    above it.
    """
    items = (
        tag("li", tag("strong", f"{w.text}."), " ", *_advice(w), data_kind=w.kind) for w in warnings
    )
    listed = tag("ul", *items, class_="warnings") if warnings else Markup("")
    said = tag("p", f"{_capital(opened)}.", class_="about") if opened else Markup("")
    heading = [tag("h2", title)] if title else []
    said_first = tag("p", " ".join(sentences), class_="verdict")
    return tag("section", *heading, said_first, listed, said)


def _advice(warning: Finding) -> list[str]:
    """Return the advice, and its command as it can be pasted, if it has one."""
    said = _capital(warning.advice)
    return [f"{said}: ", tag("code", warning.command)] if warning.command else [f"{said}."]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def leaderboard(data: ReportData, analyses: Analyses, champion: int | None = None) -> Markup:
    """Return the section of the leaderboard; `champion` is the champion's trial, if any."""
    return section(
        "Leaderboard",
        tables.leaderboard(data, analyses.ties, champion),
        about=f"{_capital(data.board.counts)}. {_counted(data)}{_known(analyses)}",
    )


def _known(analyses: Analyses) -> str:
    known = analyses.known
    return f" {count_known(known)}." if known and known.dev + known.test else ""


def _counted(data: ReportData) -> str:
    """Explain what intervals and ties in the leaderboard take into account, and what not."""
    if not data.finished:
        return ""
    covers = data.interval_covers(data.finished[0]) or "there are no intervals of a single network"
    return f"{_capital(covers)}; {tie_meaning(data)}. {DEV_CHOSE} {PROMOTE_NOTE}"


def plots(data: ReportData, analyses: Analyses) -> Iterator[Markup]:
    """Yield history, parallel coordinates, the plots by hyperparameter, and isolation plots."""
    study = in_memory(data)
    yield section(
        "History",
        plot(figures.history(data, study), "best value so far, and how trials ended", True),
        tables.failures(data.board.rows),
        about=_hidden(data, analyses.chance),
    )
    parallel = figures.parallel(data)
    if parallel is not None:
        label = "each line is a finished trial; orange is better"
        axes = len(parallel.layout.xaxis.tickvals)
        drawn = plot(parallel, label, True, axes=axes)
        wide = tag("div", drawn, class_="scroll")
        yield section("All hyperparameters at once", wide, about=_left_out(data))
    finished = [data.trials[row.number] for row in data.finished]
    names = sorted({name for trial in finished for name in trial.params}, key=_order)
    if names:
        each = (plot(figures.axis(data, study, name), name) for name in names)
        yield section(
            "Each hyperparameter",
            *_divergence(analyses),
            tag("div", *each, class_="grid"),
            about="Each dot is a finished trial, its value against one of its hyperparameters. The "
            "more a dot stands out from the page, the later the trial was tried.",
        )
        yield _isolation(data)


def _hidden(data: ReportData, chance: ChanceLevel | None) -> str:
    """Return which trials the plots leave out, and which of them have learnt nothing."""
    rows = figures.hidden(data)
    if not rows:
        return ""
    poor = [row.number for row in rows if chance and not chance.is_beaten_by(row.value)]
    named = shortened([row.number for row in rows], MAX_NAMED)
    lie = f"Trial {named} lies" if len(rows) == 1 else f"Trials {named} lie"
    which = "" if len(poor) == len(rows) else f": {shortened(poor, MAX_NAMED)}"
    learnt = f"; at the level of guessing{which}" if poor else ""
    return f"{lie} outside of the plots, far from the others{learnt}; double-click to see all."


def _left_out(data: ReportData) -> str:
    count = len(figures.hidden(data))
    trials = "The trial that lies" if count == 1 else f"The {count} trials that lie"
    return (
        f"{trials} outside of the other plots {'is' if count == 1 else 'are'} left out here."
        if count
        else ""
    )


def _order(name: str) -> tuple[int, int]:
    """Return the place of Optuna's name of a hyperparameter in the order of suggestion."""
    layer = name.removeprefix("units_") if name.startswith("units_") else "0"
    return [*HYPERPARAMETERS].index(key_of(name)), int(layer)


def _divergence(analyses: Analyses) -> Iterator[Markup]:
    found = analyses.divergence
    if found.diverged:
        cause = f": {describe_cut(found.cut)}" if found.cut else ""
        text = f"{found.diverged} of {found.ended} trials diverged{cause}; crosses mark them."
        yield tag("p", text, class_="about")


def _isolation(data: ReportData) -> Markup:
    far = " A value whose best trial lies far from the others is left out."
    left_out = far if figures.hidden(data) else ""
    drawn = (
        plot(figures.best_over_rest(data, axis, isolation(data, axis)), axis.name)
        for axis in data.axes
        if any(axis.place(row.params) is not None for row in data.finished)
    )
    return section(
        "Best over the rest",
        tag("div", *drawn, class_="grid"),
        about="The best trial for each value or bin of values, over all other hyperparameters. If "
        "intervals overlap, this study cannot say which value is better." + left_out,
    )


def importance(analyses: Analyses, by_depth: Mapping[int, Importance]) -> Markup:
    """Return the section on what mattered."""
    found = analyses.importance
    if found is None:
        few = f"This takes at least {MIN_TRIALS} finished trials with different values."
        return section("What mattered", about=few)
    labels = {f"all {found.trials} finished trials": found}
    labels |= {
        f"the {one.trials} trials with hidden_layers: {depth}": one
        for depth, one in by_depth.items()
    }
    parts = [
        plot(figures.importances(one), label, rows=len(one.names)) for label, one in labels.items()
    ]
    return section(
        "What mattered", tag("div", *parts, class_="grid"), about=_methods(found, by_depth)
    )


def _methods(found: Importance, by_depth: Mapping[int, Importance]) -> str:
    doubt = "" if found.explained >= MIN_EXPLAINED else NOISE_WARNING
    text = (
        f"{doubt}Shares of the explained variance between finished trials, by fANOVA and by "
        "permutation. The interval of a bar covers nine in ten random subsets of the trials. A "
        f"random forest predicts {max(found.explained, 0):.0%} of the variance of unseen trials; "
        "the shares do not cover the rest."
    )
    if found.trials > MAX_FANOVA_TRIALS:
        text += f" fANOVA uses {MAX_FANOVA_TRIALS} trials at a time."
    if found.missing:
        text += f" The first plot lacks {', '.join(found.missing)}, which only some trials have"
        text += "; each plot of one depth includes its own." if by_depth else "."
    return text


def pareto(data: ReportData) -> Markup:
    """Return the section on value against cost."""
    return section(
        "Value and training cost",
        plot(figures.pareto(data), "value against the arithmetic of the training", True),
    )


def curves(data: ReportData) -> Markup:
    """Return the section of the learning curves."""
    rows = data.finished[:MAX_CURVES]
    drawn = [
        plot(learning_curves.curves(data, rows, what), learning_curves.caption(what, len(rows)))
        for what in ("cost", "accuracy")
        if np.isfinite(data.trial_curves[rows[0].number].by_name[f"dev_{what}"]).any()
    ]
    diagnoses = tables.diagnoses(data, data.finished[:MAX_DIAGNOSED_TRIALS])
    about = (
        "Bias is the train error minus the smallest dev error of the study; variance is the dev "
        "error minus the train error. Only differences above two standard errors count. With "
        "checkpoint: best, both errors are those of the best point of the training."
    )
    return section(
        "Learning curves",
        tag("div", *drawn, class_="grid"),
        diagnoses,
        about=about if diagnoses else "",
    )


def commands(data: ReportData, place: str = "", champion: int | None = None) -> Markup:
    """Return the commands that repeat and verify the study, and use its champion.

    `place` says in words where the study is; `champion` is the champion's trial, if there is one.
    """
    config = data.config
    here = f"the folder of the study; storage {config.storage}, records {config.records}"
    name = shlex.quote(data.name)
    lines = [f"dnnsearch show {name}", f"dnnsearch verify {name}"]
    if data.finished:
        best = shlex.quote(f"{data.name}/{data.board.best.number}")
        lines = [f"dnnsearch rerun {best}", f"dnnsearch best {name} > best.yaml", *lines]
    if data.fingerprint:
        lines.append(f"dnnsearch fingerprint {name}   # {data.fingerprint}")
    if champion is not None:
        lines.append(
            f"dnnsearch promote {name}   # says again how trial {champion} became champion"
        )
        rows = rows_to_predict(config.data)
        lines.append(f"dnnsearch predict {name} {rows}   # the champion's predictions")
    made = ", ".join(f"{k} {v}" for k, v in data.definition["versions"].items())
    return section(
        "Reproduce",
        tag("pre", tag("code", "\n".join(lines))),
        tag("p", f"Made with {made}; numerics {data.definition['numerics']}.", class_="about"),
        about=f"Run these in {place or here}.",
    )


def analysis(
    study: OpenStudy,
    data: ReportData,
    analyses: Analyses,
    by_depth: Mapping[int, Importance],
    shown: ShownNetworks,
) -> Markup:
    """Return the sections that need at least one finished trial."""
    parts = [*plots(data, analyses), importance(analyses, by_depth), pareto(data)]
    return joined([*parts, curves(data), champion(data, study, shown)])
