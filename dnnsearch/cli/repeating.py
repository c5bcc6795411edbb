"""`rerun`: train again what has been trained, and compare."""

from typing import Annotated

import typer

from dnnsearch.cli.options import STORAGE, Storage


def rerun(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="STUDY/NUMBER, or the id of an MLflow run.")
    ],
    storage: Storage = STORAGE,
) -> int:
    """Train one trial again and compare every bit.

    The training runs in a fresh process that cannot see any result. Its outcome is compared with
    the record, and the record with the copies in Optuna's storage and in MLflow.

    Exit code: 0 identical, 1 different (the first difference is named), 2 it could not be done.

    \b
    Examples:
      dnnsearch rerun digits/17
      dnnsearch rerun 0af8c53c1d2e4b5f9a6b7c8d9e0f1a2b
    """
    from dnnsearch.rerunning import rerun as repeat

    verdict = repeat(run, storage)
    print("\n".join(verdict.lines))
    return verdict.exit_code
