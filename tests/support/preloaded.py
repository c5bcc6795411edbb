"""The real program, imported once and forked for every command, because its import takes seconds.

What libraries import or compute at their first use is also done once. A forked command runs
`dnnsearch.__main__.main` with its own arguments, folder, environment and output, as a process that
can be killed. A test of the start itself starts the program without this server. The forked program
takes the machine for one with a single core.
"""

import ctypes
import gc
import json
import os
import runpy
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.support.forked import fork_children, run
from tests.support.paths import ROOT, first_on_path

PROGRAM = (
    "cli.app",
    "cli.unknown_option",
    "study.search",
    "study.publish",
    "cli.display",
    "config.new_config",
    "config.optuna_samplers",
    "deployment.removal",
    "study.baselines.baselines_text",
    "study.baselines.fit_study",
    "study.leaderboard.ranking",
    "study.leaderboard.formats",
    "study.leaderboard.selection",
    "reproduce.verify",
    "reproduce.rerun",
    "reporting.terminal",
    "reporting.write_report",
)
DATA = (
    "data.file_table",
    "data.model_inputs",
    "models.input_columns",
    "models.predict_table",
    "promotion.champion_fingerprint",
    "promotion.promotion",
    "promotion.promotion_text",
    "promotion.retuning",
)
# What MLflow imports at its first use in a command: by the tests that have MLflow.
TRACKED = (
    "tracking.tracker",
    "tracking.schema",
    "tracking.backfill",
    "tracking.model_folder",
    "tracking.read_runs",
    "tracking.registry",
    "tracking.study_removal",
    "workers.dask_pool",
)
MLFLOW = (
    "mlflow.pyfunc.model",
    "mlflow.store.model_registry.sqlalchemy_workspace_store",
    "mlflow.store.tracking.sqlalchemy_workspace_store",
    "mlflow.utils.search_logged_model_utils",
)
LIBRARIES = (
    "encodings.cp437",  # of zip files
    "encodings.utf_8_sig",
    "optuna.visualization",
    "pyarrow.pandas_compat",
    "sklearn.datasets",
    "sklearn.datasets.data",
    "sklearn.datasets.descr",
    "sklearn.ensemble",
    "sklearn.metrics",
    "sklearn.model_selection",
    "sklearn.pipeline",
)
HUGE_PAGE, MADV_COLLAPSE = 2**21, 25  # of Linux
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
            [sys.executable, __file__, self.outputs.name, *PROGRAM, *DATA, *modules],
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
    for module in sys.argv[2:]:
        import_module(f"dnnsearch.{module}")
    use_libraries(outputs)
    assume_one_core()
    make_forks_cheap()
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


def use_libraries(folder: Path) -> None:
    """Let libraries import what a study needs, and compute what they do at their first use."""
    for library in LIBRARIES:
        import_module(library)
    import_module("dnnsearch.study.computing_code").module_digests()
    import_module("dnnsearch.runtime.numerics").rounding()  # of the kernels that are loaded now
    keep_the_parser()
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
    if "mlflow" in sys.modules:
        for library in MLFLOW:
            import_module(library)
        import_module("dnnsearch.tracking").prepare_database(f"sqlite:///{folder}/mlflow.db")


def assume_one_core() -> None:
    """Let a search train in one process, if neither its config nor its options say in how many.

    A second process for a dozen updates costs more than they do; tests of workers ask for them.
    """
    cores = import_module("dnnsearch.config.key_rules").cores
    cores.__code__ = (lambda: 1).__code__  # the function itself is the default of a config


def make_forks_cheap() -> None:
    """Let a fork copy fewer page tables, and let its garbage collector leave our objects alone.

    Half of the time of a short command is the kernel's, for copying 280 MB of page tables and
    the pages that change. Linux 6.1 and later can make huge pages of what is there.
    """
    gc.collect()
    gc.freeze()
    advise = ctypes.CDLL(None).madvise
    for line in Path("/proc/self/maps").read_text().splitlines():
        place, access, *_, inode = line.split()[:5]
        if access == "rw-p" and inode == "0":  # memory, not a file
            start, end = (int(number, 16) for number in place.split("-"))
            start, end = -(-start // HUGE_PAGE) * HUGE_PAGE, end // HUGE_PAGE * HUGE_PAGE
            if start < end:  # an older kernel refuses the advice
                advise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), MADV_COLLAPSE)


def keep_the_parser() -> None:
    """Make the parser of all commands and options once: typer makes it anew for each command."""
    typers, app = import_module("typer.main"), import_module("dnnsearch.cli.app").app
    make, made = typers.get_command, typers.get_command(app)
    typers.get_command = lambda asked: made if asked is app else make(asked)


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
        if "FAILPOINT" in os.environ:
            arm(os.environ["FAILPOINT"])
        if "PLANTED" in os.environ:
            runpy.run_path(os.environ["PLANTED"])
        elif "FAILPOINT" not in os.environ:
            lend_databases(outputs)
        sys.argv[1:] = request["run"]
        try:
            return main()
        except BaseException:
            traceback.print_exc()
            return 1
        finally:
            sys.stdout.flush()


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
