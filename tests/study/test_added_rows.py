"""A pruner, a sampler and an activation, each added as one row, are searched with and verified."""

from pathlib import Path

import pytest

from tests.support.preloaded import Preloaded

CONFIG = """
data: {name: moons, examples: 120, noise: 0.2, seed: 0}
trials: 8
parallelism: 2
learning_rate: {low: 0.01, high: 1.0, log: true}
iterations: 40
curve_every: 10
hidden_layers: 1
units: {low: 2, high: 8}
activation: relu
momentum: 0.9
batch_size: 32
storage: sqlite:///optuna.db
tracking: none
workers: 1
"""
STRICT_PRUNER = """
from dnnsearch.trials.pruning import PRUNERS, Pruner

def thresholds(finished, steps, maximize, *, step):
    return ((step, 2.0),) if finished else ()  # no accuracy is 2

PRUNERS["strict"] = Pruner(thresholds, lambda every: {"step": 2 * every}, 2, "last")
"""
FIXED_SAMPLER = """
from dnnsearch.config.samplers import SAMPLERS, Sampler

def make(context, *, learning_rate):
    from optuna.samplers import PartialFixedSampler, RandomSampler
    fixed = {"learning_rate": learning_rate}
    return PartialFixedSampler(fixed, RandomSampler(seed=context.trial_seed))

SAMPLERS["fixed"] = Sampler(make, {"learning_rate": 0.125})
"""
SOFTSIGN = """
import numpy as np
from dnnsearch.nn import ACTIVATIONS
from dnnsearch.nn.activations import Activation

def softsign(Z, out=None):
    return np.divide(Z, 1 + np.abs(Z), out=out)

def slope(Z, A, out):
    return np.square(1 - np.abs(A), out=out)

ACTIVATIONS["softsign"] = Activation(softsign, slope)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DNNSEARCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PYTHONWARNINGS", "ignore::optuna.exceptions.ExperimentalWarning")
    (tmp_path / "moons.yaml").write_text(CONFIG)
    return tmp_path


def test_a_pruner_is_one_row(program: Preloaded, folder: Path) -> None:
    refused = program.run(folder, "search", "moons.yaml", "--set=pruner=strict", code=2)
    assert "must be one of median, halving, or none" in refused
    search = ("search", "moons.yaml", "--set=pruner=strict")
    said = program.run(folder, *search, planted=STRICT_PRUNER)
    assert "8 trials: 6 pruned, 2 finished" in said  # two were asked before any had finished
    assert "identical: 8 trials" in program.run(folder, "verify", "moons", planted=STRICT_PRUNER)
    changed = STRICT_PRUNER.replace("2 * every", "3 * every")
    refused = program.run(folder, *search, code=2, planted=changed)
    assert "pruner.step (was 20, is 30)" in refused


def test_a_sampler_is_one_row(program: Preloaded, folder: Path) -> None:
    search = ("search", "moons.yaml", "--set=sampler=fixed")
    assert "must be one of tpe, random, qmc" in program.run(folder, *search, code=2)
    program.run(folder, *search, planted=FIXED_SAMPLER)
    program.run(folder, "show", "moons", "--csv=trials.csv", planted=FIXED_SAMPLER)
    table = (folder / "trials.csv").read_text()
    assert table.count(",0.125,") == 7  # all but the default, which no sampler chooses
    assert "identical: 8 trials" in program.run(folder, "verify", "moons", planted=FIXED_SAMPLER)
    changed = FIXED_SAMPLER.replace("0.125", "0.25")
    refused = program.run(folder, *search, code=2, planted=changed)
    assert "sampler.learning_rate (was 0.125, is 0.25)" in refused


def test_an_activation_is_one_row(program: Preloaded, folder: Path) -> None:
    search = ("search", "moons.yaml", "--set=activation=softsign")
    assert "softsign" in program.run(folder, *search, code=2)
    said = program.run(folder, *search, planted=SOFTSIGN)
    assert "8 trials: 8 finished" in said
    assert "identical: 8 trials" in program.run(folder, "verify", "moons", planted=SOFTSIGN)
