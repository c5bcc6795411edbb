"""Exact trainings: as the fast ones within rounding, and the same bits under every setting."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dnnsearch import nn
from dnnsearch.nn.arithmetic import FAST
from dnnsearch.nn.exact_arithmetic import EXACT
from dnnsearch.trials import spec as spec_module
from dnnsearch.trials.run import TRIAL_STREAM, run_trial
from dnnsearch.trials.spec import generator
from dnnsearch.trials.training import train
from tests.support import golden
from tests.support.golden import EXACT_CASES

FOLDER = Path(golden.__file__).parent
GOLDEN = json.loads((FOLDER / "golden_exact.json").read_text())
NUMPY = "NPY_DISABLE_CPU_FEATURES"
# What a machine of this kind can be made to play; `make proof` has all combinations.
SETTINGS: dict[str, dict[str, str]] = {
    "as it is, 2 threads": {"OPENBLAS_NUM_THREADS": "2"},
    "SSE2 kernels, NumPy's baseline": {
        "OPENBLAS_CORETYPE": "Prescott",
        NUMPY: "X86_V3 X86_V4 AVX512_ICL AVX512_SPR",
    },
    "SSE4 kernels, 2 threads, a C library without FMA": {
        "OPENBLAS_CORETYPE": "Nehalem",
        "OPENBLAS_NUM_THREADS": "2",
        "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-FMA,-AVX2",
    },
    "AVX2 kernels": {"OPENBLAS_CORETYPE": "Haswell", NUMPY: "X86_V4 AVX512_ICL AVX512_SPR"},
}
KERNELS = ("Prescott", "Nehalem", "Haswell", "SkylakeX")
FEATURES = ("", "X86_V4 AVX512_ICL AVX512_SPR", "X86_V3 X86_V4 AVX512_ICL AVX512_SPR")
TUNABLES = ("", "glibc.cpu.hwcaps=-FMA,-AVX2")


def played(setting: dict[str, str]) -> dict[str, object]:
    """The digests, and what was in effect, in a process with this setting."""
    done = subprocess.run(
        [sys.executable, str(FOLDER / "golden.py"), "exact"],
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", **setting},
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # NumPy warns of targets that this processor lacks
    )
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize("setting", SETTINGS)
def test_exact_trainings_have_their_golden_digests_under_every_setting(setting: str) -> None:
    assert played(SETTINGS[setting])["digests"] == GOLDEN


@pytest.mark.proof
@pytest.mark.parametrize("kernels", KERNELS)
def test_exact_trainings_are_the_same_under_all_combinations(kernels: str) -> None:
    states = set()
    for threads in ("1", "2"):
        for features in FEATURES:
            for tunables in TUNABLES:
                now = played(
                    {
                        "OPENBLAS_CORETYPE": kernels,
                        "OPENBLAS_NUM_THREADS": threads,
                        NUMPY: features,
                        "GLIBC_TUNABLES": tunables,
                    }
                )
                assert now["digests"] == GOLDEN
                states.add(json.dumps(now["state"]))
    assert len(states) >= 8, "the settings had no effect"


def test_each_case_is_another_training_and_none_is_a_fast_one() -> None:
    assert set(GOLDEN) == set(EXACT_CASES)
    assert len(set(GOLDEN.values())) == len(GOLDEN)
    fast = json.loads((FOLDER / "golden.json").read_text())
    assert not set(GOLDEN.values()) & set(fast.values())


@pytest.mark.parametrize("name", [name for name in EXACT_CASES if name != "diverges"])
def test_an_exact_training_is_the_fast_one_within_the_rounding_of_float32(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    same_start = replace(EXACT, standard_normal=FAST.standard_normal)
    monkeypatch.setattr(spec_module, "EXACT", same_start)
    changes = dict(EXACT_CASES[name])
    exact = golden.result(changes)
    double = {"dtype": "float64"} if "dropout" in changes else {}  # the masks of float32 are others
    fast = golden.result({**changes, "numerics": "portable", **double})
    assert exact.end == fast.end
    assert exact.arrays["parameters"].dtype == np.float32
    largest = np.abs(fast.arrays["parameters"]).max()
    difference = np.abs(exact.arrays["parameters"] - fast.arrays["parameters"]).max()
    assert difference < 3e-6 * largest
    assert exact.curves["dev_cost"] == pytest.approx(fast.curves["dev_cost"], abs=3e-6)


def test_an_exact_training_diverges_as_the_fast_one_does() -> None:
    found = golden.result(EXACT_CASES["diverges"])
    fast = golden.result({**EXACT_CASES["diverges"], "numerics": "portable"})
    assert (found.end, found.iterations) == (fast.end, fast.iterations) == ("diverged", 7)


ALONE = ["relu, mini-batches", "tanh, full batch", "embedding", "clipping", "scaling layer, adamw"]


@pytest.mark.parametrize("name", [*ALONE, "dropout", "schedule-free", "codes"])
def test_a_stack_of_replicates_is_as_many_single_trainings(name: str) -> None:
    spec = golden.spec_of({**EXACT_CASES[name], "replicates": 3})
    stack = run_trial(spec, golden.data(spec))
    for replicate in range(3):
        alone = _alone(spec, replicate)
        assert np.array_equal(stack.parameters[replicate], alone.parameters)
        for curve, values in alone.curves.items():
            assert np.array_equal(stack.curves[curve][replicate], values)


class _Alone:
    def __init__(self, parameters: np.ndarray, curves: dict[str, np.ndarray]) -> None:
        self.parameters, self.curves = parameters, curves


def _alone(spec: spec_module.Spec, replicate: int) -> _Alone:
    from dnnsearch.trials.input_pieces import input_pieces

    rngs = [generator(spec.seed, TRIAL_STREAM, spec.number, replicate)]
    data = golden.data(spec)
    pieces = input_pieces(spec.hyperparameters, spec.input_shape, data, EXACT)
    learnt = spec.input_shape.learnt
    start = nn.initialize(spec.layer_sizes, rngs, "he", np.float64, learnt, EXACT)
    points = train(
        start,
        pieces.scaled(data),
        spec.hyperparameters,
        output=spec.output,
        curve_every=spec.curve_every,
        rngs=rngs,
        pieces=pieces,
        arithmetic=EXACT,
    )
    names = ("train_cost", "dev_cost", "train_accuracy", "dev_accuracy")
    found = [[point.value(name) for name in names] for point in points]
    curves = {name: np.array([point[i][0] for point in found]) for i, name in enumerate(names)}
    return _Alone(start.flat[0].astype(np.float32), curves)
