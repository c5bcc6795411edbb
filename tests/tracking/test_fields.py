import math

import numpy as np
import pytest

from dnnsearch.tracking import fields


def test_every_hyperparameter_is_a_param_and_every_numeric_one_a_metric(make_view):
    view = make_view(0)
    assert fields.params(view).keys() == view.params.keys()
    numeric = {name for name in fields.scalars(view) if name.startswith("hp.")}
    assert numeric == {f"hp.{name}" for name in view.params} - {"hp.activation"}
    full = make_view(0, params=view.params | {"batch_size": "full"})
    assert "hp.batch_size" not in fields.scalars(full)
    assert fields.params(full)["batch_size"] == "full"


def test_nothing_that_is_not_finite_is_a_metric(make_view):
    view = make_view(2, "diverged", seconds=math.inf)
    values = [value for _, _, value in fields.points(view, "dev_accuracy")]
    assert values and all(map(math.isfinite, values))
    assert "seconds" not in fields.scalars(view)
    assert fields.state_tags(view)["dnnsearch.diverged_at"] == "250"


def test_a_regression_without_accuracies_has_not_diverged(make_view):
    view = make_view(0)
    nothing = np.full(12, np.nan)
    view = make_view(0, curves=view.curves | {"dev_accuracy": nothing, "train_accuracy": nothing})
    assert fields.first_non_finite(view) is None
    assert {name for name, _, _ in fields.points(view, "dev_cost")} == {"train_cost", "dev_cost"}


@pytest.mark.parametrize("state", ["pruned", "diverged", "failed", "running", "interrupted"])
def test_only_finished_trials_have_an_objective_to_sort_by(make_view, state):
    assert "objective" not in fields.scalars(make_view(1, state, value=0.9))
    assert "objective" in fields.scalars(make_view(1))


def test_at_most_six_metrics_have_steps(make_view):
    assert len({name for name, _, _ in fields.points(make_view(0), "dev_cost")}) <= 6


def test_the_objective_is_logged_first(make_view):
    names = list(dict.fromkeys(name for name, _, _ in fields.points(make_view(0), "dev_cost")))
    assert names == ["dev_cost", "dev_accuracy", "train_accuracy", "train_cost"]


def test_a_long_traceback_keeps_its_end(make_view):
    view = make_view(0, "failed", reason="line\n" * 5000 + "ValueError: the cause")
    tags = fields.state_tags(view)
    assert tags["dnnsearch.reason"] == "ValueError: the cause"
    assert max(map(len, tags.values())) < 8000
