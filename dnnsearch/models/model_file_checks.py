"""Whether the parts of a model file are valid and match each other.

Each check raises ValueError. A file that passes all of them can be made into a model that predicts:
its predictions may be meaningless, but they are numbers, or an error of one line.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dnnsearch.data.files.source import FORM, KEYS
from dnnsearch.data.prepare import outputs_of
from dnnsearch.data.table import Task
from dnnsearch.models.calibration import Calibration
from dnnsearch.models.conformal import Conformal
from dnnsearch.nn import ACTIVATIONS
from dnnsearch.nn.input_layer import InputShape
from dnnsearch.nn.number_scaling import NUMBERS, STANDARD
from dnnsearch.trials.input_pieces import EDGES, SCALES, InputPieces
from dnnsearch.validators import require

# All other arrays are those of the inputs: data.model_inputs checks them.
SCORES = "conformal_scores"
OWN = ("parameters", "target", SCALES, EDGES)
OF_OTHERS = re.compile("_[0-9]{1,4}$")  # the end of their arrays' names

MAX_DEPTH = 20  # of mappings and lists within each other

Arrays = Mapping[str, np.ndarray]
Count = Annotated[int, Field(ge=1)]
Name = Annotated[str, Field(max_length=100_000)]
Weight = Annotated[int, Field(ge=1, le=1000)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Size = Annotated[int, Field(ge=0, le=10**6)]


class Pieces(BaseModel):
    """The pieces in front of the first layer, as `InputPieces` has them."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    kind: Name
    n_x: Size
    numbers: Size
    codes: Size
    embedding: Size

    @property
    def shape(self) -> InputShape:
        """Their sizes."""
        return InputShape(self.n_x, self.numbers, self.codes, self.embedding)


class Calibrated(BaseModel):
    """What follows the networks, as `Calibration` has it."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    temperature: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    bias: list[Number]
    shift: list[Number]


class Intervals(BaseModel):
    """What `Conformal` has beside its scores."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    noise: Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Configuration(BaseModel):
    """The networks of one configuration."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    activation: Name
    layer_sizes: Annotated[list[Count], Field(min_length=2)]
    pieces: Pieces | None = None


class Document(Configuration):
    """The JSON of a model file; `columns` repeats, for readers, which columns the inputs need.

    Nothing is converted, and unknown keys are refused.
    """

    task: Task
    classes: list[Name]
    columns: list[Annotated[list[Name], Field(min_length=2, max_length=2)]]  # name, kind
    target_name: Name | None
    form: dict[Name, Any]
    provenance: dict[Name, Any]
    calibration: Calibrated | None = None
    conformal: Intervals | None = None
    others: list[Configuration] = []
    weights: list[Weight] = []


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


def input_arrays(arrays: Arrays) -> dict[str, np.ndarray]:
    """Return the arrays of the inputs: those that no configuration has."""
    own = (*OWN, SCORES)
    return {name: array for name, array in arrays.items() if OF_OTHERS.sub("", name) not in own}


def configurations(found: Document, arrays: Arrays) -> list[tuple[Document, Arrays]]:
    """Return each configuration as a document of its own, with its own arrays.

    Those of the second one end in `_1`, and so on.
    """
    own = [name for name in arrays if OF_OTHERS.sub("", name) == "parameters"]
    wanted = len(found.others) + 1 if found.others else 0
    require(
        {
            "others: must be as many as there are arrays": len(own) in (1, wanted),
            "weights: must be one for each configuration": len(found.weights) == wanted,
        }
    )
    parts: list[tuple[Document, Arrays]] = [(found, arrays)]
    for n, one in enumerate(found.others, 1):
        part = {name: arrays[f"{name}_{n}"] for name in OWN if f"{name}_{n}" in arrays}
        fields = {name: getattr(one, name) for name in Configuration.model_fields}
        parts.append((found.model_copy(update=fields), {**part, "target": arrays["target"]}))
    return parts


def check_network(found: Document, arrays: Arrays) -> None:
    """Check the document of a model file, and the arrays of the networks."""
    outputs = outputs_of(found.task, found.classes)
    flat, target = (arrays.get(name, np.empty(0)) for name in ("parameters", "target"))
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


def calibration(found: Document) -> Calibration | None:
    """Return what follows the networks; raise ValueError if it does not fit them."""
    given, outputs = found.calibration, found.layer_sizes[-1]
    if given is None:
        return None
    require(
        {
            "calibration: must not be in a regression": found.task != "regression",
            "calibration: must have a bias for each output": len(given.bias) in (0, outputs),
            "calibration: must have a shift for each output": len(given.shift) in (0, outputs),
        }
    )
    return Calibration(given.temperature, tuple(given.bias), tuple(given.shift))


def conformal(found: Document, arrays: Arrays) -> Conformal | None:
    """Return the scores for intervals; raise ValueError if they do not fit together."""
    scores, given = arrays.get(SCORES), found.conformal
    if scores is None or given is None:
        require({"conformal: must be there with its scores": scores is None and given is None})
        return None
    require(
        {
            "conformal_scores: must be float64, of at least one row": scores.dtype == np.float64
            and scores.ndim == 1
            and len(scores) > 0,
            "conformal_scores: must be ascending and not negative": bool(
                (np.diff(scores, prepend=0.0) >= 0).all()
            ),
        }
    )
    return Conformal(scores, given.noise)


def input_pieces(found: Document, arrays: Arrays) -> InputPieces | None:
    """Return the pieces in front of the first layer; raise ValueError if they do not fit."""
    scales, edges, pieces = arrays.get(SCALES), arrays.get(EDGES), found.pieces
    if pieces is None:
        require({"pieces: must be there for their arrays": scales is None and edges is None})
        return None
    shape, R = pieces.shape, len(arrays["parameters"])
    require(
        {
            "pieces: numbers must be among the inputs": 0 < pieces.numbers <= pieces.n_x,
            "pieces: kind must be a known one": pieces.kind in (STANDARD, *NUMBERS),
            "layer_sizes: the first must be that of the pieces": found.layer_sizes[0] == shape.n_0,
            "pieces: scales must be those of each number": _are_scales(scales, pieces, R),
            "pieces: edges must be those of each number": _are_edges(edges, pieces, R),
        }
    )
    return InputPieces(shape, pieces.kind, scales, edges)


def _are_scales(scales: np.ndarray | None, pieces: Pieces, R: int) -> bool:
    """Return whether they are (c, F) or (R, c, F) float64, where c is what the kind needs."""
    if scales is None or pieces.kind == STANDARD:
        return scales is None and pieces.kind == STANDARD
    c = scales.shape[-2] if scales.ndim > 1 else 0
    is_whole = c == 2 or (pieces.kind == "quantile" and c > 0 and c % 2 == 0)
    return is_whole and _is_for_each(scales, pieces.numbers, R)


def _are_edges(edges: np.ndarray | None, pieces: Pieces, R: int) -> bool:
    """Return whether they are (F, K+1) or (R, F, K+1) float64; None without codes."""
    if edges is None or not pieces.codes:
        return edges is None and not pieces.codes
    return _is_for_each(edges.mT if edges.ndim > 1 else edges, pieces.numbers, R) and (
        edges.shape[-1] == pieces.codes + 1
    )


def _is_for_each(array: np.ndarray, numbers: int, R: int) -> bool:
    """Return whether it is (c, numbers) or (R, c, numbers) float64."""
    fits = array.ndim == 2 or (array.ndim == 3 and array.shape[0] == R)
    return fits and array.dtype == np.float64 and array.shape[-1] == numbers


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
