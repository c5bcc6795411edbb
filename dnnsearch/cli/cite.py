"""`cite`: what a paper says of a study."""

import json

from dnnsearch.cli.options import Storage, Study
from dnnsearch.cli.promote import Json
from dnnsearch.cli.startup import pin
from dnnsearch.cli.streams import write_document
from dnnsearch.urls import DEFAULT_STORAGE


def cite(study: Study, as_json: Json = False, storage: Storage = DEFAULT_STORAGE) -> None:
    """Print what a paper says of a study.

    That is two sentences and a table row, in Markdown and in LaTeX. They name the space, the
    trials, the seeds, the numerics, the split, the figure with its 95 % interval, the fingerprint,
    and the command that verifies it. The figure is that of the champion on the test set, and the
    text says how often the test set was opened. Its networks are scored again first: a figure that
    they do not have is refused. If the study was not promoted here, the figure is
    that of the best trial on dev, and the text says that it is optimistic.

    \b
    Examples:
      dnnsearch cite digits
      dnnsearch cite digits --json
    """
    from dnnsearch.reporting.citation import cite as cited
    from dnnsearch.reporting.citation import lines
    from dnnsearch.study.evaluation_log import EvaluationLog
    from dnnsearch.study.leaderboard.formats import finite_or_null
    from dnnsearch.study.stored_study import open_study

    opened = open_study(study, storage)
    if EvaluationLog(opened.rows).entries:
        pin(opened.config.numerics)  # by which its test figure is scored again
    citation = cited(opened)
    as_text = json.dumps(finite_or_null(citation)) if as_json else "\n".join(lines(citation))
    write_document(f"{as_text}\n")  # its rows are to be pasted
