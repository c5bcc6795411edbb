"""What a paper says of a study: sentences, and a table row in Markdown and in LaTeX.

The figure is that of the champion on the test set. A study that was not promoted has only a dev
figure, and the text says that it is optimistic. With outer folds a third sentence has the figure of
the procedure.
"""

import shlex
from dataclasses import dataclass
from typing import Any

from dnnsearch.config.dimensions import Fixed, Range
from dnnsearch.promotion.champion_fingerprint import champion_entries
from dnnsearch.promotion.quoted_figures import figure_note, outer_note
from dnnsearch.reporting.analysis.report_data import read
from dnnsearch.runtime.cli_process import NAME
from dnnsearch.runtime.package_version import package_version
from dnnsearch.statistics.interval import score_text
from dnnsearch.study.evaluation_log import on_test
from dnnsearch.study.leaderboard.formats import in_markdown
from dnnsearch.study.leaderboard.ranking import leaderboard
from dnnsearch.study.outer_figure import outer_figure
from dnnsearch.study.stored_study import OpenStudy
from dnnsearch.study.test_set_history import history

COLUMNS = ("study", "space", "trials", "seeds", "numerics", "split", "figure", "fingerprint")
ROW_DIGITS = 12  # of the fingerprint in the row; the sentences have all
LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "±": r"$\pm$",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
}


@dataclass(frozen=True)
class Figure:
    """A score with its 95 % interval, as text, and what it is a score of."""

    name: str
    text: str
    of: str  # what has the score
    note: str  # why it can be trusted, or not
    document: dict[str, Any]


def cite(study: OpenStudy) -> dict[str, Any]:
    """Return the citation as a document: `sentences`, `markdown`, `latex`, and what they are of.

    Raise UserError if a trial is unfinished, if none has finished, if a record is damaged, or if
    the figure in the log is not what its networks score again.
    """
    fingerprint = study.fingerprint()
    note, outer_why = figure_note(study), outer_note(study)
    unscored = f" This is as the study has it, for {outer_why}." if outer_why else ""
    figure = _champion(study, note) or _best_trial(study)
    cells = _cells(study, figure, fingerprint)
    outer = outer_figure(study)
    return {
        **cells,
        "figure": figure.document,
        "outer": outer and outer.figure,
        "fingerprint": fingerprint,
        "verify": _verify(study),
        "sentences": [
            *_sentences(study, figure, cells, fingerprint),
            *([f"{outer.sentence}{unscored}"] if outer else []),
        ],
        "markdown": _markdown(cells),
        "latex": _latex(cells),
    }


def lines(citation: dict[str, Any]) -> list[str]:
    """Return the lines that `cite` prints."""
    sentences, markdown, latex = (citation[key] for key in ("sentences", "markdown", "latex"))
    return [" ".join(sentences), "", *markdown, "", *latex]


def _champion(study: OpenStudy, note: str) -> Figure | None:
    """Return the test figure of the champion; None if the study was not promoted here."""
    if (found := next(champion_entries(study), None)) is None:
        return None
    entry, record = found
    score, guess = entry["figures"]["ensemble"], entry["figures"]["guess"]
    name, networks = on_test(study.config.objective), record.spec.replicates
    return Figure(
        name=name,
        text=score_text(score),
        of=f"The champion, {networks} networks of trial {record.spec.number},",
        note=f"{entry['figures']['examples']} test rows, where guessing has {guess:.4f} "
        f"({'; '.join([history(study).sentence(entry['model']), *([note] if note else [])])})",
        document={"metric": name, **score, "guess": guess, "trial": record.spec.number},
    )


def _best_trial(study: OpenStudy) -> Figure:
    data = read(study)
    best = data.board.best
    assert best.value is not None  # it is ranked
    interval = data.interval(best)
    bounds = {"low": interval.low, "high": interval.high} if interval else {}
    name = study.config.objective
    sure = f" (95 %: {interval})" if interval else ""
    opened = history(study)
    covers = f"; {words}" if (words := data.interval_covers(best)) else ""
    tested = f"; {opened.sentence()}" if opened.openings else "; no test row was used"
    return Figure(
        name=name,
        text=f"{best.value:.4f}{sure}",
        of=f"The best trial, {best.number},",
        note=f"the dev rows that chose it, so this is optimistic (not promoted{tested}{covers})",
        document={"metric": name, "value": best.value, **bounds, "trial": best.number},
    )


def _cells(study: OpenStudy, figure: Figure, fingerprint: str) -> dict[str, str]:
    """Return the cells of the row, by COLUMNS."""
    config, definition = study.config, study.definition
    spaces = {name: one for name, one in config.hyper.items() if not isinstance(one, Fixed)}
    seeds = f"study {config.seed}, split {config.split.seed}"
    more = f", {config.replicates} networks a trial" if config.replicates > 1 else ""
    cells = (
        study.name,
        "; ".join(f"{name} {_space(one)}" for name, one in spaces.items()) or "one configuration",
        str(len(study.trials())),
        f"{seeds}{more}",
        str(definition["numerics"]),
        _split(study),
        f"{figure.name} {figure.text}",
        fingerprint[:ROW_DIGITS],
    )
    return dict(zip(COLUMNS, cells, strict=True))


def _space(dimension: Any) -> str:
    log = " (log)" if isinstance(dimension, Range) and dimension.log else ""
    return f"{dimension}{log}"


def _split(study: OpenStudy) -> str:
    split, folds = study.config.split, study.config.folds
    named = {"by": split.by, "order": split.order, "equal rows": split.equal_rows}
    named["outer fold"] = split.outer_fold
    rules = [f"{name} {value}" for name, value in named.items() if value]
    dev = f"{folds} folds" if folds else f"dev {split.dev:g}"
    return ", ".join([dev, f"test {split.test:g}", *rules])


def _sentences(
    study: OpenStudy, figure: Figure, cells: dict[str, str], fingerprint: str
) -> list[str]:
    config, definition = study.config, study.definition
    first = (
        f"Study {study.name} ({NAME} {package_version()}, arithmetic {definition['arithmetic']}, "
        f"numerics {cells['numerics']}) searched {cells['space']} with the sampler "
        f"{config.sampler} and the objective {config.objective}, "
        f"{leaderboard(study).counts}, seeds: {cells['seeds']}, on prepared data with the digest "
        f"{definition['data_digest'][:ROW_DIGITS]}... (split: {cells['split']})."
    )
    second = (
        f"{figure.of} has {figure.name} {figure.text} on {figure.note}; the fingerprint of the "
        f"study is {fingerprint}, and `{_verify(study)}` trains all of it again and compares every "
        "bit."
    )
    return [first, second]


def _verify(study: OpenStudy) -> str:
    return f"{NAME} verify {shlex.quote(study.name)}"


def _markdown(cells: dict[str, str]) -> list[str]:
    row = (in_markdown(cell) for cell in cells.values())
    rule = "|".join("---" for _ in COLUMNS)
    return [f"| {' | '.join(COLUMNS)} |", f"|{rule}|", f"| {' | '.join(row)} |"]


def _latex(cells: dict[str, str]) -> list[str]:
    row = ("".join(LATEX.get(sign, sign) for sign in cell) for cell in cells.values())
    return [f"{' & '.join(COLUMNS)} \\\\", "\\hline", f"{' & '.join(row)} \\\\"]
