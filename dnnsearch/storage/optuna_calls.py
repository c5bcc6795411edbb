"""A trial's rows through Optuna's public calls, for a release whose table models have changed.

The rows are the same as those of `optuna_rows`, in dozens of transactions instead of two. A kill
between two of them leaves the trial running; the same calls are then made again.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import NoResultFound


def add(storage: RDBStorage, study_id: int, trial: FrozenTrial) -> int:
    """Add a trial without values, and return its id in the storage.

    Raise NoResultFound if Optuna gives it another number: rows before it have been removed.
    """
    trial_id = storage.create_new_trial(study_id, template_trial=trial)
    number = storage.get_trial_number_from_id(trial_id)
    if number != trial.number:
        raise NoResultFound(f"trial {trial.number} would become trial {number}")
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
    try:
        for name, content in attributes.items():
            storage.set_trial_user_attr(trial_id, name, content)
        for step, point in curve:
            storage.set_trial_intermediate_value(trial_id, step, point)
        storage.set_trial_state_values(trial_id, state, None if value is None else [value])
    except KeyError:
        raise NoResultFound(f"trial {trial_id} has been removed") from None
