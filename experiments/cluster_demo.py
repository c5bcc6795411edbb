"""A search on a cluster of one machine gives the same study as a search on local processes.

Starts a Dask scheduler, three workers, PostgreSQL, and an MLflow server that uses PostgreSQL, all
on 127.0.0.1 and in a temporary folder. Runs a small study there and with local workers, and prints
both fingerprints. At the end, or on Ctrl-C, it stops all of them and removes the folder.

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
    """Run a server whose output goes to NAME.log; at the end stop it and all that it started."""
    print(f"starting {name}", flush=True)
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            list(command),
            cwd=folder,
            env={**environment(folder / f"{name}-cache"), "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            process_group=0,  # Ctrl-C reaches only this program
            user=owner,
        )
    try:
        yield process
    finally:
        stop(process)


def stop(process: "subprocess.Popen[bytes]") -> None:
    """Stop a server cleanly; kill what is left after `STOP_SECONDS`, or at a second Ctrl-C."""
    process.send_signal(signal.SIGINT)  # PostgreSQL then does not wait for its clients
    try:
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_for_port(port: int, process: "subprocess.Popen[bytes]") -> None:
    """Wait until a server listens; raise RuntimeError if it ends or takes too long."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"{process.args!r} does not listen on port {port}")


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """Run a PostgreSQL server; yield its address without a database name."""
    owner = "nobody" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
    data, port = folder / "postgresql", free_port()
    data.mkdir()
    if owner:
        os.chown(data, pwd.getpwnam(owner).pw_uid, -1)
    initdb = ["initdb", "-D", str(data), "-U", "dnnsearch", "-A", "trust", "-N"]
    subprocess.run(
        [tool(initdb[0]), *initdb[1:]], check=True, user=owner, stdout=subprocess.DEVNULL
    )
    command = [tool("postgres"), "-D", str(data), "-p", str(port), "-k", "", "-h", "127.0.0.1"]
    with running("postgres", command, folder, owner) as process:
        wait_for_port(port, process)
        address = f"postgresql+psycopg://dnnsearch@127.0.0.1:{port}"
        for database in ("optuna", "mlflow"):
            create(address, database)
        yield address


def tool(name: str) -> str:
    """Return the path of a program: next to this Python, on PATH, or in Debian's PostgreSQL folder.

    Exits with code 2 if it is not installed.
    """
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
        except OperationalError:  # it accepts connections a little after it listens
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


@contextmanager
def mlflow(folder: Path, store: str) -> Iterator[str]:
    """Run an MLflow server that uses this database; yield its address."""
    port = free_port()
    command = [str(BIN / "mlflow"), "server", "--host", "127.0.0.1", "--port", str(port)]
    where = ["--backend-store-uri", store, "--artifacts-destination", str(folder / "artifacts")]
    with running("mlflow", [*command, *where, "--workers", "1"], folder) as process:
        wait_for_port(port, process)
        yield f"http://127.0.0.1:{port}"


@contextmanager
def dask(folder: Path, workers: int) -> Iterator[str]:
    """Run a Dask scheduler and this many workers; yield the scheduler's address."""
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
    """Run a search and print its output; return the fingerprint."""
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
    """Return whether both searches have the same fingerprint."""
    for name in ["dask"] if sqlite else INSTALL:
        tool(name)  # exit before anything is started if one is missing
    with ExitStack() as stack:
        own = f"sqlite:///{folder}"
        optuna, backend = f"{own}/optuna.db", f"{own}/mlflow.db"
        if not sqlite:
            base = stack.enter_context(postgresql(folder))
            optuna, backend = f"{base}/optuna", f"{base}/mlflow"
        server = stack.enter_context(mlflow(folder, backend))
        scheduler = stack.enter_context(dask(folder, workers))
        print(f"search on {scheduler}, storage {optuna}, tracking {server}", flush=True)
        where = {"storage": optuna, "tracking": server}
        there = search(folder / "there", {**CONFIG, **where}, scheduler)
    print("the same search with two local workers", flush=True)
    here = search(folder / "here", {**CONFIG, "tracking": "none"}, "2")
    print(f"cluster  {there}\nlocal    {here}")
    print("the same" if here == there else "different")
    return here == there


def main(given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--workers", type=int, default=3, metavar="N", help="number of Dask workers"
    )
    parser.add_argument("--sqlite", action="store_true", help="use SQLite instead of PostgreSQL")
    asked = parser.parse_args(given)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="dnnsearch-cluster-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL's own user must be able to read it
        try:
            return 0 if demonstrate(folder, asked.workers, asked.sqlite) else 1
        except KeyboardInterrupt:
            print("stopped", file=sys.stderr)
            return 130


if __name__ == "__main__":
    sys.exit(main())
