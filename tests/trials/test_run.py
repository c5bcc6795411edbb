"""A trial as users see it: its name, and the points that are watched while it trains."""

import pytest

from dnnsearch.trials.hyperparameters import Hyperparameters
from dnnsearch.trials.run import TrialView, run_trial
from tests.support import golden


def view(*units: int) -> TrialView:
    hyper = Hyperparameters(0.0333333, 100, units, "relu", 0.9, 32)
    return TrialView(17, "running", hyper.as_params(), "spec")


def test_a_trial_is_named_by_what_tells_it_from_the_others() -> None:
    assert view(64, 32).display_name == "17 relu 64-32 lr 0.033"
    assert view().display_name == "17 logistic lr 0.033"


@pytest.mark.parametrize(
    ("end", "changes"),
    [
        ("finished", {}),
        ("pruned", {"thresholds": ((21, 1e-9),), "pruner": "median"}),
        ("diverged", {"learning_rate": 1e6, "activation": "leaky_relu"}),
    ],
)
def test_the_point_at_which_a_training_ends_is_not_watched(end: str, changes: dict) -> None:
    """The virtual clock concludes from a point that the trial does not end before the next one."""
    spec, watched = golden.spec_of(changes), []
    result = run_trial(spec, golden.data(spec), lambda point: watched.append(point.iteration))
    assert result.end == end
    assert watched == result.steps.tolist()[:-1]
    following = [spec.next_point(iteration) for iteration in watched]
    assert following == result.steps.tolist()[1:]
