"""A model as one file: its networks, their preprocessing and its provenance. No pickle.

The first line has the kind of the file, its format and the SHA-256 of what follows: a zip of JSON
and arrays. A file is not trusted: all of it is checked before any object is made from it, and
reading never takes more memory than a few times the size of the file.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from dnnsearch.data import model_inputs
from dnnsearch.errors import UserError
from dnnsearch.models import model_file_checks
from dnnsearch.models.ensemble import Model
from dnnsearch.models.model_file_checks import SCORES, Document
from dnnsearch.models.targets import labels
from dnnsearch.nn import Parameters
from dnnsearch.storage.array_store import DamagedArrays, pack, unpack
from dnnsearch.storage.atomic_write import write_whole
from dnnsearch.storage.sqlite_connection import is_database

PLAIN, PIECES, ANSWERS = (
    1,
    2,
    3,
)  # formats: plain; with `pieces`; with what follows or joins the networks
ENDING = ".dnn"  # the usual suffix of a model file
FIRST_LINE = "dnnsearch model, format {}, sha256 {}\n"
MAGIC = re.compile(rb"dnnsearch model, format ([0-9]{1,6}), sha256 ([0-9a-f]{64})\n")


def encode(model: Model) -> bytes:
    """Return the content of a model's file; equal models give equal bytes."""
    document: dict[str, Any] = {
        "task": model.task,
        "classes": [str(name) for name in model.classes.tolist()],
        **_configuration(model),
        "columns": [list(pair) for pair in model.inputs.kinds.items()],
        "target_name": model.target_name,
        "form": dict(model.form),
        "provenance": dict(model.provenance),
    }
    own = {"target": model.target, **_network_arrays(model)}
    form = PIECES if "pieces" in document else PLAIN
    if model.calibration is not None:
        document["calibration"] = asdict(model.calibration)
        form = ANSWERS
    if model.conformal is not None:
        document["conformal"] = {"noise": model.conformal.noise}
        own[SCORES] = model.conformal.scores
        form = ANSWERS
    if model.others:
        document["others"] = [_configuration(one) for one in model.others]
        document["weights"] = list(model.weights)
        for n, one in enumerate(model.others, 1):
            own |= {f"{name}_{n}": array for name, array in _network_arrays(one).items()}
        form = ANSWERS
    packed = pack(document, {**model.inputs.arrays(), **own})
    return FIRST_LINE.format(form, hashlib.sha256(packed).hexdigest()).encode() + packed


def _configuration(model: Model) -> dict[str, Any]:
    """Return what the document has of one configuration."""
    found = {"activation": model.activation, "layer_sizes": list(model.parameters.layer_sizes)}
    if model.pieces is None:
        return found
    sizes = asdict(model.pieces.shape)
    del sizes["scaling"]  # a model has no scaling layer: it is part of its weights
    return {**found, "pieces": {"kind": model.pieces.kind, **sizes}}


def _network_arrays(model: Model) -> dict[str, np.ndarray]:
    """Return the arrays of the networks of one configuration."""
    pieces = model.pieces.arrays() if model.pieces else {}
    return {"parameters": model.parameters.flat, **pieces}


def encode_answers(model: Model) -> bytes:
    """Return the content without what no answer depends on: provenance and scores for intervals."""
    return encode(replace(model, conformal=None, provenance={}, _lock=Lock()))


def digest(content: bytes) -> str:
    """Return the SHA-256 in the first line of a model file, in hex; empty if there is none."""
    found = MAGIC.match(content)
    return found[2].decode() if found else ""


def decode(content: bytes, place: str) -> Model:
    """Return the model in the content of a file; `place` names the file in messages.

    Raise UserError, in one line, if it is not a complete model of this format.
    """
    try:
        return _model(_verified(content))
    except RecursionError:
        reason = "its JSON must not be nested so deeply"
    except (ValueError, DamagedArrays) as error:
        reason = str(error)
    raise UserError(f"{place} cannot be used as a model: {reason}")


def _verified(content: bytes) -> bytes:
    """Return what follows the first line; raise ValueError if the two do not match."""
    first = MAGIC.match(content)
    if first is None:
        raise ValueError("it does not begin like a model file of dnnsearch")
    if int(first[1]) not in (PLAIN, PIECES, ANSWERS):
        newer = " (a newer dnnsearch wrote it)" if int(first[1]) > ANSWERS else ""
        rule = f"its format must be {PLAIN}, {PIECES} or {ANSWERS}"
        raise ValueError(f"{rule}, but is {int(first[1])}{newer}")
    packed = content[first.end() :]
    if hashlib.sha256(packed).hexdigest() != first[2].decode():
        raise ValueError("the SHA-256 of its content is not that of its first line")
    return packed


def _model(packed: bytes) -> Model:
    unchecked, arrays = unpack(packed)
    document = model_file_checks.document(unchecked)
    model_file_checks.check_numbers(arrays)
    names = [name for name, _ in document.columns]
    fitted = model_file_checks.input_arrays(arrays)
    model_inputs.check(fitted, names)
    inputs = model_inputs.inputs(fitted, names)
    every = [
        _one(part, own, inputs) for part, own in model_file_checks.configurations(document, arrays)
    ]
    first, *others = every
    return replace(
        first,
        calibration=model_file_checks.calibration(document),
        conformal=model_file_checks.conformal(document, arrays),
        others=tuple(others),
        weights=tuple(document.weights) if others else (1,),
        _lock=Lock(),
    )


def _one(
    document: Document, arrays: Mapping[str, np.ndarray], inputs: model_inputs.ModelInputs
) -> Model:
    """Return the model of one configuration."""
    model_file_checks.check_network(document, arrays)
    pieces = model_file_checks.input_pieces(document, arrays)
    learnt = pieces.shape.learnt if pieces else {}
    model = Model(
        Parameters.from_flat(document.layer_sizes, arrays["parameters"], learnt),
        document.activation,
        inputs,
        labels(document.classes),
        arrays["target"],
        document.target_name,
        document.form,
        document.provenance,
        pieces,
    )
    _check_whole(model, document)
    return model


def _check_whole(model: Model, document: Document) -> None:
    """Raise ValueError if the preprocessing does not lead to the inputs of the networks."""
    n_x, folds = model.inputs.shape
    kinds = [list(pair) for pair in model.inputs.kinds.items()]
    wanted = document.pieces.n_x if document.pieces else document.layer_sizes[0]
    if (n_x, kinds) != (wanted, document.columns):
        raise ValueError("its preprocessing does not match the columns and inputs of its networks")
    if folds not in (1, model.replicates):
        rule = f"must have 1 fold, or {model.replicates}, one for each network"
        raise ValueError(f"its preprocessing {rule}, but has {folds}")


def write(path: Path, model: Model) -> None:
    """Write a model's file completely or not at all; raise UserError if the disk refuses."""
    write_whole(path, encode(model))


def read(path: Path) -> Model:
    """Return the model in a file; raise UserError as `decode`, and if it cannot be read."""
    if is_database(path):
        raise UserError(f"{path} must be a model file, but it is a SQLite database")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}") from None
    return decode(content, str(path))
