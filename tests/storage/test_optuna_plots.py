"""Covers Optuna's own plots and tables on the storage of a study."""

from pathlib import Path

import optuna
import optuna.visualization as plots
import pytest

from dnnsearch.study.leaderboard.ranking import leaderboard
from dnnsearch.study.stored_study import open_study

STORAGE = "sqlite:///optuna.db"
PLOTS = (
    plots.plot_contour,
    plots.plot_edf,
    plots.plot_intermediate_values,
    plots.plot_optimization_history,
    plots.plot_parallel_coordinate,
    plots.plot_param_importances,
    plots.plot_rank,
    plots.plot_slice,
    plots.plot_timeline,
)


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
@pytest.mark.filterwarnings("ignore:Some regimes for parameter:UserWarning")  # of few trials
@pytest.mark.parametrize("plot", PLOTS, ids=lambda plot: plot.__name__)
def test_each_plot_of_optuna_shows_the_study(plot, tiny: Path) -> None:
    study = optuna.load_study(study_name="tiny", storage=STORAGE)
    figure = plot(study)
    assert any(trace.type == "parcoords" or trace.x is not None for trace in figure.data)


def test_the_columns_of_a_table_of_trials_are_named(tiny: Path) -> None:
    study = optuna.load_study(study_name="tiny", storage=STORAGE)
    table = study.trials_dataframe()
    assert study.metric_names == ["dev_accuracy"]
    assert {"value_dev_accuracy", "params_learning_rate", "user_attrs_dev_cost"} <= set(table)
    best = table.loc[table["value_dev_accuracy"].idxmax()]
    row = leaderboard(open_study("tiny", STORAGE)).best
    assert (best["number"], best["value_dev_accuracy"]) == (row.number, row.value)
