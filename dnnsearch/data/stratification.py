"""The rows of train, dev and test drawn by class, so that every part has about the same shares.

scikit-learn draws. This module knows classes, and what can be advised about rare ones.
"""

from collections.abc import Sequence

import numpy as np

from dnnsearch.data.labels import rare_advice
from dnnsearch.data.split_config import Split

Indices = dict[str, np.ndarray]  # "train", "dev", "test" -> rows (..., m_part) int64, ascending

CUT_ORDER = ("test", "dev")  # test is drawn first, then dev; the rest trains
MIN_ROWS_FOR_ALL_PARTS = 4  # of a class: fewer may be in one part only


def by_class(
    y: np.ndarray, classes: Sequence[str], split: Split, folds: int | None, has_test: bool
) -> Indices:
    """Return the parts by class. Raise ValueError, with what can be done, for a rare class.

    With folds, classes that are too rare for it are left to train, which the folds share with dev.
    """

    def drawn(y: np.ndarray, classes: Sequence[str]) -> Indices:
        if has_test:
            return stratified_without_test(y, classes, split.dev, split.seed)
        return stratified(y, classes, split.dev, split.test, split.seed)

    counts = np.bincount(y, minlength=len(classes))
    rare = [i for i, count in enumerate(counts) if 0 < count < MIN_ROWS_FOR_ALL_PARTS]
    try:
        return drawn(y, classes)
    except ValueError:
        if not rare:
            raise
    names = {name: int(count) for name, count in zip(classes, counts)}
    few = [classes[i] for i in rare]
    if not folds or len(classes) - len(rare) < 2 or min(names[name] for name in few) < 2:
        has = ", ".join(f"{name!r} has {names[name]}" for name in few)
        rule = f"a class needs {MIN_ROWS_FOR_ALL_PARTS} examples to be in every part, but {has}"
        raise ValueError(f"{rule}: {rare_advice(names, few, min(counts[rare]) >= 2)}")
    common = np.flatnonzero(~np.isin(y, rare))
    kept, codes = np.unique(y[common], return_inverse=True)
    rows = drawn(codes, [classes[i] for i in kept])
    parts = {part: common[these] for part, these in rows.items()}
    return {**parts, "train": np.sort(np.append(parts["train"], np.flatnonzero(np.isin(y, rare))))}


def stratified(
    y: np.ndarray, classes: Sequence[str], dev: float, test: float, seed: int
) -> Indices:
    """Return shares `dev` and `test` of the rows, rounded; the rest trains.

    Every part has about the same share of each class. y: (m,) int64 indices into `classes`. Raise
    ValueError if a class is missing or too rare, or a part too small to have every class.
    """
    from sklearn.model_selection import train_test_split

    sizes = {"dev": round(dev * len(y)), "test": round(test * len(y))}
    check_counts(y, classes)
    _check_sizes({"train": len(y) - sum(sizes.values()), **sizes}, len(classes))
    rest, parts = np.arange(len(y)), {}
    for part in CUT_ORDER:
        try:
            rest, taken = train_test_split(
                rest, test_size=sizes[part], stratify=y[rest], random_state=seed
            )
        except ValueError as error:  # scikit-learn names the class that is too rare for this part
            raise ValueError(f"cannot draw a stratified {part} set: {error}") from None
        parts[part] = np.sort(taken)
    parts["train"] = np.sort(rest)
    check_counts(y[parts["train"]], classes, least=1, part=" of train")
    return parts


def stratified_without_test(
    y: np.ndarray, classes: Sequence[str], dev: float, seed: int
) -> Indices:
    """Return train and dev by class, for a test set that is a file of its own."""
    rows = stratified(y, classes, dev / 2, dev / 2, seed)
    return {"train": rows["train"], "dev": np.sort(np.concatenate([rows["dev"], rows["test"]]))}


def check_counts(y: np.ndarray, classes: Sequence[str], least: int = 2, part: str = "") -> None:
    """Raise ValueError if there are fewer than 2 classes, or one with too few examples."""
    if len(classes) < 2:
        raise ValueError(f"a classification needs 2 classes, but got {len(classes)}")
    for name, count in zip(classes, np.bincount(y, minlength=len(classes))):
        if count < least:
            needs = f"every class needs at least {least} examples{part}"
            raise ValueError(f"{needs}, but class {name!r} has {count}")


def _check_sizes(sizes: dict[str, int], classes: int) -> None:
    for part, size in sizes.items():
        if size < classes:
            needs = f"{part} needs at least as many examples as there are classes"
            raise ValueError(f"{needs}, but got {size} examples for {classes} classes")


def check_classes(y: np.ndarray, classes: Sequence[str], rows: Indices) -> None:
    """Raise ValueError if train lacks a class, which then could not be learnt."""
    there = np.unique(y[rows["train"]])
    lacking = [name for i, name in enumerate(classes) if i not in there]
    if lacking:
        raise ValueError(f"train must have every class, but this split leaves it no {lacking[0]!r}")
