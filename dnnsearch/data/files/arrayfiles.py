"""Arrays in files: `.npy`, `.npz`, idx (MNIST's) and HDF5, as named arrays, and as a table.

Nothing is ever unpickled. The first axis counts examples; the others together are the features.
"""

import io
import math
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from dnnsearch.data.files.open_bytes import is_workbook
from dnnsearch.data.files.sheet import Sheet
from dnnsearch.data.files.signatures import HDF5, IDX_TYPES, is_idx
from dnnsearch.data.files.size_limits import check_packed
from dnnsearch.validators import first_line, shortened

TARGETS = ("y", "label", "labels", "target", "targets", "class")
ONE = "data"  # the name of the array in a file that has one without a name

Arrays = dict[str, np.ndarray]


def arrays(raw: bytes, path: Path) -> Arrays | None:
    """Return the arrays in the bytes, None for another format; raise ValueError if damaged."""
    try:
        if raw[:6] == b"\x93NUMPY":
            return {ONE: np.load(io.BytesIO(raw), allow_pickle=False)}
        if raw[:4] == b"PK\x03\x04" and not is_workbook(raw):
            with np.load(io.BytesIO(raw), allow_pickle=False) as members:
                check_packed(sum(one.file_size for one in members.zip.infolist()), len(raw))
                return {name: members[name] for name in members.files}
        if is_idx(raw):
            return {ONE: _idx(raw)}
        if raw[: len(HDF5)] == HDF5:
            return _hdf5(raw)
    except ModuleNotFoundError:
        raise ValueError(f"{path} is HDF5, which needs h5py: pip install h5py") from None
    except Exception as error:  # damaged files raise nearly anything
        rule = "must contain complete arrays of numbers or text"
        raise ValueError(f"{path} {rule}, but: {first_line(error)}") from None
    return None


def _idx(raw: bytes) -> np.ndarray:
    """Return the array: 0 0 type dimensions, their sizes, the values.

    http://yann.lecun.com/exdb/mnist/
    """
    sizes = [int(n) for n in np.frombuffer(raw, ">u4", raw[3], offset=4)]
    values = np.frombuffer(raw, IDX_TYPES[raw[2]], offset=4 + 4 * raw[3])
    if values.size != math.prod(sizes):
        raise ValueError(f"the header says {sizes}, but there are {values.size} values")
    return values.reshape(sizes)


def _hdf5(raw: bytes) -> Arrays:
    import h5py

    found: Arrays = {}
    with h5py.File(io.BytesIO(raw), "r") as file:
        file.visititems(lambda name, item: _take(found, name, item))
    return found


def _take(found: Arrays, name: str, item: object) -> None:
    if hasattr(item, "shape") and hasattr(item, "dtype"):
        value = np.asarray(item[()])  # type: ignore[index]
        found[name] = value.astype(str) if value.dtype.kind in "SO" else value


def table(
    found: Mapping[str, np.ndarray],
    target: str | None,
    labels: np.ndarray | None,
    part: str = "train",
) -> Sheet:
    """Return features and target of named arrays as one table, the target named `target`.

    The target is `labels` if given, else the array named `target`, else a column of the only array.
    If one file has train and test, `part` selects one of them. Raise ValueError if the
    arrays do not fit together.
    """
    if labels is not None:
        return _joined(_only(found), labels, target or "label")
    if len(found) == 1:
        return _columns(_only(found))
    name = target_array(found, target, part)
    y, other = found[name], "train" if part == "test" else "test"
    same = {n: a for n, a in found.items() if n != name and a.ndim > 1 and len(a) == len(y)}
    if part in name:
        same = {n: a for n, a in same.items() if part in n or other not in n}
    if len(same) != 1:
        shapes = shortened([f"{n} {a.shape}" for n, a in found.items()], 12)
        raise ValueError(f"one array must have as many rows as {name}, but there are: {shapes}")
    return _joined(next(iter(same.values())), y, target or name)


def target_array(found: Mapping[str, np.ndarray], target: str | None, part: str = "train") -> str:
    """Return the name of the array of targets.

    With part `test`, `train` in a name is replaced by `test`. Raise ValueError if it is not clear
    which array is meant.
    """
    for name in [target, *TARGETS] if target else TARGETS:
        for candidate in ((name or "").replace("train", part), name):
            if candidate in found:
                return str(candidate)
    ends = [n for n in found if re.split(r"[_/]", n)[-1].lower() in TARGETS]
    ends += [n for n in found if re.split(r"[_/]", n)[0].lower() in TARGETS and n not in ends]
    parts = [n for n in ends if part in n] or ends
    if len(parts) == 1 and target is None:
        return parts[0]
    if not found:
        raise ValueError("the file has no arrays")
    names = shortened(found, 12)
    if target:
        raise ValueError(f"the target must be one of the arrays {names}, but got {target!r}")
    raise ValueError(f"the target must be given: one of the arrays {names}")


def has_test(found: Mapping[str, np.ndarray], target: str) -> bool:
    """Return whether the file has a test set next to the one to train on."""
    return "train" in target and target.replace("train", "test") in found


def _only(found: Mapping[str, np.ndarray]) -> np.ndarray:
    if len(found) != 1:
        raise ValueError(
            f"the file must contain one array, but has {shortened(found, 12) or 'none'}"
        )
    return next(iter(found.values()))


def _columns(array: np.ndarray) -> Sheet:
    if array.dtype.names:
        return Sheet(pd.DataFrame({name: array[name] for name in array.dtype.names}))
    if array.ndim != 2:
        raise ValueError(f"an array with its target in a column must be 2-D, but is {array.shape}")
    return Sheet(pd.DataFrame(array, columns=[f"column_{i}" for i in range(array.shape[1])]))


def _joined(X: np.ndarray, y: np.ndarray, name: str) -> Sheet:
    """Return features and target as one table; images are declared to be pixels."""
    y = y.reshape(-1) if y.size == len(X) else y
    if X.ndim < 2 or y.shape != (len(X),):
        raise ValueError(f"each row must have a label, but got X {X.shape}, y {y.shape}")
    if X.dtype.kind not in "buif":
        raise ValueError(f"features in arrays must be numbers, but are {X.dtype}")
    is_image = X.ndim > 2 or X.dtype == np.uint8
    word = "pixel" if is_image else "column"
    features = X.reshape(len(X), -1)
    names = [f"{word}_{i}" for i in range(features.shape[1])]
    if features.dtype.kind == "b":
        features = features.astype(np.uint8)
    frame = pd.DataFrame(features, columns=names, copy=False)
    frame[name] = y.astype(str) if y.dtype.kind in "SUb" else y
    return Sheet(frame, declared={"*": "pixel" if is_image else "number"})
