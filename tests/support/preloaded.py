"""The real program, imported once and forked for every command, because its import takes seconds.

What libraries import or compute at their first use is also done once. A forked command runs
`dnnsearch.__main__.main` with its own arguments, folder, environment and output, as a process that
can be killed. A test of the start itself starts the program without this server. The forked program
takes the machine for one with a single core.
"""

import json
import os
import runpy
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.support.forked import fork_children, run
from tests.support.paths import ROOT, first_on_path
from tests.support.warm_up import warm_up

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
    """The process that forks; it imports `modules` in addition to the program's own.

    The package is the one in `root`.
    """

    def __init__(self, *modules: str, root: Path = ROOT) -> None:
        from dnnsearch.runtime import numerics

        self.root = root
        self.outputs = tempfile.TemporaryDirectory()
        variables = {"DNNSEARCH_CACHE": self.outputs.name, "PYTHONPATH": f"{root}:{ROOT}"}
        self.process = subprocess.Popen(
            [sys.executable, __file__, self.outputs.name, *modules],
            env=numerics.pinned("portable", {**os.environ, **variables}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    @property
    def empty_tracking_database(self) -> Path:
        """The SQLite file with MLflow's tables, if the server has MLflow; it may be copied."""
        return Path(self.outputs.name, "mlflow.db")

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
        errors: Path | None = None,
        **variables: str,
    ) -> Command:
        """Start `dnnsearch ARGUMENTS` in the folder, with these additional environment variables.

        With a failpoint, see site/sitecustomize.py, the command and its workers have it.
        Planted code is run by the command and by every Python process that it starts.
        With `errors`, what it prints on standard error goes to that file.
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
        request = {"run": arguments, "folder": str(folder), "environment": environment}
        if errors:
            request["stderr"] = str(errors)
        return Command(self, self.ask(request))

    def run(self, folder: Path, *arguments: str, code: int = 0, **more: Any) -> str:
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
    warm_up(sys.argv[2:], outputs)
    for line in sys.stdin:
        request = json.loads(line)
        if "wait" in request:
            status = os.waitpid(request["wait"], 0)[1]
            print(os.waitstatus_to_exitcode(status), flush=True)
        elif pid := os.fork():
            print(pid, flush=True)
        elif "module" in request:
            os._exit(program(request, outputs))
        else:
            os._exit(command(request, outputs))


def program(request: dict, outputs: Path) -> int:
    """Run a module as a program, whose standard input is a pipe."""
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    said = os.open(outputs / str(os.getpid()), os.O_WRONLY | os.O_CREAT)
    for number, descriptor in enumerate((os.open(request["stdin"], os.O_RDONLY), said, said)):
        os.dup2(descriptor, number)
    return run(request["module"], ())


def command(request: dict, outputs: Path) -> int:
    from dnnsearch.__main__ import main
    from dnnsearch.runtime import numerics

    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(numerics.pinned("portable", request["environment"]))
    if "mlflow" in sys.modules:
        import_module("dnnsearch.tracking.environment").apply()
    place = request.get("stdout", outputs / str(os.getpid()))
    if "stdout" in request:
        os.setsid()
    with open(place, "w", buffering=1) as said, open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
        for number in (1, 2):
            os.dup2(said.fileno(), number)
        if "stderr" in request:
            with open(request["stderr"], "a") as errors:
                os.dup2(errors.fileno(), 2)
        fork_children()
        grow_few_trees()
        if "FAILPOINT" in os.environ:
            arm(os.environ["FAILPOINT"])
        if "FAILPOINT" not in os.environ:
            lend_databases(outputs)
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


def grow_few_trees() -> None:
    """Let the boosted trees of a baseline be five in place of a hundred, which take a second.

    tests/study/baselines/test_baseline_fitting.py has them all.
    """
    ensemble = import_module("sklearn.ensemble")
    for name in ("HistGradientBoostingClassifier", "HistGradientBoostingRegressor"):
        setattr(ensemble, name, partial(getattr(ensemble, name), max_iter=5))


def lend_databases(outputs: Path) -> None:
    """Copy the server's empty databases into a new cache: to make MLflow's takes seconds."""
    cache = import_module("dnnsearch.storage.array_store").default_root()
    if cache.parent.exists() and not cache.exists():
        shutil.copytree(outputs / "databases", cache / "databases")


def arm(failpoint: str) -> None:
    sys.path.insert(0, str(SITE))
    os.environ.pop("FAILPOINT")  # for this process; its workers get it below
    sys.modules.pop("sitecustomize", None)
    import_module("sitecustomize").arm(failpoint)
    os.environ["FAILPOINT"] = failpoint


if __name__ == "__main__":
    serve()
