"""What a model answers; nothing is trained."""

import subprocess
import warnings
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from dnnsearch.api.cli_call import storage_of

if TYPE_CHECKING:
    import pandas as pd

warn = partial(warnings.warn, stacklevel=4)


def predict(
    model: str,
    data: "str | Path | pd.DataFrame",
    out: str | Path | None = None,
    *,
    missing: str = "refuse",
    tracking: str | None = None,
    storage: str | None = None,
) -> "pd.DataFrame | Path":
    """A table with a model's answers behind its own columns, which stay as they are.

    `model` is what the command takes, `data` a DataFrame or a file. Returns a DataFrame, with text
    as text, or writes `out` and returns its path. Raises UserError for all that is refused.
    """
    import pandas as pd

    from dnnsearch.deployment.lookup import find
    from dnnsearch.models import predict_table

    predict_table.check_missing_choice(missing)
    found = find(model, storage_of(storage), warn, tracking)
    if isinstance(data, pd.DataFrame):
        parts = iter([predict_table.predict_table(found, data, missing)])
    else:
        parts = predict_table.predict_file(found, Path(data), missing)
    if out is None:
        return pd.concat(parts)
    predict_table.write(parts, Path(out))
    return Path(out)


def serve(
    model: str, port: int = 5001, *, tracking: str | None = None, storage: str | None = None
) -> "subprocess.Popen[bytes]":
    """Serve what `predict` takes on 127.0.0.1; returns MLflow's running process."""
    from dnnsearch.deployment.lookup import find
    from dnnsearch.deployment.server import command

    started = command(find(model, storage_of(storage), warn, tracking), port)
    return subprocess.Popen(started.argv, env=started.environment)
