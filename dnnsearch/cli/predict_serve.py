"""`predict`, `serve`: put a model to work."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from dnnsearch.cli.options import STORAGE, Storage, writable
from dnnsearch.cli.pin_numerics import pin
from dnnsearch.cli.ports import check_free

Model = Annotated[
    str,
    typer.Argument(
        metavar="MODEL", help="STUDY (its champion), STUDY/NUMBER, models:/..., or a model file."
    ),
]
Data = Annotated[Path, typer.Argument(metavar="DATA", help="The table, in any format of `new`.")]
Out = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help=".csv, .tsv, .jsonl or .parquet.  [default: CSV on the screen]"
    ),
]
Missing = Annotated[
    str,
    typer.Option(metavar="WAY", help="Columns that the table has not: refuse, or impute."),
]
Tracking = Annotated[
    str | None,
    typer.Option(
        metavar="URI",
        envvar="MLFLOW_TRACKING_URI",
        help="Where models:/ is looked up.  [default: sqlite:///mlflow.db]",
    ),
]


def predict(
    model: Model,
    data: Data,
    out: Out = None,
    missing: Missing = "refuse",
    storage: Storage = STORAGE,
    tracking: Tracking = None,
) -> None:
    """Predict for a table of your own.

    All columns stay as they were, in their order; behind them come `prediction` and, for classes,
    `probability_...` of each. CSV and its relatives are read and written in parts, so they may be
    larger than memory. The target may be in the table or not; unknown categories count as other.

    \b
    Examples:
      dnnsearch predict churn new.csv --out answers.csv
      dnnsearch predict churn/17 new.parquet --out answers.parquet
      dnnsearch predict models:/churn@champion new.csv | head
    """
    pin("portable")
    from dnnsearch.data.files.write_table import delimited
    from dnnsearch.deployment.lookup import find
    from dnnsearch.models.predict_table import check_missing_choice, predict_file, write

    check_missing_choice(missing)
    parts = predict_file(find(model, storage, _note, tracking), data, missing)
    if out is not None:
        print(f"{write(parts, writable(out))} rows written to {out}")
        return
    with delimited(sys.stdout.buffer) as screen:
        for part in parts:
            screen(part)


def serve(
    model: Model,
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port on 127.0.0.1.")] = 5001,
    storage: Storage = STORAGE,
    tracking: Tracking = None,
) -> None:
    """Serve a model on 127.0.0.1, with MLflow's own server.

    It answers rows that are posted to /invocations as JSON (dataframe_split, dataframe_records) or
    CSV with what `predict` gives, and rows that it cannot take with status 400 and the reason.

    \b
    Examples:
      dnnsearch serve churn
      dnnsearch serve churn/17 --port 8080
      curl -H "Content-Type: text/csv" --data-binary @new.csv http://127.0.0.1:5001/invocations
    """
    from dnnsearch.deployment.lookup import find
    from dnnsearch.deployment.server import command

    check_free(port)
    started = command(find(model, storage, _note, tracking), port)
    print(f"serving {model}: post rows to {started.address} (Ctrl-C ends it)", flush=True)
    os.execve(started.argv[0], started.argv, started.environment)


def _note(text: str) -> None:
    print(f"note: {text}", file=sys.stderr, flush=True)
