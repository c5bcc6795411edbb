"""Every difference that is planted in a record or in its copy is named, and no other."""

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from optuna.trial import FrozenTrial, TrialState

from dnnsearch.reproduce.record_comparison import (
    cause,
    row_difference,
    run_difference,
    spec_difference,
    training_difference,
)
from dnnsearch.study.stored_study import OpenStudy, open_study
from dnnsearch.study.trial_views import ended_view
from dnnsearch.tracking import fields
from dnnsearch.trials.record import Record
from dnnsearch.trials.run import TrialView
from dnnsearch.trials.spec import Spec


@pytest.fixture
def study(tiny: Path) -> OpenStudy:
    return open_study("tiny", "sqlite:///optuna.db")


@pytest.fixture
def record(study: OpenStudy) -> Record:
    """The record of trial 2: tanh, hidden layers of 8 and 5 units."""
    return study.record(2)


def changed(record: Record, name: str, place: tuple[int, ...], value: float) -> Record:
    """The record with one element of an array changed."""
    arrays = {**record.arrays, name: record.arrays[name].copy()}
    arrays[name][place] = value
    return replace(record, arrays=arrays)


def test_a_record_is_the_same_as_itself(study: OpenStudy) -> None:
    for number in range(5):  # 1 diverged, its curves have NaN; 3 failed and has none
        record = study.record(number)
        assert training_difference(record, record) == ""


def test_a_failure_is_no_other_end(study: OpenStudy) -> None:
    found = training_difference(study.record(3), study.record(2))
    assert found == "end: the record has failed, and trained again it is finished"


def test_the_earliest_point_of_all_curves_comes_first(record: Record) -> None:
    now = changed(record, "curve.train_accuracy", (0, 1), 0.5)
    now = changed(now, "curve.dev_cost", (0, 2), 0.5)
    found = training_difference(record, now)
    assert found.startswith("curve train_accuracy at iteration 10: the record has ")
    assert re.search(r"and trained again it is 0.5, 0\.[0-9]+ (more|less)$", found)


def test_a_shorter_training_is_a_difference(record: Record) -> None:
    names = [name for name in record.arrays if name.startswith("curve.")]
    curves = {name: record.arrays[name][:, :3] for name in names}
    now = replace(record, arrays={**record.arrays, **curves, "steps": record.arrays["steps"][:3]})
    assert training_difference(record, now) == (
        "number of points of the curves: the record has 4, and trained again it is 3"
    )


def test_a_weight_is_named_by_its_layer_and_place(record: Record) -> None:
    first_of_second_layer = 8 * 2 + 8
    now = changed(record, "parameters", (0, first_of_second_layer), 0.5)
    assert training_difference(record, now).startswith("W2[0, 0]: the record has ")


def test_a_prediction_is_named_by_its_example(record: Record) -> None:
    other = 1 - record.arrays["dev_predictions"][0, 7]
    now = changed(record, "dev_predictions", (0, 7), other)
    assert training_difference(record, now).startswith("dev predictions[7]: the record has ")


def test_what_is_kept_as_a_digest_alone_is_compared_too(record: Record) -> None:
    digests = {**record.document["digests"], "dev_outputs": "0" * 64}
    now = replace(record, document={**record.document, "digests": digests})
    assert training_difference(record, now).startswith("digest of dev_outputs: the record has ")


def test_a_record_that_was_changed_without_effect_on_the_rest_is_found(record: Record) -> None:
    false = replace(record, document={**record.document, "digest": "0" * 64})
    assert training_difference(false, record) == (
        "the record does not have its own digest of digest"
    )


def test_data_are_named_before_what_follows_from_them(record: Record) -> None:
    spec = record.spec
    now = replace(spec, seed=1, split="0" * 64, data="1" * 64, train_examples=7)
    assert spec_difference(spec, now).startswith("data: the data set has changed: ")
    assert spec_difference(spec, replace(now, data=spec.data)).startswith("split: ")
    assert spec_difference(spec, replace(spec, dtype="float64")) == (
        "dtype: the definition of the trial has changed: "
        "the record has float32, and it is float64 now"
    )


def test_what_computes_is_a_cause_and_not_a_difference(record: Record) -> None:
    now = replace(record.spec, arithmetic=99, numerics="native", arrays="0" * 64)
    assert spec_difference(record.spec, now) == ""


def with_made(record: Record, **made: object) -> Record:
    return replace(record, document={**record.document, "made": made})


