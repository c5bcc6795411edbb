"""A search on a cluster that fits on one machine, beside the same search without one.

Starts a Dask scheduler, three workers, PostgreSQL and an MLflow server with PostgreSQL behind it,
all on 127.0.0.1 and in a folder of their own; runs a small study there and on a local pool; prints
both fingerprints. Everything that was started is stopped, also on Ctrl-C, and the folder removed.

Command:  make cluster-demo   or   python experiments/cluster_demo.py [--workers 3] [--sqlite]
"""

import argparse
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from experiments.processes import environment, write_config

CONFIG = {
    "data": "digits",
    "trials": 12,
    "learning_rate": {"low": 0.01, "high": 1.0, "log": True},
    "iterations": {"low": 200, "high": 600},
    "hidden_layers": {"low": 1, "high": 2},
    "units": {"low": 16, "high": 64},
    "activation": ["relu", "tanh"],
    "momentum": 0.9,
    "batch_size": [32, 64],
}
BIN = Path(sys.executable).parent
START_SECONDS = 300.0
STOP_SECONDS = 5.0
INSTALL = {
    "initdb": "apt-get install postgresql",
    "postgres": "apt-get install postgresql",
    "dask": "pip install 'dnnsearch[dask]'",
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    name: str, command: Sequence[str], folder: Path, owner: str | None = None
) -> Iterator["subprocess.Popen[bytes]"]:
    """A server, with its words in NAME.log; stopped in order, or killed with what it started."""
    print(f"starting {name}", flush=True)
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            list(command),
            cwd=folder,
            env={**environment(folder / f"{name}-cache"), "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            process_group=0,  # Ctrl-C is for this program alone
            user=owner,
        )
    try:
        yield process
    finally:
        stop(process)


def stop(process: "subprocess.Popen[bytes]") -> None:
    """In order; what is left after a while, or at a second Ctrl-C, is killed."""
    process.send_signal(signal.SIGINT)  # to PostgreSQL: without waiting for its clients
    try:
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_for_port(port: int, process: "subprocess.Popen[bytes]") -> None:
    """Until a server listens; raises RuntimeError when it ends instead."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"{process.args!r} does not listen on port {port}")


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """The address of a PostgreSQL of our own, without a database's name at its end."""
    owner = "nobody" if os.geteuid() == 0 else None  # it refuses to run as root
    data, port = folder / "postgresql", free_port()
    data.mkdir()
    if owner:
        os.chown(data, pwd.getpwnam(owner).pw_uid, -1)
    begin = ["initdb", "-D", str(data), "-U", "dnnsearch", "-A", "trust", "-N"]
    subprocess.run([tool(begin[0]), *begin[1:]], check=True, user=owner, stdout=subprocess.DEVNULL)
    command = [tool("postgres"), "-D", str(data), "-p", str(port), "-k", "", "-h", "127.0.0.1"]
    with running("postgres", command, folder, owner) as process:
        wait_for_port(port, process)
        address = f"postgresql+psycopg://dnnsearch@127.0.0.1:{port}"
        for database in ("optuna", "mlflow"):
            create(address, database)
        yield address


def tool(name: str) -> str:
    """A program beside this Python, on PATH, or where Debian puts PostgreSQL's."""
    debian = map(str, Path("/usr/lib/postgresql").glob("*/bin"))
    found = shutil.which(name, path=os.pathsep.join([str(BIN), os.environ["PATH"], *debian]))
    if found is None:
        print(f"error: {name} is not installed; {INSTALL[name]}", file=sys.stderr)
        raise SystemExit(2)
    return found


def create(address: str, database: str) -> None:
    from sqlalchemy import create_engine, text
    from sqlalchemy.exc import OperationalError

    engine = create_engine(f"{address}/postgres", isolation_level="AUTOCOMMIT")
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            with engine.connect() as connection:
                connection.execute(text(f"CREATE DATABASE {database}"))
            return engine.dispose()
        except OperationalError:  # it listens before it answers
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


@contextmanager
def mlflow(folder: Path, store: str) -> Iterator[str]:
    """The address of an MLflow server with this database behind it."""
    port = free_port()
    command = [str(BIN / "mlflow"), "server", "--host", "127.0.0.1", "--port", str(port)]
    where = ["--backend-store-uri", store, "--artifacts-destination", str(folder / "artifacts")]
    with running("mlflow", [*command, *where, "--workers", "1"], folder) as process:
        wait_for_port(port, process)
        yield f"http://127.0.0.1:{port}"


@contextmanager
def dask(folder: Path, workers: int) -> Iterator[str]:
    """The address of a scheduler to which so many workers come."""
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    with ExitStack() as stack:
        command = [tool("dask"), "scheduler", "--host", "127.0.0.1", "--port", str(port)]
        process = stack.enter_context(running("scheduler", [*command, "--no-dashboard"], folder))
        wait_for_port(port, process)
        for number in range(1, workers + 1):
            command = [tool("dask"), "worker", address, "--nthreads", "1", "--no-dashboard"]
            local = ["--local-directory", str(folder / f"worker-{number}-files")]
            stack.enter_context(running(f"worker-{number}", [*command, *local], folder))
        yield address


def search(folder: Path, config: dict[str, object], workers: str) -> str:
    """The fingerprint of a search, whose words are shown."""
    folder.mkdir()
    path = write_config(folder, "cluster", config)
    command = [str(BIN / "dnnsearch"), "search", str(path), "--workers", workers]
    with subprocess.Popen(
        command, cwd=folder, env=environment(folder / "cache"), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        try:
            for line in process.stdout:
                print(f"  {line}", end="", flush=True)
        except BaseException:
            process.terminate()
            raise
    if process.returncode != 0:
        raise SystemExit(f"error: the search ended with {process.returncode}")
    return line.split()[-1]


def demonstrate(folder: Path, workers: int, sqlite: bool) -> bool:
    """Whether both searches come to the same."""
    for name in ["dask"] if sqlite else INSTALL:
        tool(name)  # nothing is started where one is missing
    with ExitStack() as stack:
        own = f"sqlite:///{folder}"
        optuna, backend = f"{own}/optuna.db", f"{own}/mlflow.db"
        if not sqlite:
            base = stack.enter_context(postgresql(folder))
            optuna, backend = f"{base}/optuna", f"{base}/mlflow"
        server = stack.enter_context(mlflow(folder, backend))
        scheduler = stack.enter_context(dask(folder, workers))
        print(f"the search on {scheduler}, kept in {optuna} and shown by {server}", flush=True)
        where = {"storage": optuna, "tracking": server}
        there = search(folder / "there", {**CONFIG, **where}, scheduler)
    print("the same with processes of this machine", flush=True)
    here = search(folder / "here", {**CONFIG, "tracking": "none"}, "2")
    print(f"cluster  {there}\nlocal    {here}")
    print("the same" if here == there else "different")
    return here == there


def main(given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workers", type=int, default=3, metavar="N", help="of Dask")
    parser.add_argument("--sqlite", action="store_true", help="without PostgreSQL")
    asked = parser.parse_args(given)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="dnnsearch-cluster-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL's own user has to come in
        try:
            return 0 if demonstrate(folder, asked.workers, asked.sqlite) else 1
        except KeyboardInterrupt:
            print("stopped", file=sys.stderr)
            return 130


if __name__ == "__main__":
    sys.exit(main())
