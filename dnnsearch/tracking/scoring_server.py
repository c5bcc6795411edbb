"""The server that `serve` starts: MLflow's application, with an /invocations of our own.

It takes what MLflow's takes and answers in the same form. But bodies have a size limit, every
refusal is one line without a traceback, and rows are read as `predict` reads them.
"""

import asyncio
import json
import sys
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

import uvicorn

from dnnsearch.models import model_file
from dnnsearch.models.ensemble import Model
from dnnsearch.tracking.posted_tables import READERS, predictions

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

MAX_LINE_CHARACTERS = 500  # of a refusal
MAX_DISCARDED = 16  # times the limit of a body, before the connection is closed on the sender
ERROR_CODES = {400: "BAD_REQUEST", 413: "REQUEST_TOO_LARGE", 415: "UNSUPPORTED_MEDIA_TYPE"}


class WithoutSchema:
    """What MLflow's application asks of a model, whose rows it never sees here."""

    def __init__(self) -> None:
        self.metadata = self

    def get_input_schema(self) -> None:
        """Return None: rows are checked by the model itself."""


def _mlflows_application() -> Any:
    """Return MLflow's ASGI application, for its pages beside /invocations."""
    with warnings.catch_warnings(action="ignore"):  # of MLflow's own type hints
        from mlflow.pyfunc import scoring_server

    stand_in: Any = WithoutSchema()
    return scoring_server.init(stand_in)


class CheckedServer:
    """An ASGI application: MLflow's, with checks before it and errors of one line after it."""

    def __init__(self, model: Model, max_bytes: int) -> None:
        self.model, self.max_bytes = model, max_bytes
        self.inner = _mlflows_application()
        self._one_body_at_a_time = asyncio.Lock()  # so that memory does not grow with the clients

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or (scope["path"], scope["method"]) != ("/invocations", "POST"):
            await self.inner(scope, receive, send)
            return
        body = await self._body(scope, receive)
        if body is None:
            limit = f"a body must have at most {self.max_bytes:,} bytes: raise --max-body"
            status, content = 413, error_body(413, f"{limit}, or post fewer rows at a time")
        else:
            async with self._one_body_at_a_time:
                status, content = await self._answer(scope, body)
        head = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(content))]
        head += [(b"connection", b"close")] if status == 413 else []
        await send({"type": "http.response.start", "status": status, "headers": head})
        await send({"type": "http.response.body", "body": content})

    async def _body(self, scope: Message, receive: Receive) -> bytes | None:
        """Return the body, None if it is too large; the rest of such a one is discarded.

        A sender that reads no answer before all is sent would see a broken connection otherwise.
        """
        headers = dict(scope["headers"])
        declared = headers.get(b"content-length", b"0")
        is_long = declared.isdigit() and int(declared) > self.max_bytes
        if is_long and b"expect" in headers:  # the sender waits for a permission
            return None
        body, count = bytearray(), 0
        async for part in _parts(receive):
            count += len(part)
            if count > MAX_DISCARDED * self.max_bytes:
                return None
            if count <= self.max_bytes and not is_long:
                body += part
        return bytes(body) if count <= self.max_bytes and not is_long else None

    async def _answer(self, scope: Message, body: bytes) -> tuple[int, bytes]:
        """Return status and body of the answer."""
        kind = dict(scope["headers"]).get(b"content-type", b"").decode("latin-1")
        media_type = kind.partition(";")[0].strip().lower()
        if media_type in READERS:
            try:
                return 200, await asyncio.to_thread(predictions, self.model, body, media_type)
            except ValueError as error:
                return 400, error_body(400, str(error))
        status, got = (415, repr(kind)) if media_type else (400, "none")
        choices = ", ".join(READERS)
        return status, error_body(status, f"Content-Type must be one of {choices}, but got {got}")


async def _parts(receive: Receive) -> AsyncIterator[bytes]:
    """Yield the parts of a body."""
    while True:
        message = await receive()
        yield message.get("body", b"")
        if not message.get("more_body", False):
            return


def error_body(status: int, reason: str) -> bytes:
    """Return the JSON of a refusal, with the reason as one line, in MLflow's form."""
    lines = [line.strip() for line in reason.splitlines() if line.strip()]
    line = lines[0][:MAX_LINE_CHARACTERS] if lines else "the rows cannot be predicted"
    return json.dumps({"error_code": ERROR_CODES.get(status, "ERROR"), "message": line}).encode()


def main(arguments: list[str]) -> None:
    """Serve the model of a file, on a port and with a limit for bodies, until a signal ends it."""
    file, port, max_bytes = arguments
    model = model_file.read(Path(file))
    uvicorn.run(CheckedServer(model, int(max_bytes)), host="127.0.0.1", port=int(port))


if __name__ == "__main__":
    main(sys.argv[1:])
