"""A trial as users see it: its name."""

from dnnsearch.trials.hyperparameters import Hyperparameters
from dnnsearch.trials.run import TrialView


def view(*units: int) -> TrialView:
    hyper = Hyperparameters(0.0333333, 100, units, "relu", 0.9, 32)
    return TrialView(17, "running", hyper.as_params(), "spec")


def test_a_trial_is_named_by_what_tells_it_from_the_others() -> None:
    assert view(64, 32).display_name == "17 relu 64-32 lr 0.033"
    assert view().display_name == "17 logistic lr 0.033"
