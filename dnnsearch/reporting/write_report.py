"""From studies to the report, and its copy in MLflow."""

import shlex
from collections.abc import Callable, Sequence
from typing import NamedTuple

from dnnsearch.config.config_files import find_config
from dnnsearch.deployment.trial_model import prepared_of
from dnnsearch.errors import DamagedFile, UserError
from dnnsearch.promotion.quoted_figures import figure_note, outer_note
from dnnsearch.reporting.analysis.analyses import analyse, analyse_deeper
from dnnsearch.reporting.analysis.champion_trial import ShownNetworks, networks_to_show
from dnnsearch.reporting.analysis.explanation import explain
from dnnsearch.reporting.analysis.findings import findings
from dnnsearch.reporting.analysis.importance import DRAWS
from dnnsearch.reporting.analysis.report_data import ReportData, read
from dnnsearch.reporting.analysis.verdict import verdict
from dnnsearch.reporting.html import sections
from dnnsearch.reporting.html.ablation_section import ablation_section, measured
from dnnsearch.reporting.html.baselines_section import baselines
from dnnsearch.reporting.html.columns_section import what_columns_do, without_columns
from dnnsearch.reporting.html.comparison_section import compare_studies
from dnnsearch.reporting.html.markup import Markup, joined, tag
from dnnsearch.reporting.html.page import page
from dnnsearch.reporting.html.test_figure_section import figure_section
from dnnsearch.runtime import numerics
from dnnsearch.study.baselines import baselines_file
from dnnsearch.study.baselines.baseline_fitting import description
from dnnsearch.study.baselines.fit_study import fit_and_keep
from dnnsearch.study.leaderboard.formats import in_markdown
from dnnsearch.study.leaderboard.ranking import leaderboard
from dnnsearch.study.promoted_figure import promoted_figure
from dnnsearch.study.stored_study import EXPERIMENT, OpenStudy
from dnnsearch.study.test_set_history import history
from dnnsearch.study.trial_views import study_info
from dnnsearch.tracking import has_store

OnMessage = Callable[[str], object]


class Report(NamedTuple):
    """A page, and the verdict it begins with."""

    html: str  # one document that needs no other file
    verdict: str  # Markdown; empty if there are several studies


def report(
    studies: Sequence[OpenStudy],
    on_message: OnMessage = lambda text: None,
    draws: int = DRAWS,
    place: str = "",
) -> Report:
    """Return the report on the studies; `on_message` gets a line about each long step.

    The importance of the hyperparameters is computed on `draws` random subsets of the trials.
    `place` says in words where the studies can be verified, by default the addresses of here. Raise
    UserError if a record is missing or damaged.
    """
    every = [_read(study, on_message) for study in studies]
    bodies, verdicts = [], []
    for study, data in zip(studies, every, strict=True):
        body, sentences = _one(study, data, on_message, draws, place)
        bodies.append(body)
        verdicts.append(in_markdown(" ".join(sentences)))
    if len(studies) == 1:
        return Report(page(f"Study {studies[0].name}", bodies[0]), verdicts[0])
    title = f"Studies {', '.join(study.name for study in studies)}"
    return Report(page(title, _several(every, bodies)), "")


def fit_baselines(study: OpenStudy, on_message: OnMessage) -> None:
    """Fit the baselines of a study that has a finished trial and no baselines yet.

    If that fails, `on_message` gets why.
    """
    board = leaderboard(study)
    if not board.ranked or baselines_file.read(study):
        return
    try:
        record = study.record(board.best.number)
        pins = numerics.supported_pins(record.spec.numerics)
        prepared = prepared_of(study, record, with_train=True)
        on_message(description(prepared, "dev", study.config.folds))
        fit_and_keep(study, prepared, pins)
    except DamagedFile:
        raise
    except UserError as error:
        on_message(f"no baselines: {error}")


def attach(study: OpenStudy, name: str, report: Report) -> bool:
    """Store the report in MLflow, and return whether MLflow has a run of the study.

    The page becomes the artifact `name` of that run. A verdict becomes the beginning of the run's
    description. Raise UserError if MLflow does not answer.
    """
    uri = study.config.tracking
    if not has_store(uri):
        return False
    from dnnsearch.tracking import report_artifact

    return report_artifact.attach(
        uri, study_info(study), name, report.html.encode(), report.verdict
    )


def _test_figure(study: OpenStudy) -> Markup:
    """Return the section on the test figure, which warns if its networks score something else."""
    found = promoted_figure(study)
    try:
        figure_note(study)
        outer_note(study)
    except UserError as error:
        return figure_section(found, str(error))
    return figure_section(found)


def _read(study: OpenStudy, on_message: OnMessage) -> ReportData:
    def progress(at: int, of: int) -> None:
        if at % 100 == 0 or at == of:
            on_message(f"study {study.name}: {at} of {of} records read")

    return read(study, progress)


def _one(
    study: OpenStudy, data: ReportData, on_message: OnMessage, draws: int, place: str
) -> tuple[Markup, list[str]]:
    """Return the sections on a study, and the sentences of its verdict."""
    analyses = analyse(data, draws, on_message)
    warnings = list(findings(analyses, _another_search(study)))
    explained = measured(study, on_message) if data.finished else None
    sentences = verdict(data, analyses, warnings, explained)
    shown = networks_to_show(data, study, on_message) if data.finished else None
    champion = shown.champion if shown else None
    test_set, figure = history(study), _test_figure(study)  # which says it, too
    is_opened = bool(test_set.openings or test_set.unknown)
    opened = test_set.sentence() if is_opened and not figure else ""
    first = [
        figure,
        sections.verdict(sentences, warnings, opened, "In the search" if figure else ""),
        sections.leaderboard(data, analyses, champion),
    ]
    parts = [*first, baselines(data)]
    if shown:
        by_depth = analyse_deeper(data, analyses, draws)
        on_message("drawing the plots")
        parts.append(ablation_section(explained))
        parts.append(sections.analysis(study, data, analyses, by_depth, shown))
        parts.append(_columns(study, shown, on_message))
    return joined([*parts, sections.commands(data, place, champion)]), sentences


def _another_search(study: OpenStudy) -> str:
    """Return the command that starts another study by the same config, as far as that is here."""
    name = study.attributes.get(EXPERIMENT, study.name)
    config = name if find_config(name).is_file() else "CONFIG.yaml"
    return shlex.join(["dnnsearch", "search", config, "--study", f"{study.name}-2"])


def _columns(study: OpenStudy, shown: ShownNetworks, on_message: OnMessage) -> Markup:
    """Return the section on the columns; a report trains nothing, and goes on without the data."""
    if any("parameters" not in record.arrays for record in shown.records):
        command = f"dnnsearch explain {shlex.quote(study.name)}"
        return without_columns(
            "The parameters of these networks are too large for their record; "
            f"{command} trains them again."
        )
    try:
        return what_columns_do(explain(study, shown, on_message))
    except UserError as error:
        return without_columns(f"This could not be measured: {error}.")


def _several(every: Sequence[ReportData], bodies: Sequence[Markup]) -> Markup:
    """Return the comparison, then the sections of each study."""
    parts = [compare_studies(every)]
    for data, body in zip(every, bodies, strict=True):
        parts += [tag("h1", f"Study {data.name}"), body]
    return joined(parts)
