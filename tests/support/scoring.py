"""`dnnsearch serve` as a process, and requests to it."""

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
