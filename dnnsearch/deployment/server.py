"""A model as a server: the folder that MLflow serves, and the command that does it."""

import tempfile
from pathlib import Path

from dnnsearch.errors import UserError
from dnnsearch.models.ensemble import Model
from dnnsearch.models.model_file import digest, encode
from dnnsearch.runtime import numerics
from dnnsearch.storage.array_store import default_root
from dnnsearch.tracking.ui import Command, serve_command


def command(model: Model, port: int) -> Command:
    """How to serve the model on 127.0.0.1; raises UserError where the cache cannot be written.

    Its numerics are pinned as those of `predict`, so that both give the same digits.
    """
    found = serve_command(_folder(encode(model)), port)
    pinned = numerics.pinned(numerics.playable("portable"), found.environment)
    return Command(found.argv, pinned, found.address)


def _folder(content: bytes) -> Path:
    """MLflow's folder of the model file, made once for each content; whole or not at all."""
    root = default_root()
    folder = root / digest(content)  # `clean` knows such names
    if folder.is_dir():
        return folder
    from dnnsearch.tracking.model_folder import write_folder  # MLflow takes its seconds

    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=root, prefix=".new-") as new:
            write_folder(Path(new, "model"), content)
            Path(new, "model").rename(folder)
    except OSError as error:
        raise UserError(f"the model cannot be kept in {root}: {error.strerror or error}") from None
    return folder
