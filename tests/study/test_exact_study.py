"""A whole study with `numerics: exact` has one fingerprint, whatever machine is played."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dnnsearch.config.config import load_config
from dnnsearch.storage.array_store import ArrayStore
from dnnsearch.study.definition import resolve_definition
from dnnsearch.trials.record import decode
from tests.support import alone, exact_choices, golden
from tests.support.alone import GOLDEN, GOLDENS
from tests.support.dask_cluster import DaskCluster
from tests.support.other_python import Unavailable, other_python
from tests.support.paths import ROOT
from tests.support.settings import KERNELS, SETTINGS, combinations, printed

CONFIG = ROOT / "configs" / "exact_digits.yaml"
ALONE, CHOICES, TRAININGS = (Path(m.__file__ or "") for m in (alone, exact_choices, golden))
SMALL = """
data: {name: moons, examples: 120, noise: 0.2, seed: 0}
trials: 3
learning_rate: {low: 0.01, high: 0.2, log: true}
iterations: 20
hidden_layers: 1
units: {low: 4, high: 16}
activation: tanh
momentum: 0.9
batch_size: 32
"""
# Another user, who may read Python itself wherever it is installed, and write nowhere.
NOBODY = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
NOBODY += ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
OLD, NEW = SETTINGS["SSE4 kernels, 2 threads, a C library without FMA"], SETTINGS["AVX2 kernels"]


@pytest.mark.parametrize(
    "setting", [list(SETTINGS)[1], pytest.param(list(SETTINGS)[2], marks=pytest.mark.proof)]
)
def test_the_fingerprint_is_the_golden_one_under_every_setting(setting: str) -> None:
    assert printed(ALONE, SETTINGS[setting], str(CONFIG)) == GOLDENS


@pytest.mark.proof
@pytest.mark.parametrize("kernels", KERNELS)
def test_the_fingerprint_is_the_golden_one_under_all_combinations(kernels: str) -> None:
    found = [printed(ALONE, setting, str(CONFIG)) for setting in combinations(kernels)]
    assert found == [GOLDENS] * len(found)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DNNSEARCH_CACHE", str(tmp_path / "cache"))
    return tmp_path


def start(folder: Path, setting: dict[str, str], *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "dnnsearch", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **setting},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def search(folder: Path, setting: dict[str, str], *arguments: str) -> "subprocess.Popen[str]":
    untracked = ("--set", "tracking=none", "--quiet")
    return start(folder, setting, "search", str(CONFIG), *untracked, *arguments)


def ended(process: "subprocess.Popen[str]") -> str:
    said, complaints = process.communicate(timeout=300)
    assert process.returncode == 0, complaints
    return said


@pytest.mark.proof
def test_a_study_that_is_killed_on_one_machine_and_finished_on_another_is_the_same(
    folder: Path,
) -> None:
    first = search(folder, OLD)
    until = time.monotonic() + 120
    while len(list(folder.glob("records/exact_digits/0*.npz"))) < 3:
        assert first.poll() is None or first.returncode == 0
        assert time.monotonic() < until
        time.sleep(0.02)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    said = ended(search(folder, NEW))
    assert said.split()[-1] == GOLDEN
    records = [decode(path.read_bytes()) for path in folder.glob("records/exact_digits/0*.npz")]
    states = {str(record.document["made"]["numerics"]) for record in records}
    assert len(states) > 1, "both settings trained trials"


def test_its_definition_names_no_kernels_and_the_version_of_optuna_alone(folder: Path) -> None:
    document = resolve_definition(load_config(CONFIG), ArrayStore(folder)).as_dict()
    assert "rounding" not in document
    assert set(document["versions"]) == {"optuna"}
    assert document["numerics"] == "exact"


@pytest.mark.proof
def test_it_is_verified_and_promoted_on_another_machine(folder: Path) -> None:
    ended(search(folder, OLD))
    ended(start(folder, OLD, "promote", "exact_digits", "--replicates=2", "--top=2"))
    said, _ = start(folder, NEW, "verify", "exact_digits", "--quiet").communicate(timeout=300)
    same = "exact_digits equal within rounding: its promotion; its trials are identical"
    assert said.startswith(same), said  # what a model answers is rounded by the machine
    rerun = ended(start(folder, NEW, "rerun", "exact_digits/7"))
    assert "exact_digits/7 identical" in rerun


@pytest.mark.proof
@pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("setpriv"),
    reason="only root may start a process of another user, by setpriv",
)
def test_its_file_is_verified_by_another_user_in_another_time_zone_language_and_blas(
    folder: Path,
) -> None:
    ended(search(folder, OLD))
    ended(start(folder, OLD, "export", "exact_digits", "--quiet"))
    with tempfile.TemporaryDirectory() as name:  # those of pytest are for its user alone
        here = Path(name)
        shutil.copy(folder / "exact_digits.dnnstudy", here)
        shutil.chown(here, "nobody")
        setting = {"TZ": "Asia/Kathmandu", "LC_ALL": "C", "HOME": name, "TMPDIR": name, **NEW}
        setting["DNNSEARCH_CACHE"] = f"{name}/cache"
        done = subprocess.run(
            [*NOBODY, sys.executable, "-m", "dnnsearch", "verify", "exact_digits.dnnstudy", "-q"],
            cwd=here,
            env={**os.environ, "PYTHONPATH": str(ROOT), **setting},
            capture_output=True,
            text=True,
        )
        assert done.stdout.startswith("exact_digits identical: 12 trials"), done
        assert done.stdout.split()[-1] == GOLDEN
        assert {path.name for path in here.iterdir()} <= {"exact_digits.dnnstudy", "cache"}


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    made = DaskCluster(tmp_path_factory.mktemp("dask"))
    yield made
    made.close()


@pytest.mark.proof
@pytest.mark.flaky(reruns=1)  # a cluster that starts slowly on a busy machine
def test_dask_workers_of_two_settings_at_once_give_the_same(
    folder: Path, cluster: DaskCluster
) -> None:
    for name, setting in (("a", OLD), ("b", NEW)):
        cluster.worker(name, **setting)
        cluster.joined(name)
    said = ended(search(folder, {}, f"--workers={cluster.address}"))
    assert said.split()[-1] == GOLDEN


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """An emulated ARM processor, if the user names no other Python."""
    try:
        return other_python(tmp_path_factory.mktemp("other"))
    except Unavailable as reason:
        pytest.skip(str(reason))


@pytest.mark.proof
def test_another_python_searches_the_same_study(other: list[str]) -> None:
    assert printed(ALONE, {}, str(CONFIG), python=other) == GOLDENS


@pytest.mark.proof
def test_another_python_trains_the_same_networks(other: list[str]) -> None:
    there = printed(TRAININGS, {}, "exact", python=other)
    assert there["digests"] == json.loads(TRAININGS.with_name("golden_exact.json").read_text())
    here = printed(TRAININGS, {}, "exact")["state"]
    assert there["state"] != here, "it is the same Python"


@pytest.mark.proof
def test_another_python_prepares_and_proposes_the_same(other: list[str]) -> None:
    assert printed(CHOICES, {}, "exact", python=other) == printed(CHOICES, {}, "exact")


@pytest.mark.proof
def test_another_python_verifies_an_exact_file_and_names_the_first_difference_of_another(
    folder: Path, other: list[str]
) -> None:
    (folder / "small.yaml").write_text(SMALL)
    for numerics in ("exact", "native"):
        own = (f"--set=numerics={numerics}", f"--study={numerics}", "--set=tracking=none")
        ended(start(folder, {}, "search", "small.yaml", *own, "--quiet", "--workers=1"))
        ended(start(folder, {}, "export", numerics, "--quiet"))
    files = [str(folder / f"{numerics}.dnnstudy") for numerics in ("exact", "native")]
    exact, usual = printed(ALONE, {}, *files, python=other)
    assert exact[0] == "exact identical: 3 trials"
    assert usual[0].startswith("native equal within rounding: its costs differ by ")
    assert "because of " in usual[0]  # its version of Python, if that differs, else numerics
    assert usual[1].startswith("  the first that differs: trial ")
