"""From a config's `data` to arrays that can be trained on: read, split, filled and stored.

Train and dev are stored under one digest, the test set under another that no worker is given. An
index next to the arrays records what was prepared from what, so that a second start needs neither
scikit-learn nor the raw data.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib import metadata
from typing import Any, Literal, Protocol

from dnnsearch.data import datasets
from dnnsearch.data.files.reading_version import FIRST, Reading
from dnnsearch.data.files.source import contents, identity, is_file
from dnnsearch.data.input_constants import is_constant, with_constants
from dnnsearch.data.split_config import Split
from dnnsearch.data.splitting import Indices, joined
from dnnsearch.data.table import HeldOut, PreparedArrays, Table, Task
from dnnsearch.errors import UserError
from dnnsearch.nn.arithmetic import FAST, Arithmetic
from dnnsearch.nn.exact_arithmetic import arithmetic_of
from dnnsearch.runtime import numerics
from dnnsearch.storage.array_store import ArrayStore, DamagedArrays, canonical, digest
from dnnsearch.storage.atomic_write import whole_file

PREPARATION = 8  # to be raised whenever a change of the code changes the prepared arrays
INDEX = "prepared"  # the folder of the index, in that of the store


class DataRequest(Protocol):
    """The part of a config that determines the prepared data; `Config` satisfies it."""

    @property
    def data(self) -> dict[str, Any]:
        """The file or the named data set, in its normal form."""

    @property
    def split(self) -> Split: ...

    @property
    def folds(self) -> int | None:
        """K of K-fold cross-validation, or None for one dev set."""

    @property
    def dtype(self) -> str:
        """The floats of X: `float32` or `float64`."""

    @property
    def numerics(self) -> str:
        """How it is computed: if exactly, what is fitted has the same bits on every machine."""

    @property
    def input_constants(self) -> tuple[str, ...]:
        """What the search space needs of train for a network's inputs: see `input_constants`."""

    @property
    def place(self) -> str:
        """The file of the config, for error messages."""


@dataclass(frozen=True)
class DataShape:
    """The sizes of the prepared data."""

    features: int  # n[0]
    outputs: int  # n[L]: one for binary and regression, else one for each class
    train: int  # examples
    dev: int
    test: int
    task: Task
    numbers: int = 0  # features that are numbers, the first ones; 0 if no input piece needs it

    @property
    def output(self) -> Literal["sigmoid", "softmax", "identity"]:
        """The output layer for the task, a name in dnnsearch.nn.OUTPUTS."""
        return OUTPUTS[self.task]


def outputs_of(task: Task, classes: Sequence[str]) -> int:
    """Return n[L], the units of the output layer."""
    return len(classes) if task == "multiclass" else 1


OUTPUTS: dict[Task, Literal["sigmoid", "softmax", "identity"]] = {
    "binary": "sigmoid",
    "multiclass": "softmax",
    "regression": "identity",
}


@dataclass(frozen=True)
class Prepared:
    """Where the prepared data are stored, and what they were made of; digests are SHA-256."""

    key: str  # in the store: X_train (..., m, n_x), y_train (..., m), X_dev, y_dev
    test_key: str  # X_test (..., m, n_x), y_test (m,), and what was fitted; `...`: K folds
    data_digest: str  # of the table as it was read
    split_digest: str  # of the rows of train, dev and test
    shape: DataShape
    classes: tuple[str, ...]
    feature_names: tuple[str, ...]
    contents: dict[str, str] = field(default_factory=dict)  # of the user's files: key -> SHA-256
    spelled: dict[str, str] = field(default_factory=dict)  # column -> how its numbers are written

    def as_dict(self) -> dict[str, Any]:
        """Return all of it, JSON-able; without `spelled` and `shape.numbers` if they are empty."""
        document: dict[str, Any] = json.loads(canonical(asdict(self)))
        if not self.shape.numbers:
            del document["shape"]["numbers"]
        if not self.spelled:
            del document["spelled"]
        return document

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> "Prepared":
        """Return the inverse of `as_dict`."""
        lists = {name: tuple(document[name]) for name in ("classes", "feature_names")}
        return cls(**{**document, **lists, "shape": DataShape(**document["shape"])})


def prepare(request: DataRequest, store: ArrayStore, *, whole: bool = False) -> Prepared:
    """Return what the requested data were prepared to, in the store; prepare them if needed.

    With `whole`, train is train and dev together, as for a last training on all that may be learnt
    from; dev is then a part of train and measures no generalisation. What is fitted is
    fitted on train, in float64; the inputs are then cast to the requested dtype. Raise UserError
    if the data cannot be read, split or stored.
    """
    origin = _origin(request, whole)
    try:
        return _look_up(origin, store) or _enter(origin, _prepare(request, store, whole), store)
    except OSError as error:
        problem = f"arrays cannot be stored in {store.root}: {error.strerror or error}"
        raise UserError(f"{problem}; choose another folder: DNNSEARCH_CACHE=FOLDER") from None


