"""Serve a model: the folder that MLflow serves, and the command that starts its server."""

import tempfile
from pathlib import Path

from dnnsearch.errors import UserError
from dnnsearch.models.ensemble import Model
from dnnsearch.models.model_file import digest, encode
from dnnsearch.runtime import numerics
from dnnsearch.storage.array_store import default_root
from dnnsearch.tracking.ui import Command, serve_command

MAX_BODY = 64  # MB of one request


def command(model: Model, port: int, max_body: int = MAX_BODY) -> Command:
    """Return the command that serves the model on 127.0.0.1:`port`; `max_body` is in MB.

    Its numerics are pinned like those of `predict`, so that both give the same digits. Raise
    UserError if the cache cannot be written.
    """
    unpinned = serve_command(_folder(encode(model)), port, max_body * 1_000_000)
    pinned = numerics.pinned(numerics.playable("portable"), unpinned.environment)
    return Command(unpinned.argv, pinned, unpinned.address)


def _folder(content: bytes) -> Path:
    """Return MLflow's folder for the model file in the cache; create it whole or not at all."""
    root = default_root()
    folder = root / digest(content)  # a name that `clean` removes
    if folder.is_dir():
        return folder
    from dnnsearch.tracking.model_folder import write_folder  # imports MLflow: seconds

    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=root, prefix=".new-") as new:
            write_folder(Path(new, "model"), content)
            Path(new, "model").rename(folder)
    except OSError as error:
        raise UserError(
            f"the model cannot be written to {root}: {error.strerror or error}"
        ) from None
    return folder
