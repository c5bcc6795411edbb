"""A study in memory, as Optuna's plots take it."""

import copy
from collections.abc import Sequence
from datetime import datetime

import optuna
from optuna.trial import FrozenTrial, TrialState

from dnnsearch.reporting.analysis.report_data import ReportData
from dnnsearch.trials.metrics import Direction


def in_memory(data: ReportData) -> optuna.Study:
    """Return the study for Optuna's plots: unfinished trials are failed, no trial has a curve."""
    return study_of([_as_ended(trial) for trial in data.trials], data.metric.direction)


def study_of(trials: Sequence[FrozenTrial], direction: Direction) -> optuna.Study:
    """Return a study of these trials, with what plots show of them."""
    study = optuna.create_study(direction=direction.name)
    study.add_trials(map(_as_plotted, trials))
    return study


def _as_plotted(trial: FrozenTrial) -> FrozenTrial:
    """Return the trial with what the plots show; Optuna copies each part of what it is given."""
    trial = copy.copy(trial)
    trial.user_attrs, trial.system_attrs, trial.intermediate_values = {}, {}, {}
    return trial


def _as_ended(trial: FrozenTrial) -> FrozenTrial:
    if trial.state.is_finished():
        return trial
    trial = copy.copy(trial)
    trial.state, trial.datetime_complete = TrialState.FAIL, trial.datetime_start or datetime.now()
    return trial
