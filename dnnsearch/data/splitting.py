"""Which rows train, which choose among trials (dev), and which are kept for the end (test).

`draw` chooses the way: by class for a classification, at random for a regression, by group or by
time if the config names a column. scikit-learn draws, from the seed in the config. This module
knows rows, targets and one column to split by, not the features.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from dnnsearch.data.split_config import Split
from dnnsearch.data.stratification import CUT_ORDER, by_class, check_classes, check_counts
from dnnsearch.data.stratification import Indices as Indices  # for all that splits

if TYPE_CHECKING:
    import pandas as pd

MIN_ROWS_PER_PART = 2  # of a regression, or of a split by group or time


def draw(
    y: np.ndarray,
    classes: Sequence[str],
    split: Split,
    folds: int | None,
    by: "pd.Series | None" = None,
    has_test: bool = False,
) -> Indices:
    """Return the rows of train and dev and, unless `has_test`, of test.

    y: (m,), indices into `classes`, or the values of a regression, which has no classes. With
    `folds`, train and dev are (folds, m_part). `by` is the column that the split goes by. With
    `has_test` the test rows are a file of their own, and the returned `test` is empty or absent.
    Raise ValueError, with the rule and the value, if the rows cannot be split so.
    """
    if split.outer_fold:
        return _with_outer_fold(y, classes, split, folds, by, has_test)
    shares = {"dev": split.dev} if has_test else {"dev": split.dev, "test": split.test}
    if by is not None and split.order == "time":
        rows = by_time(times_of(by), shares)
    elif by is not None:
        rows = by_group(by.factorize()[0], shares, split.seed)
    elif not classes:
        rows = drawn(len(y), shares, split.seed)
    else:
        rows = by_class(y, classes, split, folds, has_test)
    if classes:
        check_classes(y, classes, rows)
    if folds is None:
        return rows
    if by is not None:
        raise ValueError("folds are drawn row by row: they cannot be combined with split.by")
    if not classes:
        return _regression_folds(y, rows, folds, split.seed)
    return stratified_folds(y, classes, rows, folds, split.seed)


def _with_outer_fold(
    y: np.ndarray,
    classes: Sequence[str],
    split: Split,
    folds: int | None,
    by: "pd.Series | None",
    has_test: bool,
) -> Indices:
    """Return the parts with the outer fold as test; train and dev are drawn from the other rows."""
    if has_test:
        raise ValueError("outer_fold cannot be combined with a test file: choose one of them")
    place, count = (int(number) for number in str(split.outer_fold).split("/"))
    test = outer_folds(y, classes, count, split.seed, by)[place - 1]
    rest = np.setdiff1d(np.arange(len(y)), test)
    inner_by = None if by is None else by.iloc[rest]
    parts = draw(y[rest], classes, split.inside_outer_fold(), folds, inner_by, has_test=True)
    return {"train": rest[parts["train"]], "dev": rest[parts["dev"]], "test": test}


def outer_folds(
    y: np.ndarray, classes: Sequence[str], count: int, seed: int, by: "pd.Series | None" = None
) -> list[np.ndarray]:
    """Return the rows of each of `count` parts, ascending; each row is in one of them.

    They are drawn by class, or at random in a regression; rows of a group of `by` stay together.
    Raise ValueError for fewer rows or groups than two parts each need.
    """
    random = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(count, count)))
    units = np.arange(len(y)) if by is None else np.asarray(by.factorize()[0])
    known = np.unique(units)
    if len(known) < MIN_ROWS_PER_PART * count:
        what = "rows" if by is None else "groups"
        rule = f"{count} outer folds need {MIN_ROWS_PER_PART * count} {what}"
        raise ValueError(f"{rule}, but got {len(known)}")
    order = random.permutation(known)
    if classes and by is None:
        order = order[np.argsort(y[order], kind="stable")]  # class after class, dealt in turn
    dealt = [order[k::count] for k in range(count)]
    return [np.flatnonzero(np.isin(units, these)) for these in dealt]


# ---- At random, by group, by time


def drawn(m: int, shares: Mapping[str, float], seed: int) -> Indices:
    """Return rows 0 to m - 1 in a random order, cut by the shares of dev and test."""
    order = np.random.default_rng(seed).permutation(m)
    sizes = {part: round(share * m) for part, share in shares.items()}
    return _checked(_cut(order, sizes), m)


def by_group(groups: np.ndarray, shares: Mapping[str, float], seed: int) -> Indices:
    """Return whole groups, drawn by scikit-learn: no group is in two parts.

    groups: (m,), a number for each row. The shares are those of the groups, not of the rows. Raise
    ValueError for fewer groups than needed.
    """
    from sklearn.model_selection import GroupShuffleSplit

    count = len(np.unique(groups))
    if count < 2 + len(shares):
        raise ValueError(f"a split by groups needs {2 + len(shares)} groups, but got {count}")
    rest, parts = np.arange(len(groups)), {}
    for part in CUT_ORDER:
        parts[part] = np.arange(0)
        if part in shares:
            size = max(round(shares[part] * count), 1)
            cut = GroupShuffleSplit(1, test_size=size, random_state=seed)
            left, taken = next(cut.split(rest, groups=groups[rest]))
            parts[part], rest = rest[taken], rest[left]
    return _checked({**parts, "train": rest}, len(groups))


def own_groups(column: "pd.Series") -> "pd.Series":
    """Return the column with numbers of groups; each row without a group has one of its own.

    Raise ValueError if no row has a group.
    """
    import pandas as pd

    if column.isna().all():
        raise ValueError(f"the split is by {column.name!r}, and it has no values")
    groups = np.array(column.factorize()[0])
    gaps = np.flatnonzero(groups < 0)
    groups[gaps] = groups.max() + 1 + np.arange(len(gaps))
    return pd.Series(groups, index=column.index, name=column.name)


def by_time(times: np.ndarray, shares: Mapping[str, float]) -> Indices:
    """Return the latest rows as test, those before as dev, the earliest as train.

    times: (m,). Rows of the same time stay together, so that a part may be larger than its share.
    """
    order = np.argsort(times, kind="stable")
    ordered = times[order]
    sizes, end = {}, len(order)
    for part in CUT_ORDER:
        size = round(shares.get(part, 0) * len(order))
        first = end - size
        while 0 < first < end and ordered[first] == ordered[first - 1]:
            first -= 1
        sizes[part], end = end - first, first
    return _checked(_cut(order, sizes), len(times))


def times_of(column: "pd.Series") -> np.ndarray:
    """Return numbers (m,) as they are, dates as nanoseconds.

    Raise ValueError if a row has no value, or if the text is not dates of one format.
    """
    import pandas as pd

    from dnnsearch.data.files.sheet import dates

    if column.isna().any():
        raise ValueError(f"the split is by {column.name!r}, and {column.isna().sum()} rows lack it")
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.to_numpy(np.float64)
    found = dates(column)
    if found is None:
        alone = (value for value in column if dates(pd.Series([value])) is None)
        example = next(alone, column.iloc[0])
        rule = "must be numbers or dates, all such as 2024-01-31 or all such as 31.01.2024"
        raise ValueError(f"to order by {column.name!r}, it {rule}, but has {example!r}")
    return np.asarray(found.dt.tz_localize(None), "datetime64[ns]").astype(np.int64)


def _cut(order: np.ndarray, sizes: Mapping[str, int]) -> Indices:
    """Return the last rows of an order as test, those before as dev, the first as train."""
    parts, end = {}, len(order)
    for part in CUT_ORDER:
        size = sizes.get(part, 0)
        parts[part] = np.sort(order[end - size : end])
        end -= size
    parts["train"] = np.sort(order[:end])
    return parts


def _checked(rows: Indices, m: int) -> Indices:
    for part, these in rows.items():
        if len(these) < MIN_ROWS_PER_PART and not (part == "test" and len(these) == 0):
            raise ValueError(
                f"{part} needs {MIN_ROWS_PER_PART} examples, but gets {len(these)} of {m}"
            )
    return rows


# ---- Folds, and train and dev joined


def stratified_folds(
    y: np.ndarray, classes: Sequence[str], rows: Indices, folds: int, seed: int
) -> Indices:
    """Return `rows` with train and dev joined and cut into `folds` folds: both (folds, m_part).

    Each fold is the dev set once. So that all folds have one size, the left-over examples, fewer
    than `folds` and each of the class that is then the most frequent, train in every fold. Raise
    ValueError if a class has fewer examples than there are folds.
    """
    from sklearn.model_selection import StratifiedKFold

    pool = _pool(rows)
    check_counts(y[pool], classes, least=folds, part=f" of train and dev for {folds} folds")
    order = _shuffled(pool, folds, seed)
    even = np.setdiff1d(pool, left_over(y, order, len(pool) % folds))
    cut = StratifiedKFold(folds, shuffle=True, random_state=seed).split(even, y[even])
    return _folded(rows, pool, [even[dev] for _, dev in cut])


def left_over(y: np.ndarray, order: np.ndarray, count: int) -> list[int]:
    """Return `count` examples, the first in this order, each of the most frequent class left."""
    remaining, left = order.tolist(), []
    for _ in range(count):
        most_frequent = np.bincount(y[remaining]).argmax()
        left.append(next(i for i in remaining if y[i] == most_frequent))
        remaining.remove(left[-1])
    return left


def drawn_folds(rows: Indices, folds: int, seed: int) -> Indices:
    """Return random folds, as `stratified_folds` does without classes.

    Raise ValueError for fewer than two rows in a fold.
    """
    pool = _pool(rows)
    if len(pool) < 2 * folds:
        raise ValueError(f"{folds} folds need at least {2 * folds} rows, but got {len(pool)}")
    order = _shuffled(pool, folds, seed)
    return _folded(rows, pool, np.split(order[len(pool) % folds :], folds))


def _regression_folds(y: np.ndarray, rows: Indices, folds: int, seed: int) -> Indices:
    """Return random folds; raise ValueError if the target is constant in one of them."""
    cut = drawn_folds(rows, folds, seed)
    for fold, values in enumerate(y[cut["dev"]]):
        if values.min() == values.max():
            rule = "each fold must have two values of the target"
            raise ValueError(f"{rule}, but fold {fold} of {folds} has only {values[0]:g}")
    return cut


def _pool(rows: Indices) -> np.ndarray:
    return np.sort(np.concatenate([rows["train"], rows["dev"]]))


def _shuffled(pool: np.ndarray, folds: int, seed: int) -> np.ndarray:
    sequence = np.random.SeedSequence(seed, spawn_key=(folds,))
    return np.random.default_rng(sequence).permutation(pool)


def _folded(rows: Indices, pool: np.ndarray, devs: Sequence[np.ndarray]) -> Indices:
    """Return `rows` with each of `devs` as dev once, and the rest of the pool as its train."""
    trains = np.stack([np.setdiff1d(pool, dev) for dev in devs])
    return {**rows, "train": trains, "dev": np.sort(np.stack(devs), axis=1)}


def joined(rows: Indices) -> Indices:
    """Return `rows` with train and dev together as train; dev stays (the first fold's, if any)."""
    pool = np.unique(np.concatenate([rows["train"].ravel(), rows["dev"].ravel()]))
    return {**rows, "train": pool, "dev": np.atleast_2d(rows["dev"])[0]}
