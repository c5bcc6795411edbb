"""A search that stops by itself: `stop_after` trials in a row have gained nothing."""

import json
import re
import shlex
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import dnnsearch
from dnnsearch.config.config import parse_config
from dnnsearch.study.stopping import GainWatch
from dnnsearch.trials.record import decode, encode
from dnnsearch.trials.run import run_trial
from tests.support.golden import data, spec_of
from tests.support.preloaded import Preloaded

SPACE = """
data: {name: moons, examples: 200, seed: 0}
sampler: random
learning_rate: {low: 0.001, high: 0.3, log: true}
iterations: 20
hidden_layers: 1
units: 4
activation: relu
momentum: 0.9
batch_size: 32
curve_every: 10
"""
SEARCH = ("search", "stop.yaml", "--set=tracking=none", "--trials=40", "--quiet")


def record_of(number: int, value: float):
    spec = replace(spec_of({"iterations": 7}), number=number, objective="dev_accuracy")
    result = run_trial(spec, data(spec))
    result.curves["dev_accuracy"][:, -1] = value
    return decode(encode(spec, result, {}))


def watch(stop_after, objective="dev_accuracy"):
    space = {"learning_rate": 0.1, "iterations": 7, "hidden_layers": 1, "units": 4}
    more = {"activation": "relu", "momentum": 0.9, "batch_size": 32, "data": "digits"}
    config = {**space, **more, "stop_after": stop_after, "objective": objective}
    return GainWatch(parse_config(config, "test", "test"))


def test_only_a_value_beyond_the_standard_error_of_the_incumbent_is_a_gain():
    gains = watch(3)
    error = np.sqrt(0.5 * 0.5 / 40)  # of 40 dev examples
    for number, value in enumerate([0.5, 0.5 + 0.9 * error, 0.2, 0.5 + 1.1 * error, 0.1, 0.1]):
        gains.tell(record_of(number, value))
        assert not gains.is_over
    assert (gains.incumbent, gains.without_gain) == (3, 2)
    gains.tell(record_of(6, 0.6))
    assert gains.is_over
    stopped = "stopped after 7 trials, because stop_after is 3: none of the last 3 beats trial 3"
    assert gains.reason().startswith(stopped)
    assert gains.reason().endswith("; trial 6 (0.6000) does by less")


def test_trials_that_had_begun_are_told_and_counted_apart():
    gains = watch(2)
    for number, value in enumerate([0.5, 0.1, 0.1, 0.1, 0.1]):
        gains.tell(record_of(number, value))
    said = "none of the last 4 (2 of them had begun before that was known) beats trial 0"
    assert said in gains.reason()
    assert gains.reason().endswith("(0.0791)")


def test_the_standard_error_is_that_of_the_point_that_was_kept():
    spec = spec_of({"iterations": 7, "checkpoint": "best"})
    spec = replace(spec, objective="dev_cost", replicates=2)
    result = run_trial(spec, data(spec))
    curve = result.curves["dev_cost"]
    curve[:, :-1] = 9.0
    curve[:, 0] = 0.4, 0.6
    curve[:, -1] = 0.1, 8.1
    gains = watch(1, "dev_cost")
    gains.tell(decode(encode(spec, result, {})))
    gains.tell(decode(encode(replace(spec, number=1), result, {})))
    assert gains.reason().endswith("by more than its standard error (0.1000)")


def test_without_a_limit_it_never_stops():
    gains = watch(None)
    for number in range(9):
        gains.tell(record_of(number, 0.5))
    assert not gains.is_over


def ends(folder: Path, program: Preloaded, *options: str) -> tuple[int, str]:
    """Return the number of trials and the fingerprint after a search."""
    event = json.loads(
        program.run(folder, *SEARCH[:-1], "--json", *options).strip().splitlines()[-1]
    )
    return event["trials"], event["fingerprint"]


def test_it_stops_at_the_same_trial_for_any_number_of_workers_and_goes_on_without_the_option(
    program: Preloaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "stop.yaml").write_text(SPACE)
    stopped = ends(tmp_path, program, "--stop-after=5", "--workers=2")
    assert 5 < stopped[0] < 40
    again = ends(tmp_path, program, "--stop-after=5", "--workers=1", "--study=again")
    assert again == stopped
    assert ends(tmp_path, program, "--stop-after=5") == stopped, "a second call adds nothing"
    whole = ends(tmp_path, program, "--workers=2")
    assert whole[0] == 40
    assert dnnsearch.fingerprint("stop", stopped[0]) == stopped[1]


def test_the_search_says_why_it_stopped(program: Preloaded, tmp_path: Path) -> None:
    (tmp_path / "stop.yaml").write_text(SPACE)
    said = program.run(tmp_path, *SEARCH, "--stop-after=3")
    assert ", because stop_after is 3: none of the last " in said
    assert "by more than its standard error" in said


@pytest.mark.parametrize("given", [["--stop-after=3"], ["--stop-after", "3"], []])
def test_the_command_that_it_names_goes_on(
    program: Preloaded, tmp_path: Path, given: list[str]
) -> None:
    (tmp_path / "stop.yaml").write_text(SPACE if given else f"{SPACE}stop_after: 3\n")
    search = [*SEARCH, "--set=trials=12"]
    search.remove("--trials=40")
    said = program.run(tmp_path, *search, *given)
    (command,) = re.findall(r"resume, up to 12 trials: dnnsearch (.*)", said)
    assert "study stop, 12 trials" in program.run(tmp_path, *shlex.split(command))