def with_spec(record: Record, spec: Spec) -> Record:
    return Record({**record.document, "spec": spec.as_dict()}, record.arrays)


def test_the_cause_is_versions_then_numerics_then_code(record: Record) -> None:
    made = record.document["made"]
    old = with_made(record, **{**made, "versions": {**made["versions"], "numpy": "1.0"}})
    assert cause(old, record).startswith("versions: numpy (was 1.0, is ")
    other = with_made(record, **{**made, "numerics": {**made["numerics"], "libc": "musl"}})
    assert cause(other, record).startswith("numerics: libc (was musl, is ")
    newer = with_spec(record, replace(record.spec, arithmetic=99))
    assert cause(record, newer).endswith("arithmetic (was 1, is 99)")
    assert cause(record, record).startswith("code or machine: ")


@pytest.fixture
def row(study: OpenStudy) -> FrozenTrial:
    return study.trials()[2]


def test_a_row_of_optuna_is_the_same_as_its_record(study: OpenStudy) -> None:
    for trial in study.trials():  # one diverged, one failed
        assert row_difference(study.record(trial.number), trial) == ""


def test_a_whole_network_in_a_row_of_optuna_is_that_of_the_record(
    record: Record, row: FrozenTrial
) -> None:
    units = "-".join(map(str, record.spec.hyperparameters.units)) or "-"
    row.params = {"units": units}
    assert row_difference(record, row) == ""
    row.params = {"units": "3-2-1"}
    assert row_difference(record, row) == f"units is 3-2-1, and the record has {units}"


def test_a_changed_row_of_optuna_is_named(record: Record, row: FrozenTrial) -> None:
    row.state = TrialState.PRUNED
    assert row_difference(record, row) == "state is PRUNED, and the record has COMPLETE"
    row.intermediate_values = {**row.intermediate_values, 20: 0.25}
    assert row_difference(record, row).startswith(
        "curve dev_accuracy at iteration 20 is 0.25, and the record has "
    )
    row.params = {**row.params, "learning_rate": 0.2}
    assert row_difference(record, row) == "learning_rate is 0.2, and the record has 0.1, 0.1 less"


def test_a_point_that_optuna_lacks_is_named(record: Record, row: FrozenTrial) -> None:
    row.intermediate_values = {k: v for k, v in row.intermediate_values.items() if k != 10}
    assert row_difference(record, row).startswith("curve dev_accuracy at iteration 10 is missing")


OBJECTIVE = "dev_cost"


def published(view: TrialView, packed: bytes) -> SimpleNamespace:
    """What MLflow shows of a trial, in the form of `PublishedTrial`, without MLflow."""
    steps = view.steps.tolist() if view.steps is not None else []
    pairs = {name: zip(steps, curve.tolist()) for name, curve in view.curves.items()}
    curves = {name: [(s, v) for s, v in both if np.isfinite(v)] for name, both in pairs.items()}
    tags = {fields.DIGEST: view.digest, fields.SPEC: view.spec, fields.DATA: view.data}
    return SimpleNamespace(
        params=fields.params(view),
        metrics=fields.scalars(view, OBJECTIVE),
        tags={**tags, fields.STATE: view.state},
        curves=curves,
        record=packed,
    )


def test_a_run_of_mlflow_is_the_same_as_its_record(study: OpenStudy) -> None:
    for number in range(5):
        path = study.records.path_of(number)
        view = ended_view(study.record(number), path)
        assert run_difference(view, b"packed", published(view, b"packed"), OBJECTIVE) == ""


def test_a_changed_run_of_mlflow_is_named(study: OpenStudy, record: Record) -> None:
    view = ended_view(record, study.records.path_of(2))
    run = published(view, b"other")
    assert (
        run_difference(view, b"packed", run, OBJECTIVE)
        == "the record that is its artifact: other bytes"
    )
    run.tags[fields.DIGEST] = "0" * 64
    assert run_difference(view, b"packed", run, OBJECTIVE).startswith(
        "tag dnnsearch.digest is 000000000000"
    )
    run.metrics["seconds"] = 1e9
    assert run_difference(view, b"packed", run, OBJECTIVE).startswith(
        "metric seconds is 1000000000.0, and"
    )
    del run.curves["dev_cost"][0]
    assert run_difference(view, b"packed", run, OBJECTIVE).startswith(
        "curve dev_cost at iteration 0 is missi"
    )
    run.params["momentum"] = "0.8"
    assert (
        run_difference(view, b"packed", run, OBJECTIVE)
        == "param momentum is 0.8, and the record has 0.9"
    )
