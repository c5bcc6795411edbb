"""The main road, a server and the extras with the oldest and the newest allowed versions.

Each is installed into a virtual environment of its own, so a package index must be reachable.
"""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import closing
from importlib import metadata
from pathlib import Path

import pytest

from tests.support import alone, dask_cluster
from tests.support.alone import GOLDENS
from tests.support.paths import ROOT
from tests.support.servers import free_port, is_healthy
from tests.support.settings import printed

pytestmark = pytest.mark.proof

TABLE = "".join(
    f"{i % 17},{i * i % 23},{('north', 'south')[i % 2]},{('bad', 'good')[i % 17 > 8]}\n"
    for i in range(200)
)
SEARCH = ("search", "configs/wine.yaml", "--workers=1", "--set=iterations=60")
ROAD = [
    ("new", "wine.csv", "--target=quality"),
    (*SEARCH, "--trials=4"),
    ("show", "wine"),
    ("rerun", "wine/1"),
    ("verify", "wine"),
    ("promote", "wine"),
    ("predict", "wine", "wine.csv"),
    ("report", "wine"),
]
EXTRAS = ("--extra=dask", "--extra=hdf5", "--extra=postgresql")
RECORDS = b'{"dataframe_records": [{"acid": 3, "sugar": 5, "region": "north"}]}'
IMAGES = """
import h5py, numpy
rng = numpy.random.default_rng(0)
y = numpy.arange(120) % 2
with h5py.File("images.h5", "w") as file:
    file["x"] = rng.normal(size=(120, 4, 4)) + y[:, None, None]
    file["y"] = y
"""
OURS = ("PYTHONPATH", "MLFLOW_TRACKING_URI", "DNNSEARCH_STORAGE", "DNNSEARCH_CACHE")


def clean_environment(folder: Path) -> dict[str, str]:
    environment = {name: value for name, value in os.environ.items() if name not in OURS}
    return environment | {"DNNSEARCH_CACHE": str(folder / "cache")}


