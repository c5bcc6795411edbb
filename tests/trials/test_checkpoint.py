"""Which point of a training is kept, and when patience ends it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dnnsearch.promotion.candidates import Candidate
from dnnsearch.promotion.confirmation import _stop
from dnnsearch.study.replayed_study import _after_the_end
from dnnsearch.trials.checkpoint import best_point
from dnnsearch.trials.record import Record, decode, encode
from dnnsearch.trials.run import run_trial
from dnnsearch.trials.spec import Spec
from tests.support.golden import data, spec_of

OVERFITS: dict[str, Any] = {"learning_rate": 2.0, "curve_every": 5, "replicates": 2}
BEST = {**OVERFITS, "checkpoint": "best"}


def trained(changes: dict[str, Any], **fields: Any) -> Record:
    spec = replace(spec_of(changes), **fields)
    return decode(encode(spec, run_trial(spec, data(spec)), {}))


def best_in(record: Record) -> int:
    means = record.curves[record.spec.objective].mean(axis=0)
    return int(np.argmin(means))


def test_the_best_point_is_kept_for_the_whole_stack() -> None:
    record, last = trained(BEST), trained(OVERFITS)
    point = best_in(record)
    assert 0 < point < len(record.arrays["steps"]) - 1
    assert record.value == record.curves["dev_cost"].mean(axis=0)[point]
    assert last.value == last.curves["dev_cost"][:, -1].mean() > record.value
    for name in record.curves:
        assert np.array_equal(record.curves[name], last.curves[name], equal_nan=True)
    assert record.end == last.end == "finished"
    assert record.iterations == last.iterations == 60


@pytest.mark.parametrize(
    "piece", [{}, {"schedule": "cosine"}, {"descent": "schedule_free", "learning_rate": 0.1}]
)
def test_kept_parameters_are_those_of_a_training_that_stops_there(piece: dict[str, Any]) -> None:
    record = trained(BEST | piece)
    stopped = trained(OVERFITS | piece, stop=record.kept)
    assert stopped.end == "finished"
    assert stopped.iterations == record.kept < 60
    for name in ("parameters", "dev_predictions"):
        assert np.array_equal(record.arrays[name], stopped.arrays[name])
    assert record.document["digests"]["dev_outputs"] == stopped.document["digests"]["dev_outputs"]


def test_one_of_a_stack_is_what_it_is_alone_after_as_many_updates() -> None:
    record = trained(BEST)
    single = trained(OVERFITS | {"replicates": 1}, stop=record.kept)
    assert np.array_equal(record.arrays["parameters"][0], single.arrays["parameters"][0])


@pytest.mark.parametrize(
    ("objective", "values", "expected"),
    [
        ("dev_cost", [3.0, 1.0, 1.0, 2.0], 1),
        ("dev_accuracy", [0.1, 0.9, 0.9], 1),
        ("dev_cost", [np.nan, 2.0, np.inf], 1),
    ],
)
def test_the_first_of_equals_is_best(objective: str, values: list[float], expected: int) -> None:
    assert best_point(spec_of({"objective": objective}), values) == expected


def test_patience_ends_a_training_that_is_then_finished() -> None:
    whole = trained(BEST)
    record = trained(BEST | {"patience": 2})
    assert record.end == "finished"
    assert record.iterations == whole.arrays["steps"][best_in(record) + 2] < 60
    assert record.cost == record.spec.cost(record.iterations)
    until = len(record.arrays["steps"])
    assert np.array_equal(record.curves["dev_cost"], whole.curves["dev_cost"][:, :until])
    with_last = trained(OVERFITS | {"patience": 2})
    assert with_last.iterations == record.iterations
    assert with_last.value == with_last.curves["dev_cost"][:, -1].mean()


def test_a_trial_that_ended_by_patience_counts_at_later_points_with_its_kept_value() -> None:
    record = trained(BEST | {"patience": 2})
    later = _after_the_end(record)
    assert set(later.values()) == {record.value}
    assert [*later] == [step for step in (*range(0, 60, 5), 60) if step > record.iterations]
    assert _after_the_end(trained(BEST)) == {}


def test_thresholds_prune_a_training_with_patience() -> None:
    spec = spec_of(BEST | {"patience": 2})
    spec = replace(spec, pruner="halving", thresholds=((10, 0.0),))
    record = decode(encode(spec, run_trial(spec, data(spec)), {}))
    assert (record.end, record.iterations) == ("pruned", 10)


def test_a_training_that_diverges_keeps_its_last_point() -> None:
    record = trained({"learning_rate": 1e6, "activation": "leaky_relu", "checkpoint": "best"})
    assert record.end == "diverged"
    assert np.isnan(record.arrays["parameters"]).all()
    assert record.value is None


def test_a_refit_stops_after_the_mean_best_iteration_of_the_confirmations() -> None:
    records = [trained(BEST), trained(BEST | {"number": 4})]
    assert _stop(records) == round(sum(record.kept for record in records) / 2)
    assert _stop([trained(OVERFITS)]) is None
    assert Candidate(0, 0.0, records[0].spec.hyperparameters, 0).stop is None


def test_a_spec_with_a_stop_is_another_spec() -> None:
    spec = spec_of({})
    stopped = replace(spec, stop=20)
    assert "stop" not in spec.as_dict()
    assert Spec.from_dict(stopped.as_dict()) == stopped
    assert (stopped.planned, stopped.updates) == (60, 20)
