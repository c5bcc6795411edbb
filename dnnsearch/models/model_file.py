"""A model as one file: its networks, the preparation of its data, where it is from. No pickle.

The first line says what the file is, in which format, and the SHA-256 of all that follows: a zip of
JSON and arrays. Nothing is believed: what a file says of itself is checked before anything is made
of it, and at no time does that take more memory than a few times the file's own size.
"""

import hashlib
import re
from pathlib import Path

from dnnsearch.data import model_inputs
from dnnsearch.errors import UserError
from dnnsearch.models import model_file_checks
from dnnsearch.models.ensemble import Model, labels
from dnnsearch.models.model_file_checks import Document
from dnnsearch.nn import Parameters
from dnnsearch.storage.array_store import DamagedArrays, pack, unpack
from dnnsearch.trials.record_store import write_whole

FORMAT = 1
ENDING = ".dnn"  # of such files' names, by custom
FIRST_LINE = "dnnsearch model, format {}, sha256 {}\n"
MAGIC = re.compile(rb"dnnsearch model, format ([0-9]{1,6}), sha256 ([0-9a-f]{64})\n")


def encode(model: Model) -> bytes:
    """The file's content; equal models give equal bytes."""
    document = {
        "task": model.task,
        "classes": [str(name) for name in model.classes.tolist()],
        "activation": model.activation,
        "layer_sizes": list(model.parameters.layer_sizes),
        "columns": [list(pair) for pair in model.inputs.kinds.items()],
        "target_name": model.target_name,
        "form": dict(model.form),
        "provenance": dict(model.provenance),
    }
    own = {"parameters": model.parameters.flat, "target": model.target}
    packed = pack(document, {**model.inputs.arrays(), **own})
    return FIRST_LINE.format(FORMAT, hashlib.sha256(packed).hexdigest()).encode() + packed


def digest(content: bytes) -> str:
    """The SHA-256, in hex, of a model file's content, as its first line has it."""
    found = MAGIC.match(content)
    return found[2].decode() if found else ""


def decode(content: bytes, place: str) -> Model:
    """The model in the content of a file; `place` says where it is from, for messages.

    Raises UserError, in one line, for whatever is no whole model of this format.
    """
    try:
        return _model(_verified(content))
    except (ValueError, DamagedArrays) as error:
        raise UserError(f"{place} cannot be used as a model: {error}") from None


def _verified(content: bytes) -> bytes:
    """What follows the first line; ValueError where that does not belong to it."""
    first = MAGIC.match(content)
    if first is None:
        raise ValueError("it does not begin as a model file of dnnsearch does")
    if int(first[1]) != FORMAT:
        age = "a newer" if int(first[1]) > FORMAT else "another"
        raise ValueError(f"its format is {int(first[1])}, {age} one; here it must be {FORMAT}")
    packed = content[first.end() :]
    if hashlib.sha256(packed).hexdigest() != first[2].decode():
        raise ValueError("its content does not have the SHA-256 of its first line")
    return packed


def _model(packed: bytes) -> Model:
    unchecked, arrays = unpack(packed)
    document = model_file_checks.document(unchecked)
    model_file_checks.check_numbers(arrays)
    model_file_checks.check_network(document, arrays)
    names = [name for name, _ in document.columns]
    fitted = {name: array for name, array in arrays.items() if name not in model_file_checks.OWN}
    model_inputs.check(fitted, names)
    model = Model(
        Parameters.from_flat(document.layer_sizes, arrays["parameters"]),
        document.activation,
        model_inputs.inputs(fitted, names),
        labels(document.classes),
        arrays["target"],
        document.target_name,
        document.form,
        document.provenance,
    )
    _check_whole(model, document)
    return model


def _check_whole(model: Model, document: Document) -> None:
    """Raises ValueError where the preparation does not lead to the network's inputs."""
    n_x, folds = model.inputs.shape
    kinds = [list(pair) for pair in model.inputs.kinds.items()]
    if (n_x, kinds) != (document.layer_sizes[0], document.columns):
        raise ValueError("its preparation does not have the columns or the inputs of its network")
    if folds not in (1, model.replicates):
        raise ValueError("its preparation has another number of folds than there are networks")


def write(path: Path, model: Model) -> None:
    """Whole or not at all; raises UserError when the disk refuses."""
    write_whole(path, encode(model))


def read(path: Path) -> Model:
    """Raises UserError as `decode` does, and where the file cannot be read."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}") from None
    return decode(content, str(path))
