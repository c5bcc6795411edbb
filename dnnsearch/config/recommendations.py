"""What suits a table: how to split it, how many seeds or folds, how long to train, what to measure.

Rules of thumb by its size, its classes and its task; whoever drafts a config says them in YAML.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dnnsearch.data.file_table import FileTable

RARE = 0.2  # of the examples; and, of many classes that are all small:
UNFAIR = 0.8  # of what each would have if all had the same
FEW = 10  # examples of a class, in dev or in test, say little of it
FEW_ROWS = 5000  # to train on: with fewer, all rows choose, by cross-validation
FOLDS = 5
FULL = 20  # rows in a fold, or the mean of the folds is that of the oddest
BATCHES = (  # for at least so many rows to train on
    (20_000, "[64, 128]"),
    (1000, "[32, 64, 128]"),
    (300, "[16, 32, 64]"),
    (50, "[8, 16, full]"),
    (0, "full"),
)


@dataclass(frozen=True)
class Recommendation:
    """What suits a table of this size."""

    dev: float
    test: float
    trials: int
    replicates: int
    pruner: str
    batches: str
    iterations: tuple[int, int]
    units: int  # at most


def recommend(table: FileTable) -> Recommendation:
    """A larger dev set and more seeds for few rows, fewer and shorter trials for many numbers.

    The seeds are for where there are no folds.
    """
    rows, features = len(table.target.y), len(table.roles)
    dev = 0.25 if rows < 500 else 0.2 if rows < 20_000 else 0.1
    test = 0.2 if rows < 20_000 else 0.1
    train = rows * (1 - dev - (0 if table.test else test))
    is_large = _is_large(train, features)
    longest = _between(train, 600, 10_000) if is_large else _between(8 * train, 2000, 10_000)
    return Recommendation(
        dev=dev,
        test=test,
        trials=20 if is_large else 40,
        replicates=5 if train < 1000 else 3 if train < 5000 else 1,
        pruner="median" if is_large else "none",
        batches=next(text for least, text in BATCHES if train >= least),
        iterations=(_between(train / 16, 50, 2000), longest),
        units=128 if features < 100 else 256,
    )


def _is_large(train: float, features: int) -> bool:
    return train * max(features, 20) > 5e6


def _between(number: float, low: int, high: int) -> int:
    """With one significant digit."""
    number = min(max(number, low), high)
    digit = 10 ** (len(str(int(number))) - 1)
    return int(round(number / digit) * digit)


def advised_folds(table: FileTable, split: Mapping[str, Any]) -> int | None:
    """Of a cross-validation where rows are few; None where a fold would have too few of them."""
    if split.get("by") or split.get("order"):
        return None
    test = 0 if table.test else split["test"]
    pool = len(table.target.y) * (1 - test)
    train = pool - len(table.target.y) * split["dev"]
    rarest = min(table.target.counts.values(), default=len(table.target.y)) * (1 - test)
    is_small = train < FEW_ROWS and not _is_large(train, len(table.roles))
    is_enough = pool >= FOLDS * FULL and rarest >= FOLDS + 1  # the share of test is rounded
    return FOLDS if is_small and is_enough else None


def is_imbalanced(table: FileTable) -> bool:
    """Whether a class is so rare that accuracy would hardly notice it."""
    counts = list(table.target.counts.values())
    return bool(counts) and min(counts) < sum(counts) * min(RARE, UNFAIR / len(counts))


def objective(table: FileTable) -> tuple[str, str]:
    """The metric, and why."""
    if table.task == "regression":
        return "dev_r2", "the share of the target's variance that is explained"
    if is_imbalanced(table):
        name, count = min(table.target.counts.items(), key=lambda item: item[1])
        share = f"{in_a_line(name)} is {100 * count / len(table.target.y):.1f} %"
        return "dev_balanced_accuracy", f"{share}: accuracy would ignore it"
    return "dev_accuracy", "the share of dev rows that are told rightly"


def rare_class_warning(table: FileTable, split: Mapping[str, Any], folds: int | None) -> str:
    """What to know where dev or test has only a handful of the rarest class; empty: no need."""
    if not table.target.counts:
        return ""
    name, count = min(table.target.counts.items(), key=lambda item: item[1])
    dev, test = round(count * split["dev"]), round(count * split["test"])
    if table.test:
        test = int((table.test[1] == table.target.classes.index(name)).sum())
    part = "dev"
    if folds:
        part, dev = "the folds", count - (0 if table.test else test)
    if min(dev, test) >= FEW:
        return ""
    where = f"about {dev} in {part} and {'' if table.test else 'about '}{test} in test"
    return f"{in_a_line(name)} has {count} rows, {where}: what is measured of it is rough"


def in_a_line(text: object) -> str:
    """Text that fits into a comment."""
    line = " ".join(str(text).split())
    line = "".join(character if character.isprintable() else "." for character in line)
    return line if len(line) <= 120 else line[:117] + "..."
