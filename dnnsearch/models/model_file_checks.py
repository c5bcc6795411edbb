"""Checks of a model file's document and of its networks, before a model is made of them.

Each check raises ValueError. A model that passes can be asked for predictions: these may be
nonsense, but they end in numbers or in a one-line error. The inputs are checked by
`data.model_inputs.check`.
"""

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dnnsearch.data.files.source import FORM, KEYS
from dnnsearch.data.prepare import outputs_of
from dnnsearch.data.table import Task
from dnnsearch.nn import ACTIVATIONS
from dnnsearch.validators import require

OWN = ("parameters", "target")  # arrays of the network; all others are those of its inputs

Arrays = Mapping[str, np.ndarray]
Count = Annotated[int, Field(ge=1)]
Name = Annotated[str, Field(max_length=100_000)]


class Document(BaseModel):
    """The JSON of a model file; nothing is converted, and other keys are refused.

    `columns` repeats, for readers of the file, which columns the inputs need.
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


def document(given: object) -> Document:
    """Return the JSON of a model file in its form; raise ValueError for another form."""
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
    """Raise ValueError if the parts of the document and the parameters do not fit together."""
    outputs = outputs_of(found.task, found.classes)
    flat, target = (arrays.get(name, np.empty(0)) for name in OWN)
    columns = [name for name, _ in found.columns]
    require(
        {
            f"activation: {found.activation[:40]!r} is unknown": found.activation in ACTIVATIONS,
            "classes: must be distinct": len(set(found.classes)) == len(found.classes),
            f"classes: {len(found.classes)} do not fit `task`": CLASSES[found.task](
                len(found.classes)
            ),
            "columns: must be distinct": len(set(columns)) == len(columns),
            "layer_sizes: the last must match `task`": found.layer_sizes[-1] == outputs,
            "parameters: must be floats, (networks, P)": flat.dtype in (np.float32, np.float64)
            and flat.ndim == 2,
            "parameters: must be of a network": len(flat) > 0,
            "target: must be two float64": target.dtype == np.float64 and target.shape == (2,),
        }
    )


CLASSES = {
    "binary": lambda count: count == 2,
    "multiclass": lambda count: count >= 2,
    "regression": lambda count: count == 0,
}


def check_numbers(arrays: Arrays) -> None:
    """Raise ValueError if an array holds something else than finite numbers."""
    for name, array in arrays.items():
        if array.dtype.kind not in "uif" or not np.isfinite(array).all():
            raise ValueError(f"the array {name[:40]!r} contains non-numeric or non-finite values")
