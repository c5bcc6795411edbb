"""`predict`: a table with a model's predictions."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from dnnsearch.cli.options import Storage, option, writable
from dnnsearch.cli.startup import pin
from dnnsearch.cli.streams import output_error
from dnnsearch.runtime.terminal_text import say
from dnnsearch.urls import DEFAULT_STORAGE

Model = Annotated[
    str,
    typer.Argument(
        metavar="MODEL", help="STUDY (its champion), STUDY/NUMBER, models:/..., or a model file."
    ),
]
Data = Annotated[
    Path,
    typer.Argument(metavar="DATA", help="The table, in any format of `new`, or iris, digits, ..."),
]
Out = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help=".csv, .tsv, .jsonl or .parquet.  [default: CSV on the screen]"
    ),
]
Missing = Annotated[
    str,
    typer.Option(metavar="WAY", help="What to do about missing columns: refuse or impute."),
]
Tracking = Annotated[
    str | None,
    typer.Option(
        metavar="URI",
        envvar="MLFLOW_TRACKING_URI",
        help="Where models:/ is looked up.  [default: sqlite:///mlflow.db]",
    ),
]

Interval = Annotated[
    str | None,
    typer.Option(metavar="LEVEL", help="Also an interval or a set of labels per row, such as 0.9."),
]


def predict(
    model: Model,
    data: Data,
    out: Out = None,
    missing: Missing = "refuse",
    interval: Interval = None,
    storage: Storage = DEFAULT_STORAGE,
    tracking: Tracking = None,
) -> None:
    """Predict for a table of your own.

    The cells of all columns stay unchanged and in their order. The columns `prediction` and, for
    classes, one `probability_...` per class are appended. CSV and similar text is read and written
    in parts, so a file may be larger than memory; it is written in UTF-8, with a comma (.tsv: a
    tab) between cells and a line feed after each row. The table may contain the target. Unknown
    categories count as other. If the model's own columns have such a name, it is
    `model_prediction` and so on.

    An earlier FILE is replaced, but no file that is read: the table, the model, its study's data.

    With --interval 0.9 the columns `prediction_low` and `prediction_high` follow, or for classes
    `prediction_set`, a JSON list of labels: for 9 of 10 rows like those of the training they hold
    the truth. A champion has them, which `promote` makes; the network of a trial has not, because
    the dev rows that would say how wrong it is have chosen it.

    \b
    Examples:
      dnnsearch predict churn new.csv --out answers.csv
      dnnsearch predict churn new.csv --interval 0.9 --out answers.csv
      dnnsearch predict churn/17 new.parquet --out answers.parquet
      dnnsearch predict models:/churn@champion new.csv | head
    """
    pin("portable")
    from dnnsearch.data.files.write_table import delimited
    from dnnsearch.deployment.lookup import check_out, find
    from dnnsearch.models.conformal import checked_level
    from dnnsearch.models.predict_table import check_missing_choice, predict_file, write
    from dnnsearch.validators import counted

    check_missing_choice(missing)
    level = None if interval is None else option("--interval", checked_level, interval)
    found = find(model, storage, print_note, tracking)
    if out is not None:
        check_out(writable(out), found, model, data, storage)
    parts = predict_file(found, data, missing, print_note, level)
    if out is not None:
        say([f"{counted(write(parts, out), 'row')} written to {out}"])
        return
    with delimited(sys.stdout.buffer) as screen:
        for part in parts:
            screen(part)
            if output_error():  # as of `predict ... | head`
                return


def print_note(text: str) -> None:
    """Print a note about a model, or about the rows, to standard error."""
    say([f"note: {text}"], sys.stderr)