def run(folder: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command that knows nothing of this checkout and of the user's settings."""
    return subprocess.run(
        list(map(str, command)),
        cwd=folder,
        env=clean_environment(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=1800,
    )


def succeed(folder: Path, *command: str | Path) -> str:
    """Return what a command says that must end with 0."""
    done = run(folder, *command)
    assert done.returncode == 0, (command, done.stdout)
    return done.stdout


@pytest.fixture(scope="module")
def uv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return uv, which resolves to the oldest versions as well as to the newest."""
    folder = tmp_path_factory.mktemp("uv")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check")
    download = run(folder, *pip, "download", "-q", "--no-deps", "-d", "wheels", "uv")
    if download.returncode != 0:
        pytest.skip(f"no package index can be reached: {download.stdout.splitlines()[-1]}")
    wheels = (folder / "wheels").glob("*.whl")
    installed = run(folder, *pip, "install", "-q", "--no-deps", "--target=uv", *wheels)
    assert installed.returncode == 0, installed.stdout
    return folder / "uv" / "bin" / "uv"


Install = Callable[..., Path]


@pytest.fixture(scope="module")
def install(uv: Path, tmp_path_factory: pytest.TempPathFactory) -> Install:
    """Return a function from `lowest-direct` or `highest` to a program with these versions.

    Further arguments are requirements of one's own.
    """
    source, made = tmp_path_factory.mktemp("source"), {}
    shutil.copytree(ROOT / "dnnsearch", source / "dnnsearch")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)

    def install(resolution: str, *own: str) -> Path:
        if (resolution, own) not in made:
            folder = tmp_path_factory.mktemp(resolution)
            pip = (uv, "pip", "install", "-q", "--python", folder / "venv" / "bin" / "python")
            for command in (
                (uv, "venv", "-q", "--python", sys.executable, folder / "venv"),
                (*pip, "--resolution", resolution, *EXTRAS, "-r", source / "pyproject.toml", *own),
                (*pip, "--no-deps", source),
            ):
                done = run(folder, *command)
                assert done.returncode == 0, done.stdout
            made[resolution, own] = folder / "venv" / "bin" / "dnnsearch"
        return made[resolution, own]

    return install


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "wine.csv").write_text(f"acid,sugar,region,quality\n{TABLE}")
    return tmp_path


@pytest.mark.parametrize("resolution", ["lowest-direct", "highest"])
def test_the_main_road_is_passable(install: Install, folder: Path, resolution: str) -> None:
    program = install(resolution)
    said = {}
    for command in ROAD:
        said[command[0]] = succeed(folder, program, *command)
    assert "wine/1 identical" in said["rerun"]
    assert "wine identical: 4 trials" in said["verify"]
    assert "models:/wine/1 in MLflow" in said["promote"]
    assert (folder / "report-wine.html").stat().st_size > 10**5
    with closing(sqlite3.connect(folder / "mlflow.db")) as database:
        ((runs,),) = database.execute("SELECT count(*) FROM runs WHERE status = 'FINISHED'")
    assert runs == 1 + 4


@pytest.mark.parametrize("resolution", ["lowest-direct", "highest"])
def test_a_model_is_served(install: Install, folder: Path, resolution: str) -> None:
    program, port = install(resolution), free_port()
    for command in (ROAD[0], (*SEARCH, "--trials=2", "--set=tracking=none")):
        succeed(folder, program, *command)
    log = folder / "serve.log"
    with (
        log.open("wb") as to,
        subprocess.Popen(
            [str(program), "serve", "wine/1", f"--port={port}"],
            cwd=folder,
            env=clean_environment(folder),
            stdout=to,
            stderr=to,
        ) as it,
    ):
        try:
            while not is_healthy(f"http://127.0.0.1:{port}"):
                assert it.poll() is None, log.read_text()
                time.sleep(0.2)
            sent = {"text/csv": (folder / "wine.csv").read_bytes(), "application/json": RECORDS}
            for kind, body in sent.items():
                address = f"http://127.0.0.1:{port}/invocations"
                request = urllib.request.Request(address, body, {"Content-Type": kind})
                with urllib.request.urlopen(request, timeout=60) as answer:
                    first = json.load(answer)["predictions"][0]
                assert list(first) == ["prediction", "probability_bad", "probability_good"]
        finally:
            it.kill()


@pytest.mark.parametrize("resolution", ["lowest-direct", "highest"])
def test_images_in_hdf5_are_searched_on_dask_into_postgresql(
    install: Install,
    folder: Path,
    address: str,
    resolution: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    program = install(resolution)
    for name in OURS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(dask_cluster, "DASK", str(program.with_name("dask")))
    succeed(folder, program.with_name("python"), "-c", IMAGES)
    succeed(folder, program, "new", "images.h5", "--target=y")
    cluster = dask_cluster.DaskCluster(folder)
    try:
        cluster.worker("worker")
        place = (f"--workers={cluster.address}", f"--set=storage={address}")
        own = ("--set=tracking=none", "--set=iterations=40", "--trials=3")
        succeed(folder, program, "search", "configs/images.yaml", *own, *place)
    finally:
        cluster.close()
    said = succeed(folder, program, "verify", "images", f"--storage={address}", "--workers=1")
    assert "images identical: 3 trials" in said


def test_a_study_does_not_go_on_under_other_versions(install: Install, folder: Path) -> None:
    """The versions that a definition names decide on the bits of a result."""
    newest, oldest = install("highest"), install("lowest-direct")
    untracked = (*SEARCH, "--set=tracking=none")  # MLflow's schema would be refused first
    for command in (ROAD[0], (*untracked, "--trials=4")):
        succeed(folder, newest, *command)
    refused = run(folder, oldest, *untracked, "--trials=6")
    assert refused.returncode == 2
    (line,) = (line for line in refused.stdout.splitlines() if line.startswith("error: "))
    assert "optuna" in line
    assert "Traceback" not in refused.stdout
    assert run(folder, newest, *untracked, "--trials=6").returncode == 0


@pytest.mark.parametrize("resolution", ["lowest-direct", "highest"])
def test_an_exact_study_depends_on_the_version_of_optuna_alone(
    install: Install, resolution: str
) -> None:
    own = f"optuna=={metadata.version('optuna')}"
    python = str(install(resolution, own).with_name("python"))
    config = str(ROOT / "configs" / "exact_digits.yaml")
    assert printed(Path(alone.__file__), {}, config, python=(python,)) == GOLDENS
