"""The timers of the experiment on training speed, and its tiny mode."""

import json
import sys
from dataclasses import asdict, replace

import numpy as np
import pytest

from dnnsearch import nn
from experiments import speed_training, training_timers
from experiments.speed_training import ratio
from experiments.training_timers import PARTS, Job


@pytest.mark.proof
def test_the_tiny_mode_times_each_library_and_writes_the_tables(tmp_path):
    """Slow because three processes import the libraries that they time."""
    speed_training.main(["--tiny", "--out", str(tmp_path / "report.md")])
    text = (tmp_path / "report.md").read_text()
    rows = [line for line in text.splitlines() if line.startswith("| 455x30, 30-16-8-2, batch 32")]
    assert len(rows) == 3, "one alone, one with its limit, one stacked"
    _, ours, _, sklearn, *_ = rows[0].strip("| ").split(" | ")
    assert float(ours) > 0
    assert float(sklearn) > 0


def test_the_work_of_an_update_is_counted_without_the_derivative_by_the_input():
    assert Job(examples=100, layers=(3, 4, 2), batch=10, epochs=1).flops == 2 * 10 * (
        (3 * 4 + 4 * 2)  # forward
        + (3 * 4 + 4 * 2)  # dW
        + 4 * 2  # dA[1]
    )


def test_the_calls_of_an_update_are_those_of_its_passes_and_momentum():
    """softmax is one call of five, and dZ[L] two that are not among the prepared ones."""
    network = nn.Network(nn.initialize((3, 4, 2), np.random.default_rng(0)))
    passes = network.passes(np.zeros((3, 10), np.float32), network.workspaces_for(10))
    prepared = len(passes.forward_calls) + len(passes.backward_calls)
    assert Job(100, (3, 4, 2), 10, epochs=1).calls == prepared + 4 + 2 + 3


@pytest.mark.parametrize("part", PARTS)
def test_each_part_of_an_update_is_timed(part):
    whole = Job(examples=200, layers=(3, 40, 2), batch=10, epochs=2)
    assert training_timers.time_dnnsearch(replace(whole, part=part)) > 0


def test_ratios_are_taken_round_by_round():
    rounds = [{"a": 1.0, "b": 2.0}, {"a": 10.0, "b": 30.0}, {"a": 2.0, "b": 8.0}]
    assert ratio(rounds, "b", "a") == 3
    assert ratio(rounds, "c", "a") != ratio(rounds, "c", "a"), "NaN: c was not timed"


@pytest.mark.parametrize("name", ["dnnsearch", "scikit-learn"])
def test_a_job_travels_to_its_process_as_one_line(name, monkeypatch, capsys):
    job = Job(examples=20, layers=(3, 4, 2), batch=10, epochs=1)
    monkeypatch.setattr(sys, "stdin", [json.dumps(asdict(job))])
    training_timers.serve(name)
    assert float(capsys.readouterr().out) > 0
