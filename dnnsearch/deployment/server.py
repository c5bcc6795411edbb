"""Serve a model: a private copy of its file, and the command that starts the server.

The copy lies in a private temporary folder, which only this user may enter and which is removed
when the server ends: what other users can write to is not served.
"""

import os
import tempfile
from dataclasses import replace
from pathlib import Path

from dnnsearch.errors import UserError
from dnnsearch.models.ensemble import Model
from dnnsearch.models.model_file import encode
from dnnsearch.runtime import numerics
from dnnsearch.runtime.remove_at_end import remove_at_end
from dnnsearch.tracking.ui import Command, serve_command

MAX_BODY = 64  # MB of one request
FILE = "model.dnn"  # in the private folder


def command(model: Model, port: int, max_body: int = MAX_BODY, name: str = "a model") -> Command:
    """Return the command that serves the model on 127.0.0.1:`port`; `max_body` is in MB.

    The server prints a line with the `name` once it answers.
    Its numerics are pinned like those of `predict`, so that both give the same digits. Raise
    UserError if the temporary folder cannot be written.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix="dnnsearch-serve-"))  # only this user may enter it
        descriptor = remove_at_end(folder)
        try:
            (folder / FILE).write_bytes(encode(model))
        except BaseException:
            os.close(descriptor)
            raise
    except OSError as error:
        place, why = tempfile.gettempdir(), error.strerror or error
        raise UserError(f"the model cannot be written to {place}: {why}") from None
    unpinned = serve_command(folder / FILE, port, max_body * 1_000_000, name)
    pinned = numerics.pinned(numerics.supported_pins("portable"), unpinned.environment)
    return replace(unpinned, environment=pinned, descriptors=(descriptor,))
