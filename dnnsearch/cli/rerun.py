"""`rerun`: train one trial again and compare it with its record."""

from typing import Annotated

import typer

from dnnsearch.cli.options import Storage
from dnnsearch.runtime.cli_process import send_result
from dnnsearch.runtime.terminal_text import say
from dnnsearch.urls import DEFAULT_STORAGE


def rerun(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="STUDY/NUMBER, or the id of an MLflow run.")
    ],
    storage: Storage = DEFAULT_STORAGE,
) -> int:
    """Train one trial again and compare every bit.

    The training runs in a new process that cannot read any result. Its result is compared with the
    record, and the record with the copies in Optuna's storage and in MLflow.

    Exit code: 0 identical, 1 not identical (the first difference is named), 2 not possible.

    \b
    Examples:
      dnnsearch rerun digits/17
      dnnsearch rerun 0af8c53c1d2e4b5f9a6b7c8d9e0f1a2b
    """
    from dnnsearch.reproduce.rerun import rerun as repeat

    verdict = repeat(run, storage)
    say(verdict.lines)
    send_result({"identical": verdict.exit_code == 0, "text": "\n".join(verdict.lines)})
    return verdict.exit_code
