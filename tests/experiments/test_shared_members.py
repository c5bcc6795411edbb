"""The experiment on members that share weights: its inputs, its losses and its gains."""

import numpy as np
import pandas as pd
import pytest

from experiments import shared_members as experiment
from experiments.tables_data import Table, split


@pytest.fixture
def table() -> Table:
    rng = np.random.default_rng(0)
    city = pd.Categorical(np.array(["A", "B", "C"])[rng.integers(0, 3, 120)])
    X = pd.DataFrame({"x": rng.standard_normal(120), "gaps": np.nan, "city": city})
    return Table("moons", "classes", X, (X["x"] > 0).to_numpy(np.int64), ("no", "yes"))


def test_codes_are_full_below_a_value_and_empty_above_it():
    train = np.linspace(0, 8, 81)[:, None]
    found = experiment.with_codes(np.array([[0.0], [2.5], [8.0], [99.0]]), train)
    assert found.shape == (4, 1 + 8)
    assert found[:, 1:].sum(axis=1).tolist() == pytest.approx([0, 2.5, 8, 8])
    assert np.all(np.diff(found[:, 1:], axis=1) <= 0)
    assert found[3, 0] < 3, "an outlier is clipped"


def test_the_rows_of_a_split_are_prepared_by_train_alone(table):
    part = split(table, 0)
    rows = experiment.prepared(part)
    assert [len(rows[name]) for name in ("X", "X_dev", "X_test")] == [72, 18, 30]
    changed = table.X.copy()
    changed.loc[part.test, "x"] = 1e6
    again = experiment.prepared(split(table._replace(X=changed), 0))
    assert np.array_equal(rows["X"], again["X"])
    assert np.all(np.isfinite(again["X_test"]))


def test_a_loss_is_that_of_the_mean_answer(table):
    part = split(table, 0)
    Z = np.zeros((2, len(part.test), 2), np.float32)
    Z[0, :, 0], Z[1, :, 1] = 5, 5  # two members that are sure of the opposite
    assert experiment.loss_of(part, Z, 0, 1) == pytest.approx(np.log(2))
    assert experiment.loss_of(part, Z[:1], 0, 1) > 2


def test_a_gain_is_the_mean_over_tables_of_how_much_less_a_loss_is():
    rows = [{"table": "a", "networks": 0.8, "shared": 0.72}] * 3
    rows += [{"table": "b", "networks": 0.5, "shared": 0.45}]
    assert experiment.gain(rows, "shared", "networks") == "+10.0% (+10.0% to +10.0%)"
    assert experiment.gain(rows, "networks", "shared").startswith("-11.1%")
