"""What a model predicts; nothing is trained here."""

import os
import subprocess
import warnings
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dnnsearch.urls import storage_url

if TYPE_CHECKING:
    import pandas as pd

warn = partial(warnings.warn, stacklevel=4)


def predict(
    model: str,
    data: Any,
    out: str | Path | None = None,
    *,
    missing: str = "refuse",
    interval: float | None = None,
    tracking: str | None = None,
    storage: str | None = None,
) -> "pd.DataFrame | Path":
    """Append a model's predictions to a table, whose own cells stay unchanged.

    `model` is a STUDY (its champion), STUDY/NUMBER, models:/... or a model file; `data` is a
    file, a table (pandas, polars, Arrow), or records: a list of mappings, one for each row. Return
    a pandas DataFrame, or, if `out` is given, write that file and return its path; it replaces an
    earlier one, but no file that is read. `missing` is what to do about missing columns: "refuse"
    or "impute". With `interval`, such as 0.9, the columns `prediction_low` and `prediction_high`
    follow, or for classes `prediction_set`, a JSON list. Raise UserError for what the command
    `predict` refuses.
    """
    import pandas as pd

    from dnnsearch.api.frame_file import table
    from dnnsearch.deployment.lookup import check_out, find
    from dnnsearch.models import predict_table

    predict_table.check_missing_choice(missing)
    level = None if interval is None else _level(interval)
    found = find(model, storage_url(storage), warn, tracking)
    file = Path(data) if isinstance(data, str | os.PathLike) else None
    if out is not None:
        check_out(Path(out), found, model, file, storage_url(storage))
    if file is not None:
        parts = predict_table.predict_file(found, file, missing, warn, level)
    else:
        parts = iter([predict_table.predict_table(found, table(data), missing, warn, level)])
    if out is None:
        return pd.concat(parts)
    predict_table.write(parts, Path(out))
    return Path(out)


def _level(interval: object) -> float:
    from dnnsearch.errors import UserError
    from dnnsearch.models.conformal import checked_level

    try:
        return checked_level(interval)
    except ValueError as error:
        raise UserError(f"interval {error}") from None


def serve(
    model: str,
    port: int = 5001,
    *,
    max_body: int = 64,
    tracking: str | None = None,
    storage: str | None = None,
) -> "subprocess.Popen[bytes]":
    """Serve a model, named as in `predict`, on 127.0.0.1; return the server's running process.

    Requests of more than `max_body` MB are refused.
    """
    from dnnsearch.deployment.lookup import find
    from dnnsearch.deployment.server import command

    server = command(find(model, storage_url(storage), warn, tracking), port, max_body)
    return server.start()
