"""A whole study with `numerics: exact` has one fingerprint, whatever machine is played."""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dnnsearch.config.config import load_config
from dnnsearch.storage.array_store import ArrayStore
from dnnsearch.study.definition import resolve_definition
from dnnsearch.trials.record import decode
from tests.support import exact_choices, exact_study, golden
from tests.support.dask_cluster import DaskCluster
from tests.support.paths import ROOT
from tests.support.settings import KERNELS, SETTINGS, combinations, printed

CONFIG = ROOT / "configs" / "exact_digits.yaml"
GOLDEN = "fc4f8cfc9bc616de76b5137dffa592bac32a35f6de14c6e836caa1a89ee32df9"
STUDY, CHOICES, TRAININGS = (Path(m.__file__ or "") for m in (exact_study, exact_choices, golden))
OLD, NEW = SETTINGS["SSE4 kernels, 2 threads, a C library without FMA"], SETTINGS["AVX2 kernels"]
# Another Python with the packages, such as an emulated one: see docs/reproducibility.md
OTHER_PYTHON = "DNNSEARCH_OTHER_PYTHON"
needs_other_python = pytest.mark.skipif(
    OTHER_PYTHON not in os.environ, reason=f"{OTHER_PYTHON} names no other Python"
)


@pytest.mark.parametrize("setting", list(SETTINGS)[1:3])
def test_the_fingerprint_is_the_golden_one_under_every_setting(setting: str) -> None:
    assert printed(STUDY, SETTINGS[setting], str(CONFIG)) == GOLDEN


@pytest.mark.proof
@pytest.mark.parametrize("kernels", KERNELS)
def test_the_fingerprint_is_the_golden_one_under_all_combinations(kernels: str) -> None:
    found = [printed(STUDY, setting, str(CONFIG)) for setting in combinations(kernels)]
    assert found == [GOLDEN] * len(found)


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


@pytest.mark.proof
@needs_other_python
def test_another_python_computes_the_same() -> None:
    """An emulated ARM processor, for example: trainings, data, proposals and the whole study."""
    other = shlex.split(os.environ.get(OTHER_PYTHON, ""))

    def by_other(program: Path, argument: str) -> object:
        return printed(program, {}, argument, python=other)

    assert by_other(STUDY, str(CONFIG)) == GOLDEN
    assert by_other(CHOICES, "exact") == printed(CHOICES, {}, "exact")
    here, there = printed(TRAININGS, {}, "exact"), by_other(TRAININGS, "exact")
    assert isinstance(there, dict)
    assert there["digests"] == here["digests"]
