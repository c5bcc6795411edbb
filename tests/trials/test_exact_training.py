"""Exact trainings: as the fast ones within rounding, and the same bits under every setting."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dnnsearch import nn
from dnnsearch.nn import exact_arithmetic
from dnnsearch.nn.arithmetic import FAST
from dnnsearch.nn.exact_arithmetic import EXACT
from dnnsearch.trials.run import TRIAL_STREAM, run_trial
from dnnsearch.trials.spec import Spec, generator
from dnnsearch.trials.training import train
from tests.support import golden
from tests.support.golden import EXACT_CASES
from tests.support.settings import KERNELS, SETTINGS, combinations, printed

FOLDER = Path(golden.__file__).parent
PROGRAM = Path(golden.__file__)
GOLDEN = json.loads((FOLDER / "golden_exact.json").read_text())
FAR = list(SETTINGS)[1:3]  # from what is usual
NEAR = [setting for setting in SETTINGS if setting not in FAR]


@pytest.mark.parametrize(
    "setting", [*FAR, *(pytest.param(setting, marks=pytest.mark.proof) for setting in NEAR)]
)
def test_exact_trainings_have_their_golden_digests_under_every_setting(setting: str) -> None:
    assert printed(PROGRAM, SETTINGS[setting], "exact")["digests"] == GOLDEN


@pytest.mark.proof
@pytest.mark.parametrize("kernels", KERNELS)
def test_exact_trainings_are_the_same_under_all_combinations(kernels: str) -> None:
    found = [printed(PROGRAM, setting, "exact") for setting in combinations(kernels)]
    assert all(one["digests"] == GOLDEN for one in found)
    states = {json.dumps(one["state"]) for one in found}
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
    monkeypatch.setattr(exact_arithmetic, "EXACT", same_start)
    changes = dict(EXACT_CASES[name])
    exact = golden.result(changes)
    double = {"dtype": "float64"} if "dropout" in changes else {}  # the masks of float32 are others
    fast = golden.result({**changes, "numerics": "portable", **double})
    assert exact.end == fast.end
    assert exact.arrays.keys() == fast.arrays.keys()
    if "parameters" in exact.arrays:  # a record has those of a large network only if it must
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


def _alone(spec: Spec, replicate: int) -> _Alone:
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
