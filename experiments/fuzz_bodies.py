"""Requests for a fuzzer of the real server: odd bodies, odd headers, requests that are not HTTP."""

import gzip
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import numpy as np

from experiments import mutations
from experiments.fuzz_bombs import BLOCK
from experiments.fuzz_measures import POLL_SECONDS, Tally, usage
from experiments.fuzz_tables import Numbered, csv, people, saved
from experiments.processes import environment

MAX_SECONDS = 120.0  # for one answer, on a busy machine
PATIENCE_SECONDS = 1.0  # for an answer to a request that may be without an end
JSON, CSV, PARQUET = "application/json", "text/csv", "application/vnd.apache.parquet"
KINDS = [JSON, CSV, PARQUET, "text/html", "", ";", "text/csv; charset=utf-7", "é", "x" * 5000]
ROW = {"age": 30, "income": 5.5, "city": "Rome", "code": "01234", "day": "2024-01-01"}
GOOD = json.dumps({"dataframe_records": [ROW]}).encode()


def split(rows: int) -> bytes:
    return json.dumps(
        {"dataframe_split": {"columns": [*ROW], "data": [[*ROW.values()]] * rows}}
    ).encode()


BODIES: list[tuple[str, Callable[[], bytes]]] = [
    (JSON, lambda: b"[" * 1_000_000),
    (JSON, lambda: b'{"a":' * 100_000),
    (JSON, lambda: b'{"dataframe_records": [' + b"[" * 50_000 + b"]" * 50_000 + b"]}"),
    (JSON, lambda: b'{"dataframe_records": [{"age": ' + b"9" * 5_000 + b"}]}"),
    (JSON, lambda: b'{"dataframe_records": [{"age": NaN}]}'),
    (JSON, lambda: b'{"dataframe_split": {"data": 3}}'),
    (JSON, lambda: b'{"instances": 1, "inputs": 2}'),
    (JSON, lambda: b"\xff\xfe" + GOOD.decode().encode("utf-16-le")),
    (JSON, lambda: b'"\\ud800"'),
    (JSON, lambda: split(20_000)),
    (JSON, lambda: b"{}" + b" " * (70 * BLOCK)),
    (CSV, lambda: b""),
    (CSV, lambda: b"\n \n"),
    (CSV, lambda: csv() * 3),
    (CSV, lambda: ",".join(ROW).encode() + b"\n"),
    (CSV, lambda: b"\0" * 5_000_000),
    (CSV, lambda: b"a," * 1_000_000),
    (CSV, lambda: ",".join(ROW).encode() + b'\n"' + b"x\n" * 3_000_000),
    (CSV, lambda: b"x" * (70 * BLOCK)),
    (CSV, lambda: gzip.compress(csv())),
    (CSV, lambda: people().to_csv(index=False).encode("utf-16")),
    (PARQUET, lambda: saved(people().to_parquet)),
    (PARQUET, lambda: b"PAR1"),
]
TORN = 9  # the last digit of the number of requests whose headers are torn as well
RAW: list[Callable[[], bytes]] = [
    lambda: b"POST /invocations HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 200_000 + b"\r\n",
    lambda: b"POST /invocations HTTP/1.1\r\nHost: x\r\nA: " + b"b" * 5_000_000 + b"\r\n\r\n",
    lambda: b"POST /" + b"x" * 1_000_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    lambda: b"\x16\x03\x01" + bytes(range(256)),
    lambda: b"GET / HTTP/9.9\r\n\r\n",
    lambda: head({"Content-Length": "-1"}),
    lambda: head({"Content-Length": "1e3"}) + GOOD,
    lambda: head({"Content-Length": "9" * 30}) + GOOD,
    lambda: head({"Transfer-Encoding": "chunked"}) + b"zz\r\nabc",
    lambda: head({"Transfer-Encoding": "chunked"}) + b"ffffffffffffffff\r\nabc",
    lambda: head({"Content-Length": "5", "Transfer-Encoding": "chunked"}) + b"0\r\n\r\n",
    lambda: head({"Content-Length": "70000000", "Expect": "100-continue"}),
    lambda: b"DELETE /invocations HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    lambda: b"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
]


