"""Trials whose networks have input pieces, from the search to the predictions of a model file."""

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import dnnsearch
from dnnsearch.api.results import Study
from dnnsearch.data.prepare import _read_and_split
from dnnsearch.deployment.trial_model import model
from dnnsearch.models import model_file
from dnnsearch.study.stored_study import open_study
from dnnsearch.trials.run import run_trial
from tests.support.golden import NUMBERS, data, spec_of

PIECES: list[dict[str, Any]] = [
    {"numbers": numbers, "codes": codes, "edges": edges, "embedding": embedding}
    for (numbers, codes, edges, embedding) in product(
        ("standard", "robust", "quantile", "none", "divide 255"),
        ("none", 4),
        ("quantile", "tree"),
        ("none", 3),
    )
    if codes != "none" or edges == "quantile"
]
ROWS = 240


def a_table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    age, pay = rng.uniform(18, 80, ROWS), np.exp(rng.standard_normal(ROWS))
    where = rng.choice(["north", "south", "west"], ROWS)
    risk = np.sin(age / 8) + np.log(pay) * (where == "north") + 0.3 * rng.standard_normal(ROWS)
    pay[::17] = np.nan
    kind = np.where(risk > 0.4, "high", "low")
    return pd.DataFrame({"age": age, "pay": pay, "where": where, "risk": risk, "kind": kind})


def a_search(folder: Path, target: str, **keys: Any) -> Study:
    path = folder / "people.csv"
    table = a_table()
    table.drop(columns={"risk", "kind"} - {target}).to_csv(path, index=False)
    config = {
        "data": {"file": str(path), "target": target},
        "trials": 6,
        "sampler": "random",
        "learning_rate": {"low": 0.02, "high": 0.2},
        "iterations": 60,
        "hidden_layers": 1,
        "units": 8,
        "activation": "relu",
        "momentum": 0.9,
        "batch_size": 32,
        "objective": "dev_cost",
        "numbers": ["robust", "quantile", "none", {"divide": 10}, "standard"],
        "codes": [4, "none", 6],
        "edges": ["tree", "quantile"],
        "embedding": {"low": 2, "high": 5},
        "tracking": "none",
        **keys,
    }
    return dnnsearch.search(config, study="people", workers=1)


@pytest.mark.parametrize("pieces", PIECES, ids=str)
def test_a_stack_of_replicates_has_the_bits_of_single_trainings(pieces: dict[str, Any]) -> None:
    spec = spec_of({**pieces, "iterations": 12})
    arrays = data(spec)
    alone = run_trial(spec, arrays)
    stacked = run_trial(replace(spec, replicates=3), arrays)
    assert np.array_equal(stacked.parameters[0], alone.parameters[0])
    assert np.array_equal(stacked.dev_predictions[0], alone.dev_predictions[0])
    assert np.isfinite(alone.final["dev_cost"]).all()


def test_the_cost_counts_the_inputs_that_the_first_layer_sees_and_the_embedding() -> None:
    plain = spec_of({})
    codes, both = spec_of({"codes": 4}), spec_of({"codes": 4, "embedding": 3})
    unit = 3 * plain.batch_examples
    first = plain.hyperparameters.units[0]
    assert codes.multiply_adds(1) - plain.multiply_adds(1) == unit * NUMBERS * 4 * first
    assert both.multiply_adds(1) - plain.multiply_adds(1) == unit * NUMBERS * (2 * first + 15)


@pytest.mark.usefixtures("forked_calls")
@pytest.mark.parametrize(
    ("target", "keys"),
    [("kind", {}), ("kind", {"folds": 3}), ("risk", {"replicates": 2})],
)
def test_a_study_with_every_piece_repeats_and_predicts_what_its_records_say(
    target: str, keys: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    study = a_search(tmp_path, target, **keys)
    assert dnnsearch.verify("people").identical
    opened = open_study("people", "sqlite:///optuna.db")
    table, rows = _read_and_split(opened.config)
    for number in range(6):
        record = study[number].record
        written = model_file.encode(model(opened, record))
        again = model_file.decode(written, "the file")
        assert model_file.encode(again) == written
        shape = (record.spec.replicates, rows["dev"].shape[-1])
        for r, dev in enumerate(np.broadcast_to(rows["dev"], shape)):
            outputs = again.single(r).outputs(table.frame.iloc[dev])
            found = outputs[:, 0] if target == "risk" else outputs[:, 0] > 0.5
            assert found == pytest.approx(record.arrays["dev_predictions"][r], abs=1e-5)


def test_a_plain_model_keeps_format_1_and_pieces_need_format_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    plain = {"numbers": "standard", "codes": "none", "edges": "quantile", "embedding": "none"}
    study = a_search(tmp_path, "kind", trials=2, try_first=[], **plain)
    opened = open_study("people", "sqlite:///optuna.db")
    assert model_file.encode(model(opened, study[0].record)).startswith(
        b"dnnsearch model, format 1"
    )
    assert "codes" not in study[0].hyperparameters
