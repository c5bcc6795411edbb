"""A trial as MLflow's tags, params and metrics."""

import math

import numpy as np
import pytest

from dnnsearch.tracking import fields


def test_every_hyperparameter_is_a_param_and_every_numeric_one_a_metric(make_view):
    view = make_view(0)
    assert fields.params(view).keys() == view.params.keys()
    numeric = {name for name in fields.scalars(view, "dev_accuracy") if name.startswith("hp.")}
    assert numeric == {f"hp.{name}" for name in view.params} - {"hp.activation"} | {fields.LOG_RATE}
    assert fields.scalars(view, "dev_accuracy")[fields.LOG_RATE] == -1.0  # of 0.1
    full = make_view(0, params=view.params | {"batch_size": "full"})
    assert "hp.batch_size" not in fields.scalars(full, "dev_accuracy")
    assert fields.params(full)["batch_size"] == "full"


def test_only_finite_values_are_metrics(make_view):
    view = make_view(2, "diverged", seconds=math.inf)
    values = [value for _, _, value in fields.points(view, "dev_accuracy")]
    assert values and all(map(math.isfinite, values))
    assert "seconds" not in fields.scalars(view, "dev_accuracy")
    assert fields.state_tags(view)["dnnsearch.diverged_at"] == "250"


def test_a_regression_without_accuracies_has_not_diverged(make_view):
    view = make_view(0)
    nothing = np.full(12, np.nan)
    view = make_view(0, curves=view.curves | {"dev_accuracy": nothing, "train_accuracy": nothing})
    assert fields.first_non_finite(view) is None
    assert {name for name, _, _ in fields.points(view, "dev_cost")} == {"train_cost", "dev_cost"}


@pytest.mark.parametrize("state", ["pruned", "diverged", "failed", "running", "interrupted"])
def test_only_finished_trials_have_an_objective_to_sort_by(make_view, state):
    assert "objective" not in fields.scalars(make_view(1, state, value=0.9), "dev_accuracy")
    assert "objective" in fields.scalars(make_view(1), "dev_accuracy")


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


def test_the_error_on_a_logarithmic_scale_tells_good_trials_apart(make_view):
    good, better, perfect = (
        fields.scalars(make_view(0, value=value), "dev_accuracy")[fields.ERROR]
        for value in (0.97, 0.99, 1.0)
    )
    assert (round(good, 2), round(better, 6), perfect) == (1.52, 2.0, 4.0)
    cost = fields.scalars(make_view(0, value=0.01), "dev_cost")
    assert cost[fields.ERROR] == 2.0  # the smaller the cost, the larger
    assert fields.ERROR not in fields.scalars(make_view(0, "pruned", value=0.9), "dev_accuracy")


def test_a_trial_that_nearly_diverged_leaves_the_others_their_colours(make_view):
    def error(value, objective, dev_cost):
        view = make_view(0, value=value, final={"dev_cost": dev_cost})
        return fields.scalars(view, objective)[fields.ERROR]

    assert error(1e9, "dev_cost", 1e9) == error(12.0, "dev_cost", 12.0) == -1.0
    assert error(9.0, "dev_cost", 9.0) > -1.0
    assert error(-1e9, "dev_r2", 5e8) == -1.0
    good = error(30_000.0, "dev_rmse", 0.045)  # the target's standard deviation is 100,000
    bad = error(1e14, "dev_rmse", 5e17)
    assert (round(good, 2), round(bad, 6)) == (-4.48, -6.0)
