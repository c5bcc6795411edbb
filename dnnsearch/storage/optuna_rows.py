"""A trial's rows in Optuna's tables: added in one transaction, ended in another.

They hold what Optuna's own calls would write, through Optuna's own models. Those calls read before
each write, because any process might have written the value, and take a transaction for each
attribute and each point of a curve. Here one coordinator writes each trial once; the extra reads
took a tenth of a search of small networks. If a release of Optuna has changed its models, its own
calls write the rows.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from optuna.distributions import distribution_to_json
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy import Connection, insert, update
from sqlalchemy.exc import NoResultFound

from dnnsearch.storage import optuna_calls
from dnnsearch.storage.optuna_models import row_models

Row = dict[str, Any]


def add(storage: RDBStorage, study_id: int, trial: FrozenTrial) -> int:
    """Add a trial without values, under its own number, and return its id in the storage."""
    models = row_models()
    if models is None:
        return optuna_calls.add(storage, study_id, trial)
    row = {
        "study_id": study_id,
        "number": trial.number,
        "state": trial.state,
        "datetime_start": trial.datetime_start,
    }
    with storage.engine.begin() as connection:
        made = connection.execute(insert(models.TrialModel).values(row)).inserted_primary_key
        assert made is not None  # it is for an insert of several rows
        trial_id = int(made[0])
        _insert(connection, models.TrialParamModel, _params(trial_id, trial))
        for model, attributes in (
            (models.TrialUserAttributeModel, trial.user_attrs),
            (models.TrialSystemAttributeModel, trial.system_attrs),
        ):
            _insert(connection, model, _attributes(trial_id, attributes))
    return trial_id


def end(
    storage: RDBStorage,
    trial_id: int,
    state: TrialState,
    value: float | None,
    curve: Sequence[tuple[int, float]],
    attributes: Mapping[str, Any],
) -> None:
    """End a running trial; its curve is stored as intermediate values.

    `curve` has pairs of iteration and value. Raise NoResultFound if the trial has been removed.
    """
    models = row_models()
    if models is None:
        optuna_calls.end(storage, trial_id, state, value, curve, attributes)
        return
    ended = {"state": state, "datetime_complete": datetime.now()}
    values = []
    if value is not None:
        stored, kind = models.TrialValueModel.value_to_stored_repr(value)
        values = [{"trial_id": trial_id, "objective": 0, "value": stored, "value_type": kind}]
    with storage.engine.begin() as connection:
        here = update(models.TrialModel).where(models.TrialModel.trial_id == trial_id)
        if not connection.execute(here.values(ended)).rowcount:
            raise NoResultFound(f"trial {trial_id} has been removed")
        _insert(connection, models.TrialUserAttributeModel, _attributes(trial_id, attributes))
        _insert(connection, models.TrialIntermediateValueModel, _points(models, trial_id, curve))
        _insert(connection, models.TrialValueModel, values)


def _insert(connection: Connection, model: Any, rows: list[Row]) -> None:
    if rows:
        connection.execute(insert(model), rows)


def _params(trial_id: int, trial: FrozenTrial) -> list[Row]:
    return [
        {
            "trial_id": trial_id,
            "param_name": name,
            "param_value": trial.distributions[name].to_internal_repr(value),
            "distribution_json": distribution_to_json(trial.distributions[name]),
        }
        for name, value in trial.params.items()
    ]


def _attributes(trial_id: int, attributes: Mapping[str, Any]) -> list[Row]:
    return [
        {"trial_id": trial_id, "key": name, "value_json": json.dumps(content)}
        for name, content in attributes.items()
    ]


def _points(models: Any, trial_id: int, curve: Sequence[tuple[int, float]]) -> list[Row]:
    stored = models.TrialIntermediateValueModel.intermediate_value_to_stored_repr
    return [
        {
            "trial_id": trial_id,
            "step": step,
            "intermediate_value": number,
            "intermediate_value_type": kind,
        }
        for step, (number, kind) in ((step, stored(value)) for step, value in curve)
    ]
