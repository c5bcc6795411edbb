"""`dnnsearch serve` as a process, and requests to it; the same application without a process."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from dnnsearch.tracking.scoring_server import CheckedServer
from tests.support.servers import free_port, is_healthy


class Server:
    """A running `dnnsearch serve`, and requests to it."""

    def __init__(self, folder: Path, model: str) -> None:
        self.port, self.log = free_port(), folder / "serve.log"
        self.command = [sys.executable, "-m", "dnnsearch", "serve", model, "--port"]
        environment = {**os.environ, "DNNSEARCH_CACHE": str(folder / "cache")}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*self.command, str(self.port)],
                cwd=folder,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        while not is_healthy(f"http://127.0.0.1:{self.port}"):
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.2)

    def ask(self, content: bytes, kind: str) -> tuple[int, Any]:
        url, head = f"http://127.0.0.1:{self.port}/invocations", {"Content-Type": kind}
        try:
            with urllib.request.urlopen(urllib.request.Request(url, content, head)) as answer:
                return answer.status, json.load(answer)["predictions"]
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)["message"]

    def ask_json(self, **body: Any) -> tuple[int, Any]:
        return self.ask(json.dumps(body).encode(), "application/json")

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def ask_app(
    app: CheckedServer,
    parts: list[bytes],
    kind: str | None,
    headers: dict[bytes, bytes] | None = None,
    keep: bool = True,
    path: str = "/invocations",
    method: str = "POST",
) -> tuple[int, bytes]:
    """Return status and body of the answer of the application to a body that comes in parts.

    Without `keep`, the body of the answer is thrown away.
    """
    head = {**({b"content-type": kind.encode()} if kind is not None else {}), **(headers or {})}
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": list(head.items()),
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
    }
    waiting = [
        {"type": "http.request", "body": part, "more_body": i < len(parts)}
        for i, part in enumerate(parts, start=1)
    ]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message if keep or "status" in message else {})

    asyncio.run(app(scope, receive, send))
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent)
