"""From a request for data to arrays that can be trained on: loaded, split, standardised and stored.

What is fitted is fitted on train only. Train and dev lie under one digest in the store, the test
set under another that no worker is given. A small index beside the arrays says what was prepared
from what, so that a second start needs neither scikit-learn nor the raw data.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib import metadata
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from dnnsearch.data import datasets
from dnnsearch.data.datasets import Table, Task
from dnnsearch.data.files.source import contents, is_file, without_paths
from dnnsearch.data.split_config import Split
from dnnsearch.data.stratified_split import Indices, joined, stratified, stratified_folds
from dnnsearch.errors import UserError
from dnnsearch.runtime import numerics
from dnnsearch.storage.array_store import ArrayStore, DamagedArrays, canonical, digest

if TYPE_CHECKING:
    from dnnsearch.data.file_table import FileTable

PREPARATION = 4  # raised whenever a change of ours changes the prepared arrays
INDEX = "prepared"  # the folder of the index, in the store's


class DataRequest(Protocol):
    """The part of a config that says which data to prepare, and how; `Config` satisfies it."""

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
    def place(self) -> str:
        """The file of the config, for error messages."""


@dataclass(frozen=True)
class DataShape:
    """How large the prepared data are."""

    features: int  # n[0]
    outputs: int  # n[L]: one for binary and regression, else one for each class
    train: int  # examples
    dev: int
    test: int
    task: Task

    @property
    def output(self) -> Literal["sigmoid", "softmax", "identity"]:
        """The output layer for the task, a name in dnnsearch.nn.OUTPUTS."""
        return OUTPUTS[self.task]


def outputs_of(task: Task, classes: Sequence[str]) -> int:
    """n[L]: the units of the output layer."""
    return len(classes) if task == "multiclass" else 1


OUTPUTS: dict[Task, Literal["sigmoid", "softmax", "identity"]] = {
    "binary": "sigmoid",
    "multiclass": "softmax",
    "regression": "identity",
}


@dataclass(frozen=True)
class Prepared:
    """Where the prepared data lie, and what they were made of; digests are SHA-256 in hex."""

    key: str  # in the store: X_train (..., m, n_x), y_train (..., m), X_dev, y_dev
    test_key: str  # X_test (..., m, n_x), y_test (m,), mean (..., n_x), scale; `...`: K folds
    data_digest: str  # of the table as it was loaded
    split_digest: str  # of the rows of train, dev and test
    shape: DataShape
    classes: tuple[str, ...]
    feature_names: tuple[str, ...]
    contents: dict[str, str] = field(default_factory=dict)  # of people's files: key -> SHA-256

    def as_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return json.loads(canonical(asdict(self)))  # type: ignore[no-any-return]

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> "Prepared":
        lists = {name: tuple(document[name]) for name in ("classes", "feature_names")}
        return cls(**{**document, **lists, "shape": DataShape(**document["shape"])})


def prepare(request: DataRequest, store: ArrayStore, *, whole: bool = False) -> Prepared:
    """The requested data, prepared and in the store; from the store where it has them.

    With `whole`, train is train and dev together, as for a last training with all that may be
    learnt from; dev is then a part of it, and says nothing of what was learnt.

    X is standardised, (x - mean) / scale with train's mean and standard deviation, in float64, and
    then cast to the requested dtype; a constant column has the scale 1. Raises UserError where the
    data cannot be loaded, split or kept.
    """
    origin = _origin(request, whole)
    try:
        known = _look_up(origin, store)
        return known or _enter(origin, _prepare(request, store, whole), store)
    except OSError as error:
        problem = f"arrays cannot be kept in {store.root}: {error.strerror or error}"
        raise UserError(f"{problem}; another folder: DNNSEARCH_CACHE=FOLDER") from None


def _prepare(request: DataRequest, store: ArrayStore, whole: bool) -> Prepared:
    if is_file(request.data):
        return _prepare_file(request, store, whole)
    if request.split.by:
        raise UserError(f"{request.place}: split: by needs a file with columns, as in data.file")
    table = load(request)
    rows = _split(request, table)
    rows = joined(rows) if whole else rows
    parts = {part: (table.X[r], table.y[r]) for part, r in rows.items()}
    mean, scale = standardisation(parts["train"][0])
    arrays: dict[str, np.ndarray] = {}
    for part, (X, y) in parts.items():
        standardised = (X - mean[..., np.newaxis, :]) / scale[..., np.newaxis, :]
        arrays[f"X_{part}"] = standardised.astype(request.dtype)
        arrays[f"y_{part}"] = y
    test = {name: arrays.pop(name) for name in ("X_test", "y_test")}
    return Prepared(
        key=store.put(arrays),
        test_key=store.put({**test, "mean": mean, "scale": scale}),
        data_digest=digest(_raw(table)),
        split_digest=digest(rows),
        shape=_shape(table, rows),
        classes=table.classes,
        feature_names=table.feature_names,
    )


def _load_file(request: DataRequest) -> "tuple[FileTable, Indices]":
    from dnnsearch.data import file_table  # pandas takes its time, and a second start needs none

    try:
        table = file_table.load_table(request.data, request.split.by)
        return table, file_table.split_rows(table, request.split.model_dump(), request.folds)
    except ValueError as error:
        raise UserError(f"{request.place}: data: {error}") from None


def _prepare_file(request: DataRequest, store: ArrayStore, whole: bool) -> Prepared:
    from dnnsearch.data import file_table

    table, rows = _load_file(request)
    rows = joined(rows) if whole else rows
    arrays, test = file_table.to_arrays(table, rows, request.dtype)
    sizes = {part: arrays[f"y_{part}"].shape[-1] for part in ("train", "dev")}
    outputs = outputs_of(table.task, table.target.classes)
    features = arrays["X_train"].shape[-1]
    return Prepared(
        key=store.put(arrays),
        test_key=store.put(test),
        data_digest=digest(table.raw()),
        split_digest=digest(rows),
        shape=DataShape(features, outputs, **sizes, test=len(test["y_test"]), task=table.task),
        classes=table.target.classes,
        feature_names=file_table.restored(test)[0].feature_names,
        contents=contents(request.data),
    )


@dataclass(frozen=True)
class HeldOut:
    """Rows as they were loaded, of which no search has seen anything."""

    X: Any  # (m, n_x), or a DataFrame with the columns of the file
    y: np.ndarray  # (m,): indices of classes, or values in the target's own unit


def held_out(request: DataRequest) -> HeldOut:
    """The test set of the request; raises UserError where the data cannot be loaded."""
    if not is_file(request.data):
        loaded = load(request)
        rows = _split(request, loaded)["test"]
        return HeldOut(loaded.X[rows], loaded.y[rows])
    table, indices = _load_file(request)
    if table.test:
        return HeldOut(*table.test)
    return HeldOut(table.frame.iloc[indices["test"]], table.target.y[indices["test"]])


def load(request: DataRequest) -> Table:
    """The raw data of the request; UserError where its options do not go together."""
    try:
        return datasets.load(request.data)
    except ValueError as error:
        raise UserError(f"{request.place}: data: {error}") from None


def _split(request: DataRequest, table: Table) -> Indices:
    split = request.split
    try:
        rows = stratified(table.y, table.classes, split.dev, split.test, split.seed)
        if request.folds:
            rows = stratified_folds(table.y, table.classes, rows, request.folds, split.seed)
    except ValueError as error:
        raise UserError(f"{request.place}: split: {error}") from None
    return rows


def standardisation(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and scale (..., n_x) of the columns of X (..., m, n_x).

    The scale is the standard deviation, or 1 for a constant column.
    """
    mean, deviation = X.mean(axis=-2), X.std(axis=-2)
    is_constant = (X.max(axis=-2) == X.min(axis=-2)) | (deviation == 0)
    return np.where(is_constant, X[..., 0, :], mean), np.where(is_constant, 1.0, deviation)


