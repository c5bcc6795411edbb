"""`fingerprint`: one hash of all results of a study."""

from typing import Annotated

import typer

from dnnsearch.cli.options import Storage, Study
from dnnsearch.runtime.terminal_text import say
from dnnsearch.urls import DEFAULT_STORAGE


def fingerprint(
    study: Study,
    trials: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Use the first N trials only.")
    ] = None,
    storage: Storage = DEFAULT_STORAGE,
) -> None:
    """Print a study's fingerprint.

    Two studies have the same fingerprint if their results are equal bit for bit. It covers every
    trial's hyperparameters, seeds, data, curves, final parameters and predictions. It does not
    cover times or machines. It is the last line of the output. If the study was promoted here, the
    line before it is `champion` and the fingerprint of the champion: its networks, their outputs
    for the test set, and the test figures. A line above says how many trials `try` has given.

    \b
    Examples:
      dnnsearch fingerprint digits
      dnnsearch fingerprint digits --trials 20
    """
    from dnnsearch.study.evaluation_log import EvaluationLog
    from dnnsearch.study.given_trials import given_count
    from dnnsearch.study.stored_study import open_study

    opened = open_study(study, storage)
    value = opened.fingerprint(trials)
    if given := [number for number in opened.given if trials is None or number < trials]:
        say([given_count(len(given))])
    if trials is None and EvaluationLog(opened.rows).entries:  # without one there is no champion
        from dnnsearch.promotion.champion_fingerprint import champion_fingerprint

        if champion := champion_fingerprint(opened):
            say([f"champion {champion}"])
    print(value)
