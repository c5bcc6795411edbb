"""What Windows lacks, played on Linux: imports, processes, locks, and a search with workers.

A process without it is started with `support/not_posix` on its path, and so are its children.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.support.waiting import wait_until_removed

NOT_POSIX = ROOT / "tests" / "support" / "not_posix"
CONFIG = """
data: {name: moons, examples: 120, noise: 0.2, seed: 0}
trials: 2
parallelism: 2
learning_rate: 0.1
momentum: 0.9
iterations: 30
hidden_layers: [0, 1]
units: {low: 4, high: 16}
activation: [relu, tanh]
batch_size: 32
"""
IMPORT_ALL = """
import importlib, os, pkgutil
import dnnsearch
assert not hasattr(os, "fork")
names = [found.name for found in pkgutil.walk_packages(dnnsearch.__path__, "dnnsearch.")]
for name in names:
    importlib.import_module(name)
print(len(names))
"""
HOLD = """
from dnnsearch.storage.study_lock import study_lock
with study_lock("sqlite:///optuna.db", "digits"):
    print("held", flush=True)
    input()
"""
REPLACE = """
import os, sys
from dnnsearch.runtime.process_control import replace_process
replace_process([sys.executable, "-c", "print('the other'); raise SystemExit(7)"], os.environ)
"""
START_NOTHING = """
from dnnsearch.runtime.childprocess import start
process, connection = start("no_such_module")
try:
    connection.recv()
except EOFError:
    print("it has ended")
"""
REMOVE = """
from pathlib import Path
from dnnsearch.runtime.remove_at_end import remove_at_end
Path("folder").mkdir()
remove_at_end(Path("folder"))
print(Path("folder").exists())
"""


def start(folder: Path, *arguments: str, lacks: bool = True) -> "subprocess.Popen[str]":
    """Start Python, without what Windows lacks unless this is False."""
    variables = {
        "PYTHONPATH": f"{NOT_POSIX}{os.pathsep}{ROOT}" if lacks else str(ROOT),
        "PYTHONWARNDEFAULTENCODING": "1",  # is an error in our modules, in NOT_POSIX
        "DNNSEARCH_CACHE": str(folder / "cache"),
    }
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, **variables},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(folder: Path, *arguments: str, code: int = 0, lacks: bool = True) -> tuple[str, str]:
    """Return what it prints to standard output and to standard error."""
    with start(folder, *arguments, lacks=lacks) as process:
        out, error = process.communicate()
    assert process.returncode == code, error
    return out, error


def test_every_module_is_imported(tmp_path: Path) -> None:
    assert int(run(tmp_path, "-c", IMPORT_ALL)[0]) > 400


@pytest.mark.proof
@pytest.mark.parametrize(
    ("lines", "said", "verifier_lacks"),
    [
        ("numerics: exact", "", False),
        ("tracking: none", "running as `native`", True),
    ],
    ids=["exact, verified on Linux", "portable"],
)
def test_a_search_runs_resumes_and_verifies(
    tmp_path: Path, lines: str, said: str, verifier_lacks: bool
) -> None:
    (tmp_path / "tiny.yaml").write_text(f"{CONFIG}{lines}\n")
    search = ["-m", "dnnsearch", "search", "tiny.yaml", "--workers=2"]
    assert "study tiny, 1 trial: 1 finished" in run(tmp_path, *search, "--trials=1")[0]
    out, error = run(tmp_path, *search)
    assert "study tiny, 2 trials: 2 finished" in out
    assert said in out + error
    verified, _ = run(tmp_path, "-m", "dnnsearch", "verify", "tiny", lacks=verifier_lacks)
    assert verified.splitlines()[-1] == out.splitlines()[-1]


def test_a_study_is_locked_its_holder_is_named_and_a_dead_one_does_not_block(
    tmp_path: Path,
) -> None:
    with start(tmp_path, "-c", HOLD) as process:
        assert process.stdout and process.stdout.readline() == "held\n"
        refused = run(tmp_path, "-c", HOLD, code=1)[1]
        assert f"digits is in use by another process: process {process.pid} on" in refused
        process.kill()
    assert run(tmp_path, "-c", HOLD, code=1)[0] == "held\n"  # it reads no line


def test_a_program_takes_the_place_of_another_with_its_exit_code(tmp_path: Path) -> None:
    assert run(tmp_path, "-c", REPLACE, code=7)[0] == "the other\n"


def test_a_child_that_ends_before_it_connects_is_seen(tmp_path: Path) -> None:
    assert run(tmp_path, "-c", START_NOTHING)[0] == "it has ended\n"


def test_a_folder_is_removed_when_its_process_has_ended(tmp_path: Path) -> None:
    assert run(tmp_path, "-c", REMOVE)[0] == "True\n"
    wait_until_removed(tmp_path / "folder")


@pytest.mark.proof
@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_no_name_is_used_that_the_platform_lacks(platform: str, tmp_path: Path) -> None:
    """Some are used below a `hasattr`, which mypy understands."""
    cache = f"--cache-dir={tmp_path}"
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--platform", platform, cache, "dnnsearch"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert done.returncode == 0, done.stdout
