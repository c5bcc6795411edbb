"""Bits that may not change unnoticed, on every processor that this machine can play.

Where a change of ours is meant to change them, `ARITHMETIC` in `dnnsearch.trials.spec` is raised,
the changelog says so, and golden.json is written again.
"""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from dnnsearch.runtime import numerics
from dnnsearch.trials.hyperparameters import OPTIONAL
from dnnsearch.trials.record import decode
from tests.support.golden import CASES

HERE = Path(__file__).parent
GOLDEN = json.loads((HERE / "support" / "golden.json").read_text())
GOLDEN_AVX512 = json.loads((HERE / "support" / "golden_avx512.json").read_text())
PORTABLE, AVX512 = numerics.KERNELS["portable"], numerics.KERNELS["avx512"]
needs_avx512 = pytest.mark.skipif(
    numerics.supported_pins("avx512") != "avx512", reason="this processor lacks AVX-512"
)
UNTRACKED = ("--set", "tracking=none")
DOUBLE = ("--set", "dtype=float64")
BASELINE = "X86_V3 X86_V4 AVX512_ICL AVX512_SPR"

# What a machine can be made to play, and how one sees that it does: OpenBLAS's kernels, NumPy's
# targets beyond its baseline, and the C library's variants (by their known answers).
TARGETS = {
    "SSE kernels": {"OPENBLAS_CORETYPE": "Nehalem"},
    "AVX kernels": {"OPENBLAS_CORETYPE": "Sandybridge"},
    "NumPy's baseline": {"NPY_DISABLE_CPU_FEATURES": BASELINE},
    "a C library without FMA": {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-FMA,-AVX2"},
}
SEEN = {
    "SSE kernels": lambda state: state["blas"] == ["openblas Nehalem"],
    "AVX kernels": lambda state: state["blas"] == ["openblas Sandybridge"],
    "NumPy's baseline": lambda state: state["cpu_targets"] == [],
    "a C library without FMA": lambda state: state["rounding"]["libm"] != PORTABLE.rounding["libm"],
}


@cache
def played(pins: str, target: str) -> dict[str, Any]:
    """The digests, and what was in effect, on a machine that would play this target."""
    machine = {**os.environ, **TARGETS.get(target, {})}
    done = subprocess.run(
        [sys.executable, str(HERE / "support" / "golden.py")],
        env=numerics.pinned(pins, machine),
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # NumPy warns of targets that this processor lacks
    )
    return dict(json.loads(done.stdout))


def test_trainings_have_their_golden_digests() -> None:
    """A line in the changelog goes with every change of these."""
    assert len(GOLDEN) >= 10
    assert played("portable", "")["digests"] == GOLDEN


@pytest.mark.parametrize("target", TARGETS)
def test_portable_numerics_do_not_depend_on_the_target(target: str) -> None:
    now = played("portable", target)
    assert now["state"]["blas"] == ["openblas Haswell"]
    assert now["state"]["cpu_targets"] == PORTABLE.targets
    assert now["digests"] == GOLDEN


@needs_avx512
def test_trainings_with_avx512_have_their_own_golden_digests() -> None:
    now = played("avx512", "a C library without FMA")
    assert (now["state"]["blas"], now["state"]["cpu_targets"]) == ([AVX512.blas], AVX512.targets)
    assert now["state"]["rounding"] == AVX512.rounding
    assert now["digests"] == GOLDEN_AVX512
    assert now["digests"] != GOLDEN


@pytest.mark.parametrize("target", TARGETS)
def test_native_numerics_do_depend_on_it(target: str) -> None:
    """Else the test above would prove nothing."""
    now = played("native", target)
    assert SEEN[target](now["state"])
    assert now["digests"] != GOLDEN


@pytest.mark.parametrize("name", OPTIONAL)
def test_each_optional_hyperparameter_has_a_golden_training(name: str) -> None:
    assert any(name in changes for changes in CASES.values())


def test_each_case_is_another_training() -> None:
    assert set(GOLDEN) == set(CASES)
    assert len(set(GOLDEN.values())) == len(CASES)


@pytest.mark.proof
@pytest.mark.parametrize("pruner", ["none", "median"])
def test_the_study_of_digits_is_the_same_for_every_target_and_any_number_of_workers(
    pruner: str, tmp_path: Path
) -> None:
    runs = [("", workers) for workers in (1, 2, 4)] + [(target, 2) for target in TARGETS]
    found = {}
    for i, (target, workers) in enumerate(runs):
        options = ("--set", f"pruner={pruner}", "--workers", str(workers))
        found[target, workers], state = _searched(tmp_path / str(i), target, *options)
        assert state["blas"] == ["openblas Haswell"]
        assert state["cpu_targets"] == PORTABLE.targets
        assert state["rounding"] == PORTABLE.rounding
    assert len(set(found.values())) == 1, found


@pytest.mark.proof
def test_the_native_study_of_digits_does_depend_on_the_target(tmp_path: Path) -> None:
    """Else the test above would prove nothing. In float64, since float32 hides the C library."""
    portable, _ = _searched(tmp_path / "double", "", "--trials", "6", *DOUBLE)
    for i, target in enumerate(TARGETS):
        options = ("--set", "numerics=native", "--trials", "6", *DOUBLE)
        native, state = _searched(tmp_path / str(i), target, *options)
        assert SEEN[target](state)
        assert native != portable


def _searched(folder: Path, target: str, *options: str) -> tuple[str, dict[str, Any]]:
    """The fingerprint that the search ends with, and what was in effect in its workers."""
    folder.mkdir()
    config = HERE.parent / "configs" / "digits.yaml"
    done = subprocess.run(
        [sys.executable, "-m", "dnnsearch", "search", str(config), "--quiet", *UNTRACKED, *options],
        cwd=folder,
        env={**os.environ, **TARGETS.get(target, {})},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    records = [decode(path.read_bytes()) for path in folder.glob("records/digits/0*.npz")]
    states = [record.document["made"]["numerics"] for record in records]
    assert states == states[:1] * len(records)
    return done.stdout.split()[-1], states[0]
