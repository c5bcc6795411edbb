"""The tables that `tables.py` measures, their splits, and what a test row costs.

A table has at most MAX_ROWS rows, drawn once. The test rows of splits 0 to 3 are disjoint quarters
of it; splits 4 to 7 are the quarters of another permutation, and so on.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.model_selection import KFold, StratifiedKFold

from dnnsearch.data import file_table
from dnnsearch.data.files.read import read

KINDS = {"classification": "classes", "regression": "numbers"}  # folder -> kind of task
MAX_ROWS = 6000
MIN_ROWS_OF_A_CLASS = 8  # rows of rarer classes are left out: some part would have none
PARTS = 4  # a quarter of the rows is the test set
MIN_PROBABILITY = 1e-15
TARGET = "target_of_the_table"


class Table(NamedTuple):
    """Features with float64 and category columns; y (m,) has class numbers or values."""

    name: str
    kind: str  # "classes" or "numbers"
    X: pd.DataFrame
    y: np.ndarray
    classes: tuple[str, ...]

    @property
    def categories(self) -> list[str]:
        return [str(name) for name in self.X if self.X[name].dtype == "category"]


class Split(NamedTuple):
    """The rows of a table, in two parts."""

    table: Table
    number: int
    train: np.ndarray
    test: np.ndarray

    def rows(self, part: np.ndarray) -> tuple[pd.DataFrame, np.ndarray]:
        return self.table.X.iloc[part].reset_index(drop=True), self.table.y[part]

    def write(self, folder: Path) -> None:
        """Write train.csv and test.csv, as a user has them."""
        for name, part in (("train", self.train), ("test", self.test)):
            X, y = self.rows(part)
            labels = np.array(self.table.classes)[y] if self.table.classes else y
            X.assign(**{TARGET: labels}).to_csv(folder / f"{name}.csv", index=False)

    def settings(self) -> dict[str, object]:
        """Return what the file's publisher states and a CSV file cannot: overrides for `new`."""
        task = "regression"
        if self.table.kind == "classes":
            task = "binary" if len(self.table.classes) == 2 else "multiclass"
        columns = dict.fromkeys(self.table.categories, "category")
        return {"data.task": task, **({"data.columns": columns} if columns else {})}


def files(folder: Path) -> dict[str, Path]:
    """Return the tables of a folder by name, classes and numbers alternating."""
    by_kind = [sorted((folder / kind).glob("*.*")) for kind in KINDS]
    rank = {path: i / len(paths) for paths in by_kind for i, path in enumerate(paths)}
    return {path.stem: path for path in sorted(rank, key=lambda path: rank[path])}


def chosen_files(folder: Path, asked: Sequence[str] | None) -> dict[str, Path]:
    """Return the tables of a folder: all, the first N, or those that are named."""
    found = files(folder)
    if not asked:
        return found
    if len(asked) == 1 and asked[0].isdecimal():
        return dict(list(found.items())[: int(asked[0])])
    lacking = set(asked) - set(found)
    if lacking:
        sys.exit(f"--tables: {folder} has no {', '.join(sorted(lacking))}")
    return {name: found[name] for name in asked}


def load(path: Path, max_rows: int = MAX_ROWS) -> Table:
    """Return a table of a file whose last column is the target."""
    kind = KINDS[path.parent.name]
    names = list(read({"file": str(path)}).frame.columns)
    source: dict[str, object] = {"file": str(path), "target": names[-1], "reading": 2}
    source |= {"task": "regression"} if kind == "numbers" else {}
    found = file_table.load_table(source, None)
    rows = np.random.default_rng(0).permutation(len(found.frame))[:max_rows]
    if kind == "classes":
        counts = np.bincount(found.target.y[rows], minlength=len(found.classes))
        rows = rows[counts[found.target.y[rows]] >= MIN_ROWS_OF_A_CLASS]
    X = _frame(found.frame.iloc[rows].reset_index(drop=True), found.roles)
    y, classes = found.target.y[rows], found.classes
    if kind == "classes":
        kept, y = np.unique(y, return_inverse=True)
        classes = tuple(classes[number] for number in kept)
    return Table(path.stem, kind, X, y, classes)


def _frame(frame: pd.DataFrame, roles: Mapping[str, str]) -> pd.DataFrame:
    """Return the used columns; those that are not numbers are categories of text."""
    columns: dict[str, pd.Series[Any]] = {}
    for name, role in roles.items():
        cells = frame[name]
        if role == "category":
            columns[name] = cells.astype(object).map(str, na_action="ignore").astype("category")
        else:
            columns[name] = cells.astype(np.float64)
    return pd.DataFrame(columns)


def split(table: Table, number: int) -> Split:
    """Return a split by its number 0, 1, ...; classes keep their shares."""
    fold = StratifiedKFold if table.kind == "classes" else KFold
    parts = fold(PARTS, shuffle=True, random_state=number // PARTS).split(table.X, table.y)
    train, test = list(parts)[number % PARTS]
    return Split(table, number, train, test)


def losses(split: Split, answers: np.ndarray) -> np.ndarray:
    """Return what each test row costs, (m,): -log of its class's probability, or squared error.

    `answers` are probabilities (m, classes), or values (m,).
    """
    _, y = split.rows(split.test)
    if split.table.kind == "numbers":
        return np.asarray((np.asarray(answers, np.float64) - y) ** 2)
    shares = np.asarray(answers, np.float64)
    shares = shares / shares.sum(axis=1, keepdims=True)
    return np.asarray(-np.log(np.maximum(shares[np.arange(len(y)), y], MIN_PROBABILITY)))


def figures(split: Split, answers: np.ndarray) -> dict[str, float]:
    """Return log loss and accuracy, or RMSE and R2."""
    _, y = split.rows(split.test)
    mean = float(losses(split, answers).mean())
    if split.table.kind == "numbers":
        return {"rmse": mean**0.5, "r2": 1 - mean / float(y.var())}
    return {"log_loss": mean, "accuracy": float((answers.argmax(axis=1) == y).mean())}
