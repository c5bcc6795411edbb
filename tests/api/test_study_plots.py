"""The figures of a report by name."""

from pathlib import Path

import pytest
import yaml

from dnnsearch.api.results import Study
from dnnsearch.errors import UserError
from dnnsearch.reporting.html.study_plots import PLOTS
from dnnsearch.study.stored_study import open_study


@pytest.fixture
def study(tiny: Path) -> Study:
    return Study(open_study("tiny", "sqlite:///optuna.db"))


@pytest.mark.parametrize("kind", [kind for kind in PLOTS if kind != "importance"])
def test_every_kind_is_a_figure_with_a_title(study: Study, kind: str) -> None:
    figure = study.plot(kind)
    assert len(figure.data) > 0
    assert figure.layout.title.text


def test_the_history_has_every_finished_trial_and_is_the_default(study: Study) -> None:
    values = study.trials.dropna(subset="dev_accuracy").sort_values("trial")["dev_accuracy"]
    assert list(study.plot().data[0].y) == values.tolist()


def test_a_slice_is_of_the_named_hyperparameter(study: Study) -> None:
    assert study.plot("slice", "activation").layout.title.text == "value against activation"


@pytest.mark.parametrize(
    ("kind", "name", "message"),
    [
        (
            "hist",
            None,
            r"plot must be one of history, .*, but got 'hist' \(did you mean history\?\)",
        ),
        ("slice", "units_9", "the hyperparameter of the plot slice must be one of learning_rate"),
        ("pareto", "momentum", "the plot pareto is of all hyperparameters, but got 'momentum'"),
        ("importance", None, "study tiny has too few trials for the plot importance"),
    ],
)
def test_what_cannot_be_drawn_is_one_line(
    study: Study, kind: str, name: str | None, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        study.plot(kind, name)


def test_a_trial_has_its_own_curves(study: Study) -> None:
    dev, train = study[2].plot("accuracy").data
    assert list(dev.y) == study[2].curves["dev_accuracy"].tolist()
    assert list(train.y) == study[2].curves["train_accuracy"].tolist()
    with pytest.raises(UserError, match="trial 3 of study tiny is failed: it has no curves"):
        study[3].plot()
    with pytest.raises(UserError, match="the curves must be one of cost, accuracy"):
        study[2].plot("loss")


def test_the_best_configuration_is_also_a_dictionary(study: Study) -> None:
    assert study.best_params == yaml.safe_load(study.best_config)
