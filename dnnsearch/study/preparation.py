"""How the columns of a study's file were prepared: a file beside the records, verified when read.

A network can then be used after the user's file is gone. The SHA-256 of the content stands in the
study's attributes, and the first digits of it in the file's name. Older studies have neither: their
file is compared with the study's definition, and with the cache if it still has what was fitted.
"""

import contextlib
import hashlib
from collections.abc import Mapping

import numpy as np

from dnnsearch.data import model_inputs
from dnnsearch.data.input_constants import without_constants
from dnnsearch.data.prepare import Prepared
from dnnsearch.errors import DamagedFile
from dnnsearch.storage.array_store import ArrayStore, DamagedArrays, default_root, digest
from dnnsearch.study.stored_study import OpenStudy
from dnnsearch.trials.record_file import DIGEST_PREFIX

PREPARATION = "preparation"  # the study's attribute: SHA-256 of the file's content, in hex

Preparation = tuple[Prepared, Mapping[str, np.ndarray]]


def keep(study: OpenStudy, prepared: Prepared) -> None:
    """Store how the file's columns were prepared, unless an intact file is there.

    Nothing is stored for a data set with a name.
    """
    if not prepared.contents:
        return
    content = model_inputs.packed(prepared, ArrayStore(default_root()))
    stated = _stated(study)
    if not stated and study.trials():  # a study of before
        study.records.put_side_file(_name(study, ""), content)
        return
    with contextlib.suppress(DamagedFile):
        if stated and read(study):
            return
    found = hashlib.sha256(content).hexdigest()
    if found != stated:  # a new study, or another version packs the same in another way
        study.rows.set_attribute(PREPARATION, found)
    study.records.put_side_file(_name(study, found), content)


def files(study: OpenStudy) -> dict[str, bytes]:
    """Return the verified file by its name, as MLflow gets it; empty if there is none."""
    name = _name(study, _stated(study))
    content = study.records.side_file(name) if study.definition["data"].get("contents") else None
    if content is None:
        return {}
    _verified(study, content)
    return {name: content}


def read(study: OpenStudy) -> Preparation | None:
    """Return how the study's file was prepared; None if that was not kept.

    Raise DamagedFile, with what to do, if the file is not the one that was written.
    """
    content = study.records.side_file(_name(study, _stated(study)))
    return None if content is None else _verified(study, content)


def _stated(study: OpenStudy) -> str:
    """Return the SHA-256 in the study's attributes, read anew; empty for a study of before."""
    return str(study.rows.attributes.get(PREPARATION, ""))


def _name(study: OpenStudy, sha256: str) -> str:
    key = study.definition["arrays"][:DIGEST_PREFIX]
    return model_inputs.NAME.format(f"{key}-{sha256[:DIGEST_PREFIX]}" if sha256 else key)


def _verified(study: OpenStudy, content: bytes) -> Preparation:
    stated = _stated(study)
    try:
        if stated and hashlib.sha256(content).hexdigest() != stated:
            raise DamagedArrays("its SHA-256 is not the one that the study's attributes have")
        prepared, arrays = model_inputs.unpacked(content)
        _check_fits(study, prepared)
        _check_fitted(prepared, arrays)
    except DamagedArrays as error:
        path = study.records.folder / _name(study, stated)
        raise DamagedFile(
            f"the preparation {path} is damaged: {error}; restore it, or remove it and run the "
            "same search again, which writes it anew"
        ) from error
    return prepared, arrays


def _check_fits(study: OpenStudy, prepared: Prepared) -> None:
    """Raise DamagedArrays if it was made of other data than the study's."""
    definition = study.definition
    pairs = {
        "prepared arrays": (prepared.key, definition["arrays"]),
        "data": (prepared.data_digest, definition["data_digest"]),
        "split": (prepared.split_digest, definition["split_digest"]),
    }
    for what, (found, wanted) in pairs.items():
        if found != wanted:
            raise DamagedArrays(f"it is of other {what} than the study's")


def _check_fitted(prepared: Prepared, arrays: Mapping[str, np.ndarray]) -> None:
    """Raise DamagedArrays if the arrays do not fit together, or if the cache has others."""
    names = prepared.feature_names
    fitted = {n: one for n, one in without_constants(arrays).items() if n != "target"}
    try:
        model_inputs.check(fitted, names)
        n_x, _ = model_inputs.inputs(fitted, names).shape
    except (ValueError, KeyError, TypeError) as error:
        raise DamagedArrays(str(error)) from None
    if n_x != prepared.shape.features:
        raise DamagedArrays(f"it leads to {n_x} inputs, not to {prepared.shape.features}")
    cached = _cached(prepared)
    if cached is not None and digest(cached) != digest(arrays):
        raise DamagedArrays("it is not what was fitted, which the cache has")


def _cached(prepared: Prepared) -> Mapping[str, np.ndarray] | None:
    """Return what was fitted, from this machine's cache, whose content has a digest."""
    try:
        return model_inputs.fitted(ArrayStore(default_root()).open(prepared.test_key))
    except (KeyError, DamagedArrays):
        return None
