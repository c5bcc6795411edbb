"""Optuna's table models, which are private: they are used only if they are as we know them."""

from functools import cache
from importlib import import_module
from typing import Any

MODULE = "optuna.storages._rdb.models"
WRITTEN = {  # model -> its columns, all of which we write, beside the primary key
    "TrialModel": {"study_id", "number", "state", "datetime_start", "datetime_complete"},
    "TrialParamModel": {"trial_id", "param_name", "param_value", "distribution_json"},
    "TrialUserAttributeModel": {"trial_id", "key", "value_json"},
    "TrialSystemAttributeModel": {"trial_id", "key", "value_json"},
    "TrialValueModel": {"trial_id", "objective", "value", "value_type"},
    "TrialIntermediateValueModel": {
        "trial_id",
        "step",
        "intermediate_value",
        "intermediate_value_type",
    },
}
CONVERTERS = [
    ("TrialValueModel", "value_to_stored_repr"),
    ("TrialValueModel", "stored_repr_to_value"),
    ("TrialIntermediateValueModel", "intermediate_value_to_stored_repr"),
    ("TrialIntermediateValueModel", "stored_repr_to_intermediate_value"),
]


@cache
def row_models() -> Any:
    """Return Optuna's module of table models, or None if a release has changed what we use.

    A table with a further column is as good as changed: what belongs there is not known here.
    """
    try:
        models = import_module(MODULE)
        tables = {name: getattr(models, name).__table__ for name in WRITTEN}
        columns = {n: {c.name for c in t.columns if not c.primary_key} for n, t in tables.items()}
        converters = [getattr(getattr(models, name), it) for name, it in CONVERTERS]
    except (ImportError, AttributeError):
        return None
    return models if columns == WRITTEN and all(map(callable, converters)) else None


def table_names() -> list[str]:
    """Return the names of Optuna's tables; none if they cannot be known before they are used."""
    models = row_models()
    return list(models.BaseModel.metadata.tables) if models else []
