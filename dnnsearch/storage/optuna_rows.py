"""A trial's rows in Optuna's tables: added in one transaction, ended in another, and read.

They hold what Optuna's own calls would write, through Optuna's own models. Those calls read before
each write, because any process might have written the value, and take a transaction for each
attribute and each point of a curve. Here one coordinator writes each trial once; the extra reads
took a tenth of a search of small networks. They also make an object of each row that they read,
which for 1,000 trials takes half a second. If a release of Optuna has changed its models, its own
calls write and read the rows.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from optuna.distributions import distribution_to_json, json_to_distribution
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy import Connection, insert, select, update
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


def read(storage: RDBStorage, study_id: int) -> list[FrozenTrial]:
    """Return all trials of a study, in the order in which they were added.

    Equal distributions are one object.
    """
    models = row_models()
    if models is None:
        return storage.get_all_trials(study_id, deepcopy=False)
    with storage.engine.connect() as connection:
        return _Tables(models, study_id, connection).trials()


class _Tables:
    """The rows of one study in the tables of trials, read in one pass over each table."""

    def __init__(self, models: Any, study_id: int, connection: Connection) -> None:
        self.models, self.connection = models, connection
        self.trial = models.TrialModel.__table__
        self.own = self.trial.c.study_id == study_id

    def trials(self) -> list[FrozenTrial]:
        """Return the trials; a trial's own row is read before the rows that belong to it."""
        models = self.models
        query = select(self.trial).where(self.own).order_by(self.trial.c.trial_id)
        rows = self.connection.execute(query).all()
        params = self._by_trial(models.TrialParamModel, lambda r: (r.param_name, _param(r)))
        attributes = [
            self._by_trial(model, lambda r: (r.key, json.loads(r.value_json)))
            for model in (models.TrialUserAttributeModel, models.TrialSystemAttributeModel)
        ]
        number = models.TrialIntermediateValueModel.stored_repr_to_intermediate_value
        curves = self._by_trial(
            models.TrialIntermediateValueModel,
            lambda r: (r.step, number(r.intermediate_value, r.intermediate_value_type)),
        )
        value = models.TrialValueModel.stored_repr_to_value
        values = self._by_trial(
            models.TrialValueModel, lambda r: (r.objective, value(r.value, r.value_type))
        )
        return [_trial(row, params, values, *attributes, curves) for row in rows]

    def _by_trial(
        self, model: Any, read_row: Callable[[Any], tuple[Any, Any]]
    ) -> Mapping[int, dict[Any, Any]]:
        """Return id of a trial -> what its rows in the model's table hold, in their order."""
        table = model.__table__
        query = select(table).join(self.trial, table.c.trial_id == self.trial.c.trial_id)
        ordered = query.where(self.own).order_by(*table.primary_key.columns)
        found: dict[int, dict[Any, Any]] = defaultdict(dict)
        for row in self.connection.execute(ordered):
            name, content = read_row(row)
            found[row.trial_id][name] = content
        return found


_distribution = cache(json_to_distribution)  # a study has few, and each of its trials has them all


def _param(row: Any) -> tuple[Any, Any]:
    """Return the value of a hyperparameter and its distribution."""
    distribution = _distribution(row.distribution_json)
    return distribution.to_external_repr(row.param_value), distribution


def _trial(row: Any, *found: Mapping[int, dict[Any, Any]]) -> FrozenTrial:
    params, values, user_attrs, system_attrs, curve = (rows.get(row.trial_id, {}) for rows in found)
    return FrozenTrial(
        number=row.number,
        state=row.state,
        value=None,
        values=[values[objective] for objective in sorted(values)] or None,
        datetime_start=row.datetime_start,
        datetime_complete=row.datetime_complete,
        params={name: value for name, (value, _) in params.items()},
        distributions={name: distribution for name, (_, distribution) in params.items()},
        user_attrs=user_attrs,
        system_attrs=system_attrs,
        intermediate_values=curve,
        trial_id=row.trial_id,
    )
