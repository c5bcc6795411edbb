"""Which rows are for training, which choose among trials (dev), and which nobody looks at (test).

The split is drawn by scikit-learn, with equal shares of every class, from the seed in the config.
It knows rows and classes, not what stands in them.
"""

from collections.abc import Sequence

import numpy as np

Indices = dict[str, np.ndarray]  # "train", "dev", "test" -> rows (..., m_part) int64, ascending


def stratified(
    y: np.ndarray, classes: Sequence[str], dev: float, test: float, seed: int
) -> Indices:
    """Shares `dev` and `test` of the rows, rounded, and the rest for training.

    y: (m,) int64 indices into `classes`. Raises ValueError, with the rule and the value, where a
    class is missing or too rare, or a part too small to have every class.
    """
    from sklearn.model_selection import train_test_split

    sizes = {"dev": round(dev * len(y)), "test": round(test * len(y))}
    _check_classes(y, classes)
    _check_sizes({"train": len(y) - sum(sizes.values()), **sizes}, len(classes))
    rest, parts = np.arange(len(y)), {}
    for part in ("test", "dev"):
        try:
            rest, drawn = train_test_split(
                rest, test_size=sizes[part], stratify=y[rest], random_state=seed
            )
        except ValueError as error:  # the class that is too rare for this part
            raise ValueError(f"{part} must be a stratified draw, but: {error}") from None
        parts[part] = np.sort(drawn)
    parts["train"] = np.sort(rest)
    _check_classes(y[parts["train"]], classes, least=1, where=" of train")
    return parts


def stratified_folds(
    y: np.ndarray, classes: Sequence[str], rows: Indices, folds: int, seed: int
) -> Indices:
    """`rows` with train and dev put together and cut into `folds` folds: both are (folds, m).

    Each fold is the dev set of one row. So that all are of one size, the left-over examples, fewer
    than `folds` and each of the class that is the most frequent then, are for training in every
    fold. Raises ValueError where a class has fewer examples than there are folds.
    """
    from sklearn.model_selection import StratifiedKFold

    pool = _pool(rows)
    _check_classes(y[pool], classes, least=folds, where=f" of train and dev for {folds} folds")
    order = _shuffled(pool, folds, seed)
    even = np.setdiff1d(pool, _left_over(y, order, len(pool) % folds))
    cut = StratifiedKFold(folds, shuffle=True, random_state=seed).split(even, y[even])
    return _folded(rows, pool, [even[dev] for _, dev in cut])


def _left_over(y: np.ndarray, order: np.ndarray, count: int) -> list[int]:
    """So many of the examples, the first in this order, each of the most frequent class."""
    remaining, left = order.tolist(), []
    for _ in range(count):
        most_frequent = np.bincount(y[remaining]).argmax()
        left.append(next(i for i in remaining if y[i] == most_frequent))
        remaining.remove(left[-1])
    return left


def drawn_folds(rows: Indices, folds: int, seed: int) -> Indices:
    """The same for a target that is a number; ValueError for fewer rows than two in each fold."""
    pool = _pool(rows)
    if len(pool) < 2 * folds:
        raise ValueError(f"{folds} folds need at least {2 * folds} rows, but got {len(pool)}")
    order = _shuffled(pool, folds, seed)
    return _folded(rows, pool, np.split(order[len(pool) % folds :], folds))


def _pool(rows: Indices) -> np.ndarray:
    return np.sort(np.concatenate([rows["train"], rows["dev"]]))


def _shuffled(pool: np.ndarray, folds: int, seed: int) -> np.ndarray:
    sequence = np.random.SeedSequence(seed, spawn_key=(folds,))
    return np.random.default_rng(sequence).permutation(pool)


def _folded(rows: Indices, pool: np.ndarray, devs: Sequence[np.ndarray]) -> Indices:
    """Each fold is the dev set once; all else of the pool trains."""
    trains = np.stack([np.setdiff1d(pool, dev) for dev in devs])
    return {**rows, "train": trains, "dev": np.sort(np.stack(devs), axis=1)}


def joined(rows: Indices) -> Indices:
    """Train and dev together as train; dev stays what it was, of folds the first, and is a part."""
    pool = np.unique(np.concatenate([rows["train"].ravel(), rows["dev"].ravel()]))
    return {**rows, "train": pool, "dev": np.atleast_2d(rows["dev"])[0]}


def _check_classes(y: np.ndarray, classes: Sequence[str], least: int = 2, where: str = "") -> None:
    counts = np.bincount(y, minlength=len(classes))
    if len(classes) < 2:
        raise ValueError(f"a classification needs 2 classes, but got {len(classes)}")
    for name, count in zip(classes, counts):
        if count < least:
            needs = f"every class needs at least {least} examples{where}"
            raise ValueError(f"{needs}, but class {name!r} has {count}")


def _check_sizes(sizes: dict[str, int], classes: int) -> None:
    for part, size in sizes.items():
        if size < classes:
            needs = f"{part} needs at least as many examples as there are classes"
            raise ValueError(f"{needs}, but got {size} examples for {classes} classes")
