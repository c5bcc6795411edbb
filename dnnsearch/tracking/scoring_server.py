"""The server that `serve` starts, with the paths of MLflow's scoring server.

/invocations takes what MLflow's takes and answers in the same form. But bodies have a size limit,
every refusal is one line without a traceback, and rows are read as `predict` reads them. MLflow
itself is not imported, which takes seconds and 80 MB.
"""

import asyncio
import json
import os
import shlex
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, MutableMapping
from contextlib import suppress
from importlib import metadata
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO, Any

import uvicorn

from dnnsearch.models import model_file
from dnnsearch.models.ensemble import Model
from dnnsearch.tracking.posted_tables import READERS, example_body, predict_body
from dnnsearch.validators import cut, shortened

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

MAX_LINE_CHARACTERS = 500  # of a refusal
MAX_DISCARDED = 16  # times the limit of a body, before the connection is closed on the sender
MAX_SHUTDOWN_SECONDS = 3  # after a signal, for the requests that are still unanswered
BLOCK_BYTES = 1 << 20  # of an answer, sent at a time
ERROR_CODES = {
    400: "BAD_REQUEST",
    404: "ENDPOINT_NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    413: "REQUEST_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    503: "TEMPORARILY_UNAVAILABLE",
    507: "INSUFFICIENT_STORAGE",
}


class Refusal(Exception):
    """A request that cannot be answered: its status, and the reason in one line."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class CheckedServer:
    """The ASGI application: every answer is JSON, and every error one line."""

    def __init__(self, model: Model, max_bytes: int) -> None:
        self.model, self.max_bytes = model, max_bytes
        self._one_body_at_a_time = asyncio.Lock()  # so that memory does not grow with the clients

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            if scope["path"] != "/invocations":
                await _send_file(send, 200, BytesIO(_page(scope)))
                return
            with TemporaryFile() as answer:
                await self._receive_and_answer(scope, receive, answer)
                await _send_file(send, 200, answer)
        except Refusal as refusal:
            body = error_body(refusal.status, str(refusal))
            await _send_file(send, refusal.status, BytesIO(body))

    async def _receive_and_answer(
        self, scope: Message, receive: Receive, answer: IO[bytes]
    ) -> None:
        """Write the answer to a body; raise Refusal if there is none."""
        try:
            with TemporaryDirectory() as folder, Path(folder, "body").open("wb") as body:
                if scope["method"] != "POST":
                    raise Refusal(405, "rows must be posted to /invocations")
                if not await self._has_received(scope, receive, body):
                    limit = f"a body must have at most {self.max_bytes:,} bytes: raise --max-body"
                    raise Refusal(413, f"{limit}, or post fewer rows at a time")
                body.flush()
                arguments = self.model, Path(body.name), _media_type(scope), answer
                async with self._one_body_at_a_time:
                    await asyncio.to_thread(predict_body, *arguments)
        except asyncio.CancelledError:  # a signal ends the server, and it has waited long enough
            raise Refusal(503, "the server ends") from None
        except ValueError as error:
            raise Refusal(400, str(error)) from None
        except OSError as error:  # such as a full disk
            raise Refusal(507, f"body and answer cannot be stored: {error.strerror}") from None

    async def _has_received(self, scope: Message, receive: Receive, body: IO[bytes]) -> bool:
        """Write the body to a file; return False if it is too large, and discard the rest.

        A sender that reads no answer before all is sent would see a broken connection otherwise.
        """
        headers = dict(scope["headers"])
        declared = headers.get(b"content-length", b"0")
        is_long = declared.isdigit() and int(declared) > self.max_bytes
        if is_long and b"expect" in headers:  # the sender waits for a permission
            return False
        count = 0
        async for part in _parts(receive):
            count += len(part)
            if count > MAX_DISCARDED * self.max_bytes:
                return False
            if count <= self.max_bytes and not is_long:
                body.write(part)
        return count <= self.max_bytes and not is_long


def _page(scope: Message) -> bytes:
    """Return the page of a path other than /invocations; raise Refusal if there is none."""
    if scope["path"] in ("/ping", "/health"):
        return b"\n"
    if scope["path"] == "/version":
        return metadata.version("mlflow").encode()
    raise Refusal(404, f"there is no {scope['path']!r}: post rows to /invocations")


def _media_type(scope: Message) -> str:
    """Return the type of the body, which is a key of READERS; raise Refusal for any other."""
    kind = dict(scope["headers"]).get(b"content-type", b"").decode("latin-1")
    media_type = str(kind.partition(";")[0].strip().lower())
    if media_type not in READERS:
        status, got = (415, repr(kind)) if media_type else (400, "none")
        choices = ", ".join(READERS)
        raise Refusal(status, f"Content-Type must be one of {choices}, but got {got}")
    return media_type


async def _send_file(send: Send, status: int, content: IO[bytes]) -> None:
    """Send a file as the answer, block by block."""
    size = content.seek(0, os.SEEK_END)
    content.seek(0)
    head = [(b"content-type", b"application/json"), (b"content-length", b"%d" % size)]
    head += [(b"connection", b"close")] if status == 413 else []
    await send({"type": "http.response.start", "status": status, "headers": head})
    while block := content.read(BLOCK_BYTES):
        more = content.tell() < size
        await send({"type": "http.response.body", "body": block, "more_body": more})


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


class AnnouncedServer(uvicorn.Server):
    """A server that prints `text` once it answers."""

    text = ""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen."""
        await super().startup(sockets)
        if self.started:
            sys.stdout.write(f"{self.text}\n")
            sys.stdout.flush()


def _how_to_post(model: Model, address: str) -> Iterator[str]:
    """Yield lines with the commands that post a made-up row and a table."""
    row = example_body(model)
    if row:
        yield "to post a made-up row, from another terminal:"
        yield from _curl("application/json", f"--data {shlex.quote(row)}", address)
    columns = shortened(map(cut, model.inputs.kinds), 3)
    yield f"to post a table{f' with the columns {columns}' if columns else ''}, as for `predict`:"
    yield from _curl("text/csv", "--data-binary @ROWS.csv", address)


def _curl(media_type: str, rows: str, address: str) -> list[str]:
    return [f'  curl -H "Content-Type: {media_type}" \\', f"    {rows} \\", f"    {address}"]


def main(arguments: list[str]) -> None:
    """Serve the model of a file, on a port and with a limit for bodies, until a signal ends it.

    The last argument is the model's name, for the line that says that the server is ready.
    """
    file, port, max_bytes, name = arguments
    model = model_file.read(Path(file))
    config = uvicorn.Config(
        CheckedServer(model, int(max_bytes)),
        host="127.0.0.1",
        port=int(port),
        lifespan="off",
        timeout_graceful_shutdown=MAX_SHUTDOWN_SECONDS,
    )
    server = AnnouncedServer(config)
    address = f"http://127.0.0.1:{port}/invocations"
    ready = f"ready: serving {name} (press Ctrl-C to stop it)"
    server.text = "\n".join([ready, "", *_how_to_post(model, address)])
    with suppress(KeyboardInterrupt):  # as `uvicorn.run` does
        server.run()


if __name__ == "__main__":
    main(sys.argv[1:])
