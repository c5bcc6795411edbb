"""What a preloaded program does before it forks commands: imports, first uses, and a rehearsal.

A fork would do all of it again. It does not know of commands, their arguments or their output.
"""

import ctypes
import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from tests.support.forked import fork_children

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
# A study small enough to be searched, promoted and verified before any test.
REHEARSED = """
data: {name: moons, examples: 60, noise: 0.2, seed: 0}
trials: 3
learning_rate: {low: 0.01, high: 0.1, log: true}
iterations: 20
hidden_layers: [0, 1]
units: {low: 4, high: 8}
activation: tanh
momentum: 0.9
batch_size: 32
tracking: none
"""
REHEARSALS = (
    ("search", "small.yaml"),
    ("promote", "small", "--top=1", "--replicates=2"),
    ("verify", "small"),
    ("report", "small"),
    ("show", "small"),
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


def warm_up(modules: Sequence[str], outputs: Path) -> None:
    """Import the program and these modules, and do here what every command would do first."""
    gc.disable()  # until all is imported
    for module in (*PROGRAM, *DATA, *modules):
        import_module(f"dnnsearch.{module}")
    use_libraries(outputs)
    assume_one_core()
    rehearse(outputs / "rehearsal")
    gc.enable()
    make_forks_cheap()


def use_libraries(folder: Path) -> None:
    """Let libraries import what a study needs, and compute what they do at their first use."""
    for library in LIBRARIES:
        import_module(library)
    import_module("dnnsearch.study.computing_code").module_digests()
    import_module("dnnsearch.runtime.numerics").rounding()  # of the kernels that are loaded now
    keep_the_parser()
    ask_git_once()
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


def keep_the_parser() -> None:
    """Make the parser of all commands and options once: typer makes it anew for each command."""
    typers, app = import_module("typer.main"), import_module("dnnsearch.cli.app").app
    make, made = typers.get_command, typers.get_command(app)
    typers.get_command = lambda asked: made if asked is app else make(asked)


def ask_git_once() -> None:
    """Ask git here for the commit of the package, which every search asks for."""
    sources = import_module("dnnsearch.study.source_commits")
    asked = sources.commit_of
    package = sources.PACKAGE / "__init__.py"
    found = asked(package)
    sources.commit_of = lambda file: found if file == package else asked(file)


def assume_one_core() -> None:
    """Let a search train in one process, if neither its config nor its options say in how many.

    A second process for a dozen updates costs more than they do; tests of workers ask for them.
    """
    cores = import_module("dnnsearch.config.key_rules").cores
    cores.__code__ = (lambda: 1).__code__  # the function itself is the default of a config


def rehearse(folder: Path) -> None:
    """Run small commands in this process, so that those of the tests find warm code.

    Python 3.11 and later adapt the code of a function to what it is called with, and a fork would
    begin anew.
    """
    run_command = import_module("dnnsearch.__main__")._run
    here, environment, said = Path.cwd(), dict(os.environ), os.dup(1)
    folder.mkdir()
    (folder / "small.yaml").write_text(REHEARSED)
    os.chdir(folder)
    fork_children()
    with open(os.devnull, "w") as nothing:
        for number in (1, 2):
            os.dup2(nothing.fileno(), number)
        for arguments in REHEARSALS:
            run_command(list(arguments))
            sys.stdout.flush()
    os.dup2(said, 1)
    os.chdir(here)
    os.environ.clear()
    os.environ.update(environment)


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
