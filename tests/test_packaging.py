import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
ENTRY = re.compile(
    r"^(?P<name>[a-z0-9-]+)==(?P<version>[\w.]+)(?P<marker> ; [^\\\n]+)? \\\n"
    r"(?:    --hash=sha256:[0-9a-f]{64} \\\n)*    --hash=sha256:[0-9a-f]{64}\n",
    re.MULTILINE,
)


def run(*command: str, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    outer_make = {
        "MAKEFLAGS",
        "MAKELEVEL",
        "MFLAGS",
    }  # `make test` must not colour the make under test
    inherited = {name: value for name, value in os.environ.items() if name not in outer_make}
    return subprocess.run(
        command,
        cwd=cwd,
        env=inherited | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )


# --- the lock


def beside_entries(lock: str) -> str:
    """What a lock contains besides names, versions, markers and hashes."""
    return ENTRY.sub("", lock)


def normalized(requirement: str) -> str:
    """The name that a requirement names, in the lock's spelling."""
    return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", requirement)[0]).lower()


def test_the_lock_holds_names_versions_and_hashes_only() -> None:
    assert beside_entries(LOCK) == ""


@pytest.mark.parametrize(
    "line",
    ["--index-url https://mirror.example/simple\n", "numpy>=2\n", "numpy==2.4.6\n", "# via\n"],
)
def test_the_check_of_the_lock_sees_a_planted_line(line: str) -> None:
    assert beside_entries(line + LOCK) == line


def test_every_dependency_is_locked() -> None:
    wanted = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"]
    locked = {entry["name"] for entry in ENTRY.finditer(LOCK)}
    assert {normalized(requirement) for requirement in wanted} - locked == set()


def test_what_is_installed_is_what_the_lock_says() -> None:
    locked = {e["name"]: e["version"] for e in ENTRY.finditer(LOCK) if not e["marker"]}
    assert {name: metadata.version(name) for name in locked} == locked


# ourselves, and what a declared package brings along as a part of itself
PARTS = {"dnnsearch", "mlflow-skinny", "mlflow-tracing", "pydantic-core"}


def imported_distributions(folder: Path) -> set[str]:
    """The distributions that the files in a folder import, wherever the import stands."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in folder.rglob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    modules = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    modules |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    providers = metadata.packages_distributions()
    found = {name for module in modules for name in providers.get(module.partition(".")[0], [])}
    return {normalized(name) for name in found}


EXTRAS = [
    name for extra in ("hdf5", "excel", "dask") for name in PROJECT["optional-dependencies"][extra]
]


def undeclared(folder: Path) -> set[str]:
    wanted = PROJECT["dependencies"] + EXTRAS  # asked for by name
    declared = {normalized(requirement) for requirement in wanted}
    return imported_distributions(folder) - declared - PARTS


def test_what_the_package_imports_is_declared() -> None:
    assert undeclared(ROOT / "dnnsearch") == set()


def test_an_undeclared_import_is_seen(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text(
        "def f():\n    from pytest import fixture\n    import yaml\n"
    )
    assert undeclared(tmp_path) == {"pytest"}


# --- the layers


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """The contract, checked on the package as it stands in another folder."""
    shutil.copy(ROOT / "pyproject.toml", folder)
    program = Path(sys.executable).with_name("lint-imports")
    return run(str(program), "--no-cache", "--no-logo", cwd=folder, COLUMNS="200")


def plant(folder: Path, sources: dict[str, str]) -> None:
    """Copy the package to the folder, and append the sources to its files."""
    shutil.copytree(ROOT / "dnnsearch", folder / "dnnsearch")
    for name, source in sources.items():
        with (folder / "dnnsearch" / name).open("a", encoding="utf-8") as file:
            file.write(f"\n{source}\n")


def test_a_module_without_a_layer_is_seen(tmp_path: Path) -> None:
    plant(tmp_path, {"orphan.py": ""})
    checked = lint(tmp_path)
    assert checked.returncode == 1
    assert "dnnsearch.orphan" in checked.stdout


PLANTED = {  # an import upward, a heavy one, and MLflow elsewhere
    "nn/planted.py": "import dnnsearch.trials.run",
    "trials/run.py": "def f():\n    import optuna",
    "study/planted.py": "from mlflow import log_metric",
}


def test_the_layers_see_planted_imports(tmp_path: Path) -> None:
    plant(tmp_path, PLANTED)
    checked = lint(tmp_path)
    assert checked.returncode == 1
    assert "dnnsearch.nn is not allowed to import dnnsearch.trials:" in checked.stdout
    assert "dnnsearch.trials is not allowed to import optuna" in checked.stdout
    assert "dnnsearch.study.planted -> mlflow" in checked.stdout


# --- make


def test_make_help_explains_every_target() -> None:
    phony = re.search(
        r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert phony is not None
    shown = re.findall(
        r"^  make ([\w-]+) +\S", run("make", "--no-print-directory", "help").stdout, re.MULTILINE
    )
    assert shown == phony[1].split()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Make the part of a fresh clone that set-up reads."""
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def test_make_says_so_when_python_is_too_old(checkout: Path) -> None:
    old = checkout / "old-python"
    pretence = "import sys; sys.version_info = (3, 10, 9); exec(sys.argv[2])"
    old.write_text(f"#!/bin/sh\nexec '{sys.executable}' -c '{pretence}' \"$@\"\n")
    old.chmod(0o755)
    made = run("make", "setup", f"PYTHON={old}", cwd=checkout)
    assert made.returncode == 2
    assert made.stdout.startswith("error: Python 3.11 or newer is needed")


def test_make_says_so_when_there_is_no_python(checkout: Path) -> None:
    made = run("make", "setup", "PYTHON=no-such-python", cwd=checkout)
    assert made.returncode == 2
    assert "there is no no-such-python here" in made.stdout


def test_make_clean_keeps_every_study(checkout: Path) -> None:
    kept = [
        "optuna.db",
        "mlflow.db",
        "records/digits/0.zip",
        "mlartifacts/1/record.zip",
        "mlruns/1/m.yaml",
    ]
    gone = [
        "build/lib/x.py",
        ".pytest_cache/x",
        "dnnsearch/__pycache__/x.pyc",
        "dnnsearch.egg-info/x",
    ]
    for name in kept + gone:
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / name).touch()
    assert run("make", "clean", cwd=checkout).returncode == 0
    assert [name for name in kept + gone if (checkout / name).exists()] == kept


