"""A trial's rows in Optuna's tables: added in one transaction, ended in another.

They hold what Optuna's own calls would write, through Optuna's own models. Those calls look before
each value that they write, because anybody might have written it, and take a transaction for each
attribute and each point of a curve; here one coordinator writes each trial once, and that looking
was a tenth of a search of small networks.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from optuna.distributions import distribution_to_json
from optuna.storages import RDBStorage
from optuna.storages._rdb import models
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy import insert
from sqlalchemy.orm import Session


def add(storage: RDBStorage, study_id: int, trial: FrozenTrial) -> int:
    """Add a trial that has no values yet, under its own number; returns its id in the storage."""
    with Session(storage.engine) as session, session.begin():
        row = models.TrialModel(
            study_id=study_id,
            number=trial.number,
            state=trial.state,
            datetime_start=trial.datetime_start,
        )
        session.add(row)
        session.flush()
        trial_id = int(row.trial_id)
        session.add_all(_params(trial_id, trial))
        session.add_all(_attributes(models.TrialUserAttributeModel, trial_id, trial.user_attrs))
        session.add_all(_attributes(models.TrialSystemAttributeModel, trial_id, trial.system_attrs))
        return trial_id


def end(
    storage: RDBStorage,
    trial_id: int,
    state: TrialState,
    value: float | None,
    curve: Sequence[tuple[int, float]],
    attributes: Mapping[str, Any],
) -> None:
    """End a running trial; its curve goes in as intermediate values."""
    with Session(storage.engine) as session, session.begin():
        row = session.get_one(models.TrialModel, trial_id)
        row.state, row.datetime_complete = state, datetime.now()
        session.add_all(_attributes(models.TrialUserAttributeModel, trial_id, attributes))
        if curve:
            session.execute(insert(models.TrialIntermediateValueModel), _points(trial_id, curve))
        if value is not None:
            session.add(_value(trial_id, value))


def _params(trial_id: int, trial: FrozenTrial) -> Iterator[models.TrialParamModel]:
    for name, value in trial.params.items():
        distribution = trial.distributions[name]
        yield models.TrialParamModel(
            trial_id=trial_id,
            param_name=name,
            param_value=distribution.to_internal_repr(value),
            distribution_json=distribution_to_json(distribution),
        )


def _attributes(model: Any, trial_id: int, attributes: Mapping[str, Any]) -> Iterator[Any]:
    for name, content in attributes.items():
        yield model(trial_id=trial_id, key=name, value_json=json.dumps(content))


def _value(trial_id: int, value: float) -> models.TrialValueModel:
    stored, kind = models.TrialValueModel.value_to_stored_repr(value)
    return models.TrialValueModel(trial_id=trial_id, objective=0, value=stored, value_type=kind)


def _points(trial_id: int, curve: Sequence[tuple[int, float]]) -> list[dict[str, Any]]:
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
