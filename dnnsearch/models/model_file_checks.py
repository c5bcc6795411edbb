"""Whether the parts of a model file are valid and match each other.

Each check raises ValueError. A file that passes all of them can be made into a model that predicts:
its predictions may be meaningless, but they are numbers, or an error of one line.
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

NETWORK_ARRAYS = ("parameters", "target")  # all other arrays are those of the preprocessing

Arrays = Mapping[str, np.ndarray]
Count = Annotated[int, Field(ge=1)]
Name = Annotated[str, Field(max_length=100_000)]
Kind = TypeVar("Kind", bound=BaseModel)


class Strict(BaseModel):
    """A document without conversions and without unknown keys."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Document(Strict):
    """The JSON of a model file; `columns` repeats, for readers, what the preprocessing needs."""

    task: Task
    classes: list[Name]
    activation: Name
    layer_sizes: Annotated[list[Count], Field(min_length=2)]
    columns: list[Annotated[list[Name], Field(min_length=2, max_length=2)]]  # name, kind
    target_name: Name | None
    form: dict[Name, Any]
    provenance: dict[Name, Any]


class NumericColumns(Strict):
    """The names of the numeric columns by role."""

    number: list[Name]
    quantile: list[Name]
    pixel: list[Name]


class PreprocessingDocument(Strict):
    """The JSON of a preprocessing of columns."""

    names: list[Name]
    columns: NumericColumns
    gaps: list[Name]
    levels: dict[Name, list[Name]]
    rare: list[Name]


def document(given: object) -> Document:
    """Return the JSON of a model file, validated."""
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
    """Check the document of a model file, and the arrays of the networks."""
    outputs = len(found.classes) if found.task == "multiclass" else 1
    flat, target = (arrays.get(name, np.empty(0)) for name in NETWORK_ARRAYS)
    _require(
        {
            "activation: must be a known one": found.activation in ACTIVATIONS,
            "classes: must be distinct and as many as the task has": _are_distinct(found.classes)
            and CLASSES[found.task](len(found.classes)),
            "columns: must be distinct": _are_distinct([name for name, _ in found.columns]),
            "layer_sizes: the last must be the number of outputs": found.layer_sizes[-1] == outputs,
            "parameters: must be a table of float32 or float64": flat.dtype
            in (np.float32, np.float64)
            and flat.ndim == 2,
            "parameters: must be those of at least one network": len(flat) > 0,
            "target: must be two numbers of float64": target.dtype == np.float64
            and target.shape == (2,),
        }
    )


CLASSES = {
    "binary": lambda count: count == 2,
    "multiclass": lambda count: count >= 2,
    "regression": lambda count: count == 0,
}


def check_numbers(arrays: Arrays) -> None:
    """Check that all arrays are numeric and all their numbers finite."""
    for name, array in arrays.items():
        if array.dtype.kind not in "uif" or not np.isfinite(array).all():
            raise ValueError(f"the array {name[:40]!r} contains non-numeric or non-finite values")


def check_preprocessing(names: Sequence[str], arrays: Arrays) -> None:
    """Check the arrays of the preprocessing of columns, or mean and scale."""
    if DOCUMENT not in arrays:
        mean, scale = (arrays.get(name, np.empty(0)) for name in ("mean", "scale"))
        one = mean.shape[-1:] == (len(names),) or not names
        _require(
            {
                "preprocessing: must be mean and scale": set(arrays) == {"mean", "scale"}
                and mean.ndim in (1, 2),
                "mean: must have a float64 number for each column": mean.dtype == np.float64
                and mean.size > 0
                and one,
                "scale: must have the type and shape of mean": scale.dtype == np.float64
                and scale.shape == mean.shape,
                "scale: must not be 0": bool((scale != 0).all()),
            }
        )
        return
    found = _validated(PreprocessingDocument, _json(arrays[DOCUMENT]))
    roles = found.columns
    numeric = [*roles.number, *roles.quantile, *roles.pixel]
    _require(
        {
            "preprocessing: must have all its arrays and no other": set(arrays)
            == {DOCUMENT, *ARRAYS},
            "names: must be distinct, and those of the columns and levels": _are_distinct(
                found.names
            )
            and sorted(found.names) == sorted([*numeric, *found.levels]),
            "gaps: must be distinct numeric columns": _are_distinct(found.gaps)
            and set(found.gaps) <= set(numeric),
            "levels: must be distinct in each column": all(
                _are_distinct(kept) for kept in found.levels.values()
            ),
            "rare: must be distinct columns of `levels`": _are_distinct(found.rare)
            and set(found.rare) <= set(found.levels),
        }
    )
    _check_moments(arrays, len(numeric), len(roles.quantile))


def _check_moments(arrays: Arrays, numeric: int, quantile: int) -> None:
    """Check shapes and types of a preprocessing's arrays; their first axis is that of folds."""
    folds = arrays["median"].shape[:1]
    quantiles = arrays["quantiles"]
    of_columns = [arrays[name].shape == (*folds, numeric) for name in ("median", "mean", "scale")]
    _require(
        {
            "median, mean, scale: must have a number for each fold and column": all(of_columns),
            "median: must be that of at least one fold": folds > (0,),
            "quantiles: must be those of each fold and column": quantiles.ndim == 3
            and quantiles.shape[::2] == (*folds, quantile),
            "quantiles: must have ranks": quantile == 0 or quantiles.shape[1:2] > (0,),
            "preprocessing: must be of float64": all(arrays[n].dtype == np.float64 for n in ARRAYS),
            "scale: must not be 0": bool((arrays["scale"] != 0).all()),
        }
    )


def _json(array: np.ndarray) -> Any:
    if array.dtype != np.uint8:
        raise ValueError("preprocessing: must be text")
    return json.loads(array.tobytes())


def _are_distinct(names: Sequence[str]) -> bool:
    return len(set(names)) == len(names)


def _require(rules: Mapping[str, bool]) -> None:
    """Raise ValueError with the first rule that does not hold."""
    for rule, holds in rules.items():
        if not holds:
            raise ValueError(rule)