def test_the_script_of_ci_is_whole_and_calls_what_the_readme_calls(tmp_path: Path) -> None:
    """Up to its end: with another `make` on PATH, which only says how it was called."""
    make = tmp_path / "make"
    make.write_text("#!/bin/sh\necho make $*\n")
    make.chmod(0o755)
    for name in ("chromium", "chromedriver", "initdb"):
        (tmp_path / name).symlink_to(make)
    done = run("bash", str(ROOT / ".ci" / "run"), PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert (done.returncode, done.stdout) == (0, "make check\nmake test\n")


# --- the wheel


def test_the_wheel_has_the_configs_and_what_else_the_package_reads(tmp_path: Path) -> None:
    """Built from a clone, without a package index, and used from an empty folder."""
    source, installed, empty = tmp_path / "source", tmp_path / "installed", tmp_path / "empty"
    shutil.copytree(ROOT / "dnnsearch", source / "dnnsearch", symlinks=True)
    shutil.copytree(ROOT / "configs", source / "configs")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    empty.mkdir()
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check")
    offline = ("--no-index", "--no-deps", "--no-build-isolation")
    built = run(*pip, "wheel", "-q", *offline, "-w", str(tmp_path), str(source))
    assert built.returncode == 0, built.stdout
    (wheel,) = tmp_path.glob("*.whl")
    done = run(*pip, "install", "-q", "--no-index", "--no-deps", "-t", str(installed), str(wheel))
    assert done.returncode == 0, done.stdout
    assert data_files(installed / "dnnsearch") == data_files(ROOT / "dnnsearch")
    search = ("search", "digits", "--dry-run", "--set=tracking=none")
    command = (sys.executable, "-P", "-m", "dnnsearch")
    said = run(*command, *search, cwd=empty, PYTHONPATH=str(installed))
    assert "study digits, from config digits" in said.stdout
    where = (sys.executable, "-P", "-c", "import dnnsearch; print(dnnsearch.__file__)")
    assert run(*where, cwd=empty, PYTHONPATH=str(installed)).stdout.startswith(str(installed))
    assert list(empty.iterdir()) == []


def data_files(package: Path) -> set[str]:
    """What is not code, also behind a link to a folder."""
    found = {
        Path(folder, name)
        for folder, _, names in os.walk(package, followlinks=True)
        for name in names
    }
    return {str(path.relative_to(package)) for path in found if path.suffix not in (".py", ".pyc")}
