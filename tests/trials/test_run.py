"""What `run` offers beside `run_trial`: the name under which a trial is shown."""

from dnnsearch.trials.run import TrialView, run_name

PARAMS = {"learning_rate": 0.0056, "hidden_layers": 2, "units_1": 64, "units_2": 32}
PARAMS |= {"activation": "tanh"}


def test_a_trial_is_named_by_its_number_network_and_learning_rate() -> None:
    assert run_name(TrialView(17, "running", PARAMS, "")) == "17 tanh 64-32 lr 0.0056"


def test_a_network_without_hidden_layers_is_named_logistic() -> None:
    params = PARAMS | {"hidden_layers": 0, "learning_rate": 0.03}
    assert run_name(TrialView(3, "running", params, "")) == "3 logistic lr 0.03"