def head(given: dict[str, str], kind: str = JSON) -> bytes:
    lines = {"Host": "x", "Connection": "close", "Content-Type": kind, **given}
    text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST /invocations HTTP/1.1\r\n{text}\r\n".encode()


def request(i: int, rng: np.random.Generator) -> bytes:
    """Return the bytes of a request: each known one once, then known ones damaged."""
    known = [(kind, body) for kind, body in BODIES]
    if i < len(RAW):
        return RAW[i]()
    if i < len(RAW) + len(known):
        kind, make = known[i - len(RAW)]
        body = make()
    else:
        kind, make = known[rng.integers(len(known))]
        kind = KINDS[rng.integers(len(KINDS))] if rng.random() < 0.3 else kind
        body = mutations.torn(
            rng, make()[: int(rng.choice([200, 5_000, 10**8], p=[0.5, 0.4, 0.1]))]
        )
    whole = head({"Content-Length": str(len(body))}, kind) + body
    return mutations.torn(rng, whole) if i % 10 == TORN and len(whole) < 10_000 else whole


def answer(port: int, content: bytes, seconds: float = MAX_SECONDS) -> bytes:
    """Send a request, all of it if the server reads it; return what comes back within the time."""
    parts = []
    with closing(socket.create_connection(("127.0.0.1", port), MAX_SECONDS)) as connection:
        connection.settimeout(MAX_SECONDS)
        with suppress(ConnectionError):  # the server has answered and closed
            connection.sendall(content)
        connection.settimeout(seconds)
        with suppress(ConnectionError):
            while part := connection.recv(1 << 16):
                parts.append(part)
    return b"".join(parts)


def end_of(said: bytes) -> str:
    """Return the status of an answer, or what is wrong with it."""
    if not said:
        return "the connection is closed"
    start, _, body = said.partition(b"\r\n\r\n")
    status = start.split(b"\r\n")[0].decode("latin-1").split(" ")[1]
    if status.startswith("5") or b"Traceback" in body or b"stack_trace" in body:
        return f"problem: {said[:1500]!r}"
    if status == "400" and b"json" in start and "\n" in json.loads(body).get("message", ""):
        return f"problem: not one line: {body[:1500]!r}"
    return "taken, 200" if status == "200" else status


def fuzz(file: Path, inputs: Numbered, tally: Tally) -> None:
    """Send requests to the server of a model; it must go on to answer a good one."""
    port, log = free_port(), Path("serve.log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "dnnsearch", "serve", str(file), "--port", str(port)],
            env=environment(Path("cache").resolve()),
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        wait_until_it_answers(process, port)
        for i, rng in inputs:
            is_whole = len(RAW) <= i and i % 10 != TORN
            one(process, port, i, request(i, rng), is_whole, tally)
        if end_of(answer(port, good())) != "taken, 200":
            tally.problem("last", "a sound request is not answered any more")
        if "Traceback" in (said := log.read_text(errors="replace")):
            tally.problem("log", said[-3000:])
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def one(
    process: subprocess.Popen[bytes],
    port: int,
    i: int,
    content: bytes,
    is_whole: bool,
    tally: Tally,
) -> None:
    """Send one request; a whole one must be answered in time."""
    began = usage(process.pid) or (0.0, 0.0)
    try:
        end = end_of(answer(port, content, MAX_SECONDS if is_whole else PATIENCE_SECONDS))
    except TimeoutError:
        end = "problem: no answer" if is_whole else "the server waits for the rest"
    except (OSError, ValueError, LookupError) as error:
        end = f"problem: {type(error).__name__}: {error}"
    after = usage(process.pid)
    if after is None:
        end, after = "problem: the server has ended", began
    if end.startswith("problem"):
        tally.problem(i, f"{end} (of {content[:200]!r})")
    tally.count(end.partition(":")[0], after[0] - began[0], after[1])


def good() -> bytes:
    return head({"Content-Length": str(len(GOOD))}) + GOOD


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_it_answers(process: subprocess.Popen[bytes], port: int) -> None:
    while process.poll() is None:
        try:
            if end_of(answer(port, good())) == "taken, 200":
                return
        except OSError:
            pass
        time.sleep(POLL_SECONDS * 10)
    raise RuntimeError("the server has ended")
