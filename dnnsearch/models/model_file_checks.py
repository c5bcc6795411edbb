"""Whether the parts of a model file are valid and match each other.

Each check raises ValueError. A file that passes all of them can be made into a model that predicts:
its predictions may be meaningless, but they are numbers, or an error of one line.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dnnsearch.data.files.source import FORM, KEYS
from dnnsearch.data.prepare import outputs_of
from dnnsearch.data.table import Task
from dnnsearch.nn import ACTIVATIONS
from dnnsearch.validators import require

NETWORK_ARRAYS = (
    "parameters",
    "target",
)  # all other arrays are those of the inputs: data.model_inputs checks them

MAX_DEPTH = 20  # of mappings and lists within each other

Arrays = Mapping[str, np.ndarray]
Count = Annotated[int, Field(ge=1)]
Name = Annotated[str, Field(max_length=100_000)]


class Document(BaseModel):
    """The JSON of a model file; `columns` repeats, for readers, which columns the inputs need.

    Nothing is converted, and unknown keys are refused.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    task: Task
    classes: list[Name]
    activation: Name
    layer_sizes: Annotated[list[Count], Field(min_length=2)]
    columns: list[Annotated[list[Name], Field(min_length=2, max_length=2)]]  # name, kind
    target_name: Name | None
    form: dict[Name, Any]
    provenance: dict[Name, Any]


def check_depth(given: object) -> None:
    """Raise ValueError for JSON that is nested too deeply for what reads and writes it."""
    level = [given]
    for _ in range(MAX_DEPTH):
        level = [child for value in level for child in _children(value)]
    if level:
        raise ValueError(f"its JSON must not be nested deeper than {MAX_DEPTH} levels")


def _children(value: object) -> list[Any]:
    match value:
        case dict():
            return list(value.values())
        case list():
            return value
    return []


def document(given: object) -> Document:
    """Return the JSON of a model file, validated."""
    check_depth(given)
    try:
        found = Document.model_validate(given)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        raise ValueError(f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}") from None
    for key, value in found.form.items():
        if key not in FORM:
            raise ValueError(f"form.{key} is unknown")
        KEYS[key](value)
    return found


def check_network(found: Document, arrays: Arrays) -> None:
    """Check the document of a model file, and the arrays of the networks."""
    outputs = outputs_of(found.task, found.classes)
    flat, target = (arrays.get(name, np.empty(0)) for name in NETWORK_ARRAYS)
    require(
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


def _are_distinct(names: Sequence[str]) -> bool:
    return len(set(names)) == len(names)