def _raw(table: Table) -> dict[str, np.ndarray]:
    """What the digest of the data covers: the numbers, and the names of classes and features."""
    names = canonical([table.classes, table.feature_names]).encode()
    return {"X": table.X, "y": table.y, "names": np.frombuffer(names, np.uint8)}


def _shape(table: Table, rows: Indices) -> DataShape:
    outputs = outputs_of(table.task, table.classes)
    sizes = {part: r.shape[-1] for part, r in rows.items()}
    return DataShape(table.X.shape[1], outputs, task=table.task, **sizes)


def _identity(request: DataRequest) -> dict[str, Any]:
    """What the data are, wherever their files lie."""
    if not is_file(request.data):
        return request.data
    try:
        return {**without_paths(request.data), "contents": contents(request.data)}
    except ValueError as error:
        raise UserError(f"{request.place}: data: {error}") from None


def _origin(request: DataRequest, whole: bool) -> str:
    """Everything that the prepared arrays are a function of, in one spelling.

    The kernels in effect belong to it: a sine differs between them in its last bit.
    """
    state = numerics.effective()
    return canonical(
        {
            "data": _identity(request),
            "split": request.split.model_dump(exclude_none=True),
            "folds": request.folds,
            "dtype": request.dtype,
            "preparation": PREPARATION,
            "versions": {name: metadata.version(name) for name in ("numpy", "scikit-learn")},
            "kernels": [state["libc"], os.environ.get("GLIBC_TUNABLES", ""), state["cpu_targets"]],
            **({"whole": True} if whole else {}),
        }
    )


def _look_up(origin: str, store: ArrayStore) -> Prepared | None:
    """What the index says was made of this, if the arrays are there and whole."""
    path = store.root / INDEX / f"{_sha256(origin)}.json"
    try:
        entry = json.loads(path.read_bytes())
        if entry["origin"] != origin or entry["sha256"] != _sha256(canonical(entry["prepared"])):
            return None
        prepared = Prepared.from_dict(entry["prepared"])
        store.open(prepared.key)
        store.open(prepared.test_key)
    except (FileNotFoundError, ValueError, KeyError, TypeError, DamagedArrays):
        return None  # not prepared yet, or damaged: then it is prepared again
    return prepared


def _enter(origin: str, prepared: Prepared, store: ArrayStore) -> Prepared:
    document = prepared.as_dict()
    entry = {"origin": origin, "prepared": document, "sha256": _sha256(canonical(document))}
    folder = store.root / INDEX
    folder.mkdir(parents=True, exist_ok=True)
    new = folder / f".new-{os.getpid()}"
    new.write_text(json.dumps(entry))
    new.replace(folder / f"{_sha256(origin)}.json")  # whole or not at all
    return prepared


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
