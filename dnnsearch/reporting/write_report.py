"""From studies to the text of a page, and the page laid beside them in MLflow."""

import html
import re
from collections.abc import Callable, Sequence

from dnnsearch.reporting.analysis.analyses import analyse, analyse_deeper
from dnnsearch.reporting.analysis.champion_trial import shown
from dnnsearch.reporting.analysis.findings import findings
from dnnsearch.reporting.analysis.importance import DRAWS
from dnnsearch.reporting.analysis.report_data import ReportData, read
from dnnsearch.reporting.analysis.verdict import verdict
from dnnsearch.reporting.html import sections
from dnnsearch.reporting.html.markup import Markup, joined, tag
from dnnsearch.reporting.html.page import page
from dnnsearch.study.stored_study import EXPERIMENT, IDENTITY, OpenStudy
from dnnsearch.tracking import has_store

ALONE = "report.html"  # the page of one study
Say = Callable[[str], object]


def _ignore(text: str) -> None:
    pass


def report(studies: Sequence[OpenStudy], say: Say = _ignore, draws: int = DRAWS) -> str:
    """The report on the studies as one HTML document; `say` is told what is being done.

    Raises UserError where a record is missing or damaged.
    """
    materials = [_read(study, say) for study in studies]
    bodies = [_one(*each, say, draws) for each in zip(studies, materials, strict=True)]
    if len(studies) == 1:
        return page(f"Study {studies[0].name}", bodies[0])
    return page(
        f"Studies {', '.join(study.name for study in studies)}", _several(materials, bodies)
    )


def attach(study: OpenStudy, name: str, page: str) -> bool:
    """Make the page an artifact of the study's run in MLflow; whether there is such a run.

    Raises UserError when MLflow is away.
    """
    uri = study.config.tracking
    if not has_store(uri):
        return False
    from dnnsearch.tracking import report_artifact

    experiment, identity = study.attributes[EXPERIMENT], study.attributes[IDENTITY]
    sentences = verdict_of(page) if name == ALONE else ""
    return report_artifact.attach(
        uri, experiment, study.name, identity, name, page.encode(), sentences
    )


def verdict_of(page: str) -> str:
    """The sentences that a page begins with, as text whose marks mean nothing in Markdown."""
    found = re.search(r'<p class="verdict">(.*?)</p>', page, re.DOTALL)
    return re.sub(r"([\\`*_\[\]<>|])", r"\\\1", html.unescape(found[1])) if found else ""


def _read(study: OpenStudy, say: Say) -> ReportData:
    def progress(at: int, of: int) -> None:
        if at % 100 == 0 or at == of:
            say(f"study {study.name}: {at} of {of} records read")

    return read(study, progress)


def _one(study: OpenStudy, material: ReportData, say: Say, draws: int) -> Markup:
    views = analyse(material, draws, say)
    warnings = list(findings(views))
    sentences = verdict(material, views, warnings)
    parts = [sections.verdict(sentences, warnings), sections.leaderboard(material, views)]
    if material.finished:
        by_depth = analyse_deeper(material, views, draws)
        say("drawing")
        champion = shown(material, study, say)
        parts.append(sections.analysis(study, material, views, by_depth, champion))
    return joined([*parts, sections.commands(material)])


def _several(materials: Sequence[ReportData], bodies: Sequence[Markup]) -> Markup:
    """How they compare, then each."""
    from dnnsearch.reporting.analysis.study_comparison import compare_studies

    named = zip(materials, bodies, strict=True)
    parts = [joined([tag("h1", f"Study {m.name}"), body]) for m, body in named]
    return joined([compare_studies(materials), *parts])