def _prepare(request: DataRequest, store: ArrayStore, whole: bool) -> Prepared:
    """Read the table, split it, fill the arrays, store them."""
    table, rows = _read_and_split(request)
    rows = joined(rows) if whole else rows
    arithmetic = _arithmetic(request)
    filled = table.to_arrays(rows, request.dtype, arithmetic)
    if request.input_constants:
        filled = with_constants(filled, request.input_constants, table.task, arithmetic)
    return Prepared(
        shape=_shape(table, filled),
        classes=table.classes,
        feature_names=filled.feature_names,
        contents=contents(request.data),
        spelled=table.spelled if Reading.of(request.data).version > FIRST else {},
        data_digest=digest(table.raw()),
        split_digest=digest(rows),
        key=store.put(filled.arrays),
        test_key=store.put(filled.test),
    )


def _shape(table: Table, filled: PreparedArrays) -> DataShape:
    arrays = {**filled.arrays, **filled.test}
    features, outputs = arrays["X_train"].shape[-1], outputs_of(table.task, table.classes)
    sizes = {part: arrays[f"y_{part}"].shape[-1] for part in ("train", "dev", "test")}
    has_constants = any(is_constant(name) for name in filled.arrays)
    numbers = filled.test["mean"].shape[-1] if has_constants else 0
    return DataShape(features, outputs, **sizes, task=table.task, numbers=numbers)


def held_out(request: DataRequest) -> HeldOut:
    """Return the raw test set of the request; raise UserError if the data cannot be read."""
    table, rows = _read_and_split(request)
    return table.held_out(rows)


def _read_and_split(request: DataRequest) -> tuple[Table, Indices]:
    part = "data"
    try:
        table = read_table(request.data, request.split.by, _arithmetic(request))
        part = "split"  # the key of the config that an error is about
        return table, table.split(request.split, request.folds)
    except ValueError as error:
        raise UserError(f"{request.place}: {part}: {error}") from None


def read_table(data: Mapping[str, Any], by: str | None, arithmetic: Arithmetic = FAST) -> Table:
    """Return the table that a config's `data` means; `by` is the column that the split goes by.

    This is the only place that knows what kinds of tables there are. Raise ValueError if the table
    cannot be read.
    """
    if is_file(data):
        from dnnsearch.data import file_table  # imports pandas, which a set with a name spares

        return file_table.load_table(data, by)
    return datasets.load(data, arithmetic)


def _origin(request: DataRequest, whole: bool) -> str:
    """Return everything that the prepared arrays are a function of, as canonical JSON.

    The kernels in effect are a part of it, unless the study is exact: a sine differs between them
    in its last bit.
    """
    try:
        data = identity(request.data)
    except ValueError as error:
        raise UserError(f"{request.place}: data: {error}") from None
    return canonical(
        {
            "data": data,
            "split": request.split.model_dump(exclude_none=True),
            "folds": request.folds,
            "dtype": request.dtype,
            "preparation": PREPARATION,
            **_environment(request),
            **({"whole": True} if whole else {}),
            **({"inputs": request.input_constants} if request.input_constants else {}),
        }
    )


def _arithmetic(request: DataRequest) -> Arithmetic:
    return arithmetic_of(request.numerics == numerics.EXACT)


def _environment(request: DataRequest) -> dict[str, Any]:
    if request.numerics == numerics.EXACT:
        return {"numerics": numerics.EXACT}
    kernels = numerics.numpy_kernels()
    return {
        "versions": {name: metadata.version(name) for name in ("numpy", "scikit-learn")},
        "kernels": [kernels["libc"], os.environ.get("GLIBC_TUNABLES", ""), kernels["cpu_targets"]],
    }


def _look_up(origin: str, store: ArrayStore) -> Prepared | None:
    """Return what was made of this, by the index; None if it or an array is missing or damaged."""
    path = store.root / INDEX / f"{_sha256(origin)}.json"
    try:
        entry = json.loads(path.read_bytes())
        if entry["origin"] != origin:
            return None
        prepared = checked_entry(entry)
        store.open(prepared.key)
        store.open(prepared.test_key)
    except (FileNotFoundError, ValueError, KeyError, TypeError, DamagedArrays):
        return None
    return prepared


def checked_entry(entry: Mapping[str, Any]) -> Prepared:
    """Return what an entry of the index says; raise ValueError if it is not as it was written."""
    if entry["sha256"] != _sha256(canonical(entry["prepared"])):
        raise ValueError("the entry does not have the digest that it names")
    return Prepared.from_dict(entry["prepared"])


def _enter(origin: str, prepared: Prepared, store: ArrayStore) -> Prepared:
    document = prepared.as_dict()
    entry = {"origin": origin, "prepared": document, "sha256": _sha256(canonical(document))}
    folder = store.root / INDEX
    folder.mkdir(parents=True, exist_ok=True)
    with whole_file(folder / f"{_sha256(origin)}.json") as new:
        new.write_text(json.dumps(entry), encoding="utf-8")
    return prepared


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
