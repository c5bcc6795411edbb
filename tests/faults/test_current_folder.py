"""A user's files beside the config are never imported, whatever they are called."""

import os
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

from tests.support.in_turn import run_in_turn
from tests.support.paths import ROOT
from tests.support.servers import free_port, is_healthy

PROGRAM = str(Path(sys.executable).with_name("dnnsearch"))
OUTSIDE = {"MLFLOW_TRACKING_URI", "DNNSEARCH_STORAGE"}
SETTINGS = """trials: 3
learning_rate: 0.1
iterations: 20
hidden_layers: [1]
units: {low: 4, high: 16}
activation: relu
momentum: 0.9
batch_size: 32
"""
CONFIG = "data: {file: people.csv, target: left}\n" + SETTINGS
API = """
import dnnsearch
assert len(dnnsearch.search("configs/people.yaml", trials=4).trials) == 4
assert dnnsearch.rerun("people/3").identical
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a file named like each module that is installed; each notes its import."""
    folder = tmp_path_factory.mktemp("project")
    note = f"import sys\nwith open({str(folder / 'imported.txt')!r}, 'a') as file:\n"
    note += "    print(__name__, sys.orig_argv, file=file)\nraise ImportError('mine')\n"
    for name in {*sys.stdlib_module_names, *metadata.packages_distributions(), "sitecustomize"}:
        if name.isidentifier() and name not in ("sklearn", "experiments", "tests"):
            (folder / f"{name}.py").write_text(note)
    (folder / "sklearn").mkdir()
    (folder / "sklearn" / "__init__.py").write_text(note)
    rows = "".join(f"{n % 17},{n % 23},{'yes' if n % 17 > 8 else 'no'}\n" for n in range(200))
    (folder / "people.csv").write_text(f"age,income,left\n{rows}")
    (folder / "people.yaml").write_text(CONFIG)
    return folder


@pytest.fixture
def environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in OUTSIDE}
    return {**kept, "PYTHONPATH": str(ROOT), "DNNSEARCH_CACHE": str(folder / "cache")}


@pytest.fixture(autouse=True)
def nothing_is_imported(folder: Path) -> Iterator[None]:
    yield
    imported = folder / "imported.txt"
    assert not imported.exists(), imported.read_text()


def run(folder: Path, environment: dict[str, str], *command: str) -> str:
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "note:" not in done.stderr and "failed" not in done.stdout, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def searched(folder: Path, environment: dict[str, str]) -> Path:
    """The project after `new --search`, which starts `search` as a program of its own."""
    if not (folder / "mlflow.db").exists():
        new = ["new", "people.csv", "--target=left", "--search", "--set=workers=1"]
        settings = [f"--set={line.replace(': ', '=', 1)}" for line in SETTINGS.splitlines()]
        run(folder, environment, PROGRAM, *new, *settings)
    return folder


def test_a_new_config_and_its_search(searched: Path) -> None:
    assert (searched / "mlflow.db").exists()


@pytest.mark.proof
def test_a_search_and_all_that_follows_it(searched: Path, environment: dict[str, str]) -> None:
    """A rerun is among the functions of the package below."""
    commands = (
        "verify people --workers=1",
        "report people",
        "promote people --top=1 --replicates=2 --workers=1",
    )
    more = ("predict people people.csv --out answers.csv", "publish people")
    asked = [{"arguments": command.split()} for command in (*commands, *more)]
    ended = run_in_turn(searched, environment, *asked)
    for code, output, errors in ended:
        assert code == 0, output + errors
        assert "note:" not in errors and "failed" not in output, output + errors
    assert len(ended) == len(asked)
    assert "people identical" in ended[0].output
    assert (searched / "answers.csv").exists()


@pytest.mark.proof
def test_the_functions_of_the_package(
    searched: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    """MLflow is imported by the commands above."""
    (tmp_path / "script.py").write_text(API)
    environment["MLFLOW_TRACKING_URI"] = "none"
    run(searched, environment, sys.executable, str(tmp_path / "script.py"))


@pytest.mark.proof
@pytest.mark.parametrize("command", [["serve", "people/0"], ["ui"]])
def test_the_servers_of_mlflow(
    searched: Path, environment: dict[str, str], tmp_path: Path, command: list[str]
) -> None:
    port, log = free_port(), tmp_path / "log.txt"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [PROGRAM, *command, "--port", str(port)],
            cwd=searched,
            env={**environment, "TMPDIR": str(tmp_path)},
            stdout=file,
            stderr=file,
        )
    try:
        while not is_healthy(f"http://127.0.0.1:{port}"):
            assert process.poll() is None, log.read_text()
            time.sleep(0.2)
    finally:
        process.terminate()  # `ui` has MLflow's server in another process group
        process.wait()


def bare_python(folder: Path) -> Path:
    """Return a Python that has all packages but this one."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    here = Path(sysconfig.get_path("purelib"))
    there = folder / here.relative_to(sys.prefix)
    for path in here.iterdir():
        if "dnnsearch" not in path.name and path.name != "__pycache__":
            (there / path.name).symlink_to(path)
    return folder / "bin" / "python"


@pytest.mark.proof
def test_a_checkout_runs_without_being_installed(
    folder: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    checkout = tmp_path / "checkout"
    shutil.copytree(ROOT / "dnnsearch", checkout / "dnnsearch")
    shutil.copy(ROOT / "pyproject.toml", checkout)
    for name in ("random.py", "mlflow.py", "queue.py", "numpy.py", "people.csv", "people.yaml"):
        shutil.copy(folder / name, checkout)
    del environment["PYTHONPATH"]
    environment["MLFLOW_TRACKING_URI"] = "none"
    python = str(bare_python(tmp_path / "venv"))
    dnnsearch = [python, "-m", "dnnsearch"]
    run(checkout, environment, *dnnsearch, "search", "people.yaml", "--workers=1")
    assert "identical" in run(checkout, environment, *dnnsearch, "rerun", "people/1")
