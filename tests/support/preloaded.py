"""The real program, imported once and forked for every command, because its import takes seconds.

What libraries import or compute at their first use is also done once. A forked command runs
`dnnsearch.__main__.main` with its own arguments, folder, environment and output, as a process that
can be killed. A test of the start itself starts the program without this server.
"""

import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
from contextlib import suppress
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace

from tests.support.paths import ROOT, first_on_path

PROGRAM = (
    "cli.app",
    "study.search",
    "cli.display",
    "study.leaderboard.ranking",
    "study.leaderboard.formats",
    "reproduce.verify",
    "reproduce.rerun",
)
DATA = ("data.file_table", "data.model_inputs", "promotion.promotion", "promotion.promotion_text")
SITE = Path(__file__).parent / "site"


class Command:
    """A command that runs or has ended."""

    def __init__(self, server: "Preloaded", pid: int) -> None:
        self.server, self.pid = server, pid
        self.code: int | None = None

    def kill(self, number: int = signal.SIGKILL) -> None:
        os.kill(self.pid, number)

    def wait(self) -> int:
        """Wait for the end; return the exit code, negative for the signal that killed it."""
        if self.code is None:
            self.code = self.server.ask({"wait": self.pid})
        return self.code

    @property
    def said(self) -> str:
        """Return all that it has printed."""
        return Path(self.server.outputs.name, str(self.pid)).read_text(errors="replace")


class Preloaded:
    """The process that forks; it imports `modules` in addition to the program's own."""

    def __init__(self, *modules: str) -> None:
        from dnnsearch.runtime import numerics

        self.outputs = tempfile.TemporaryDirectory()
        variables = {"DNNSEARCH_CACHE": self.outputs.name, "PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(
            [sys.executable, __file__, self.outputs.name, *PROGRAM, *DATA, *modules],
            env=numerics.pinned("portable", {**os.environ, **variables}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, request: dict) -> int:
        assert self.process.stdin and self.process.stdout
        print(json.dumps(request), file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        assert answer, f"the server has ended with {self.process.wait()}"
        return int(answer)

    def start(
        self,
        folder: Path,
        *arguments: str,
        failpoint: str = "",
        planted: str = "",
        **variables: str,
    ) -> Command:
        """Start `dnnsearch ARGUMENTS` in the folder, with these additional environment variables.

        With a failpoint, see site/sitecustomize.py, the command and its workers have it.
        Planted code is run by the command and by every Python process that it starts.
        """
        if failpoint:
            variables |= {"FAILPOINT": failpoint, "PYTHONPATH": first_on_path(SITE)}
        if planted:
            site = Path(tempfile.mkdtemp(dir=self.outputs.name))
            (site / "sitecustomize.py").write_text(planted)
            variables |= {
                "PLANTED": str(site / "sitecustomize.py"),
                "PYTHONPATH": first_on_path(site),
            }
        environment = {**os.environ, **variables}
        pid = self.ask({"run": arguments, "folder": str(folder), "environment": environment})
        return Command(self, pid)

    def run(self, folder: Path, *arguments: str, code: int = 0, **more: str) -> str:
        """Run the command, which must end with `code`; return what it prints."""
        command = self.start(folder, *arguments, **more)
        assert command.wait() == code, command.said
        return command.said

    def close(self) -> None:
        with self.process:
            self.process.kill()
        self.outputs.cleanup()


def serve() -> None:
    outputs = Path(sys.argv[1])
    for module in sys.argv[2:]:
        import_module(f"dnnsearch.{module}")
    use_libraries(outputs)
    for line in sys.stdin:
        request = json.loads(line)
        if "wait" in request:
            status = os.waitpid(request["wait"], 0)[1]
            print(os.waitstatus_to_exitcode(status), flush=True)
        elif pid := os.fork():
            print(pid, flush=True)
        else:
            os._exit(command(request, outputs))


def use_libraries(folder: Path) -> None:
    """Let scikit-learn, Optuna, SQLAlchemy and Alembic import and compile what a study needs."""
    import_module("sklearn.datasets")
    import_module("dnnsearch.study.computing_code").module_digests()
    from optuna.trial import TrialState, create_trial

    from dnnsearch.storage.optuna_storage import Rows, create_study, open_storage

    storage = open_storage(f"sqlite:///{folder}/first.db", create=True)
    create_study(storage, "first", "maximize")
    rows, trial = Rows(storage, "first"), create_trial(state=TrialState.RUNNING)
    trial.number = 0
    rows.tell(rows.ask(trial), TrialState.COMPLETE, 0.5, [(0, 0.5)], {"a": 1})
    rows.trials()
    storage.remove_session()
    storage.engine.dispose()


def command(request: dict, outputs: Path) -> int:
    from dnnsearch.__main__ import main
    from dnnsearch.runtime import numerics

    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(numerics.pinned("portable", request["environment"]))
    if "mlflow" in sys.modules:
        import_module("dnnsearch.tracking.environment").apply()
        publisher_process = import_module("dnnsearch.tracking.publisher_process")
        assert publisher_process.childprocess.start
        publisher_process.childprocess = SimpleNamespace(start=forked)
    with open(outputs / str(os.getpid()), "w", buffering=1) as said, open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
        for number in (1, 2):
            os.dup2(said.fileno(), number)
        if "FAILPOINT" in os.environ:
            arm(os.environ["FAILPOINT"])
        if "PLANTED" in os.environ:
            runpy.run_path(os.environ["PLANTED"])
        sys.argv[1:] = request["run"]
        try:
            return main()
        except BaseException:
            traceback.print_exc()
            return 1
        finally:
            sys.stdout.flush()


class Forked:
    """The publisher's process, also forked: a new process would import MLflow again.

    It has what `publisher_process` uses of a Popen. The real start is tested in
    tests/tracking/test_publisher_process.py.
    """

    def __init__(self, descriptor: int) -> None:
        self.code: int | None = None
        self.pid = os.fork()
        if self.pid == 0:
            os.setpgid(0, 0)
            others = list(Path("/proc/self/fd").iterdir())  # also the sockets of other processes
            for path in others:
                if path.name not in {"0", "1", "2", str(descriptor)}:
                    with suppress(OSError):
                        os.close(int(path.name))
            sys.orig_argv.append("dnnsearch.tracking.publisher_main")
            os._exit(import_module("dnnsearch.tracking.publisher_main").main(descriptor) or 0)

    def kill(self) -> None:
        if self.code is None:
            os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        if self.code is None:
            self.code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.code


def forked(module: str) -> tuple[Forked, Connection]:
    """Return what `childprocess.start` does."""
    ours, theirs = socket.socketpair()
    with theirs:
        return Forked(theirs.fileno()), Connection(ours.detach())


def arm(failpoint: str) -> None:
    sys.path.insert(0, str(SITE))
    os.environ.pop("FAILPOINT")  # for this process; its workers get it below
    sys.modules.pop("sitecustomize", None)
    import_module("sitecustomize").arm(failpoint)
    os.environ["FAILPOINT"] = failpoint


if __name__ == "__main__":
    serve()
