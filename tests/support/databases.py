"""A real PostgreSQL server that the tests start."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

USER, PASSWORD = "owner", "s3cret/word"
SETTINGS = {"fsync": "off", "shared_buffers": "16MB", "max_connections": "60"}
MUST = "DNNSEARCH_TESTS_NEED_POSTGRESQL"  # set if no test may be skipped


def binary(name: str) -> str:
    """Return the path of one of PostgreSQL's programs; if it is missing, the test cannot run."""
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    found = shutil.which(name) or next(map(str, places), None)
    if found is None:
        said = f"PostgreSQL's {name} is neither on PATH nor under /usr/lib/postgresql/*/bin"
        (pytest.fail if os.environ.get(MUST) else pytest.skip)(
            f"{said}: apt-get install postgresql"
        )
    return found


class PostgreSQL:
    """A server on a free loopback port, with its data and its socket in a folder of the test."""

    def __init__(self) -> None:
        binary("postgres")  # if it is missing, there is nothing to remove
        self._count = 0
        self.process: subprocess.Popen[bytes] | None = None
        self.folder = Path(tempfile.mkdtemp(prefix="dnnsearch-postgresql-"))
        self.as_user = self._unprivileged()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._initialize()

    def _unprivileged(self) -> dict[str, object]:
        """PostgreSQL refuses to run as root."""
        if os.getuid() != 0:
            return {}
        user = pwd.getpwnam("nobody")
        os.chown(self.folder, user.pw_uid, user.pw_gid)
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}

    def _initialize(self) -> None:
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        command = [binary("initdb"), "-D", "data", "-U", USER, "--auth=scram-sha-256", "-N"]
        options = ["--pwfile=password", "--encoding=UTF8", "--locale=C"]
        with (self.folder / "log").open("wb") as log:
            done = subprocess.run(
                [*command, *options], cwd=self.folder, stdout=log, stderr=log, **self.as_user
            )
        assert done.returncode == 0, (self.folder / "log").read_text()

    def start(self) -> None:
        network = {"listen_addresses": "127.0.0.1", "unix_socket_directories": str(self.folder)}
        options = [f"-c{name}={value}" for name, value in {**SETTINGS, **network}.items()]
        command = [binary("postgres"), "-D", "data", f"-p{self.port}", *options]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=self.folder, stdout=log, stderr=log, **self.as_user
            )
        until = time.monotonic() + 60
        while not self._answers():
            assert self.process.poll() is None and time.monotonic() < until, self.log
            time.sleep(0.05)

    def _answers(self) -> bool:
        import psycopg

        try:
            psycopg.connect(self.address("postgres")).close()
        except psycopg.OperationalError:
            return False
        return True

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def stop(self) -> None:
        """Restart at once, as if the machine had been switched off and on."""
        if self.process:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait()

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder)

    def address(self, database: str, user: str = USER, password: str = PASSWORD) -> str:
        """Return the URL of a database, with the password escaped."""
        word = password.replace("/", "%2F")
        return f"postgresql://{user}:{word}@127.0.0.1:{self.port}/{database}"

    def execute(self, database: str, *statements: str) -> list[tuple]:
        """Run the statements; return the rows of the last one."""
        import psycopg

        with psycopg.connect(self.address(database), autocommit=True) as connection:
            for statement in statements:
                cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def database(self) -> str:
        """Create an empty database and return its name."""
        self._count += 1
        name = f"test{self._count}"
        self.execute("postgres", f"CREATE DATABASE {name}")
        return name
