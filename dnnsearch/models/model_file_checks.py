"""Whether what a model file says of itself holds together; nothing is made of it before.

Each check raises ValueError. What passes can be put together and asked for predictions: these may
be nonsense, but they end in numbers or in one line.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dnnsearch.data.datasets import Task
from dnnsearch.data.file_table import DOCUMENT
from dnnsearch.data.files.source import FORM, KEYS
from dnnsearch.data.preprocessing import ARRAYS
from dnnsearch.nn import ACTIVATIONS

OWN = ("parameters", "target")  # arrays of the network; all others are the preparation's

Arrays = Mapping[str, np.ndarray]
Count = Annotated[int, Field(ge=1)]
Name = Annotated[str, Field(max_length=100_000)]
Kind = TypeVar("Kind", bound=BaseModel)


class Strict(BaseModel):
    """Nothing is converted, nothing more is taken."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Document(Strict):
    """The JSON of a model file; `columns` repeats for readers what the preparation needs."""

    task: Task
    classes: list[Name]
    activation: Name
    layer_sizes: Annotated[list[Count], Field(min_length=2)]
    columns: list[Annotated[list[Name], Field(min_length=2, max_length=2)]]  # name, kind
    target_name: Name | None
    form: dict[Name, Any]
    provenance: dict[Name, Any]


class Roles(Strict):
    """The numeric columns by role."""

    number: list[Name]
    quantile: list[Name]
    pixel: list[Name]


class Prepared(Strict):
    """The JSON of a preparation, as `Preparation.document` has it."""

    names: list[Name]
    columns: Roles
    gaps: list[Name]
    levels: dict[Name, list[Name]]
    rare: list[Name]


def document(given: object) -> Document:
    """The JSON in its form."""
    found = _validated(Document, given)
    for key, value in found.form.items():
        if key not in FORM:
            raise ValueError(f"form.{key} is unknown")
        KEYS[key](value)
    return found


def _validated(kind: type[Kind], given: object) -> Kind:
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        raise ValueError(f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}") from None


def check_network(found: Document, arrays: Arrays) -> None:
    """The parts of the document, and the parameters in their place."""
    outputs = len(found.classes) if found.task == "multiclass" else 1
    flat, target = (arrays.get(name, np.empty(0)) for name in OWN)
    _require(
        {
            "activation": found.activation in ACTIVATIONS,
            "classes": _are_distinct(found.classes) and CLASSES[found.task](len(found.classes)),
            "columns": _are_distinct([name for name, _ in found.columns]),
            "layer_sizes": found.layer_sizes[-1] == outputs,
            "parameters": flat.dtype in (np.float32, np.float64) and flat.ndim == 2,
            "number of networks": len(flat) > 0,
            "target": target.dtype == np.float64 and target.shape == (2,),
        }
    )


CLASSES = {
    "binary": lambda count: count == 2,
    "multiclass": lambda count: count >= 2,
    "regression": lambda count: count == 0,
}


def check_numbers(arrays: Arrays) -> None:
    """Every array holds numbers, and all of them are finite."""
    for name, array in arrays.items():
        if array.dtype.kind not in "uif" or not np.isfinite(array).all():
            raise ValueError(f"the array {name[:40]!r} has what is no number")


def check_preparation(names: Sequence[str], arrays: Arrays) -> None:
    """The arrays that are not the network's: a preparation of columns, or mean and scale."""
    if DOCUMENT not in arrays:
        mean, scale = (arrays.get(name, np.empty(0)) for name in ("mean", "scale"))
        one = mean.shape[-1:] == (len(names),) or not names
        _require(
            {
                "preparation": set(arrays) == {"mean", "scale"} and mean.ndim in (1, 2),
                "mean": mean.dtype == np.float64 and mean.size > 0 and one,
                "scale": scale.dtype == np.float64 and scale.shape == mean.shape,
                "scales": bool((scale != 0).all()),
            }
        )
        return
    found = _validated(Prepared, _json(arrays[DOCUMENT]))
    roles = found.columns
    numeric = [*roles.number, *roles.quantile, *roles.pixel]
    _require(
        {
            "preparation": set(arrays) == {DOCUMENT, *ARRAYS},
            "names": _are_distinct(found.names)
            and sorted(found.names) == sorted([*numeric, *found.levels]),
            "gaps": _are_distinct(found.gaps) and set(found.gaps) <= set(numeric),
            "levels": all(_are_distinct(kept) for kept in found.levels.values()),
            "rare": _are_distinct(found.rare) and set(found.rare) <= set(found.levels),
        }
    )
    _check_moments(arrays, len(numeric), len(roles.quantile))


def _check_moments(arrays: Arrays, numeric: int, quantile: int) -> None:
    """Shapes and types of what a preparation computes with; the leading axis counts folds."""
    folds = arrays["median"].shape[:1]
    quantiles = arrays["quantiles"]
    rules = {n: arrays[n].shape == (*folds, numeric) for n in ("median", "mean", "scale")}
    rules["folds"] = folds > (0,)
    rules["quantiles"] = quantiles.ndim == 3 and quantiles.shape[::2] == (*folds, quantile)
    rules["ranks"] = quantile == 0 or quantiles.shape[1:2] > (0,)
    rules["types"] = all(arrays[name].dtype == np.float64 for name in ARRAYS)
    rules["scales"] = bool((arrays["scale"] != 0).all())
    _require(rules)


def _json(array: np.ndarray) -> Any:
    if array.dtype != np.uint8:
        raise ValueError("its preparation is no text")
    return json.loads(array.tobytes())


def _are_distinct(names: Sequence[str]) -> bool:
    return len(set(names)) == len(names)


def _require(rules: Mapping[str, bool]) -> None:
    for name, holds in rules.items():
        if not holds:
            raise ValueError(f"{name}: what it says does not fit the rest")
