"""Splits that a drawing by class would make leak: by group, by time, and those of a regression.

Whoever stands in several rows must not stand in train and in test; what happened later must not
teach what happened before.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from dnnsearch.data.files.sheet import dates
from dnnsearch.data.stratified_split import Indices, stratified

FEWEST = 2  # examples in each part of a regression


def drawn(m: int, shares: Mapping[str, float], seed: int) -> Indices:
    """Rows 0 to m - 1 in a random order, cut by the shares of dev and test."""
    order = np.random.default_rng(seed).permutation(m)
    sizes = {part: round(share * m) for part, share in shares.items()}
    return _checked(_cut(order, sizes), m)


def _cut(order: np.ndarray, sizes: Mapping[str, int]) -> Indices:
    """The last rows of an order are test, those before are dev, the first are train."""
    parts, end = {}, len(order)
    for part in ("test", "dev"):
        size = sizes.get(part, 0)
        parts[part] = np.sort(order[end - size : end])
        end -= size
    parts["train"] = np.sort(order[:end])
    return parts


def _checked(rows: Indices, m: int) -> Indices:
    for part, these in rows.items():
        if len(these) < FEWEST and not (part == "test" and len(these) == 0):
            raise ValueError(f"{part} needs {FEWEST} examples, but gets {len(these)} of {m}")
    return rows


def by_group(groups: np.ndarray, shares: Mapping[str, float], seed: int) -> Indices:
    """Whole groups, drawn by scikit-learn; the shares are those of the groups."""
    from sklearn.model_selection import GroupShuffleSplit

    count = len(np.unique(groups))
    if count < 2 + len(shares):
        raise ValueError(f"a split by groups needs {2 + len(shares)} groups, but got {count}")
    rest, parts = np.arange(len(groups)), {}
    for part in ("test", "dev"):
        parts[part] = np.arange(0)
        if part in shares:
            size = max(round(shares[part] * count), 1)
            draw = GroupShuffleSplit(1, test_size=size, random_state=seed)
            left, taken = next(draw.split(rest, groups=groups[rest]))
            parts[part], rest = rest[taken], rest[left]
    return _checked({**parts, "train": rest}, len(groups))


def by_time(times: np.ndarray, shares: Mapping[str, float]) -> Indices:
    """The latest rows are test, those before are dev; rows of one time stay together.

    A part therefore may be a little larger than its share.
    """
    order = np.argsort(times, kind="stable")
    ordered = times[order]
    sizes, end = {}, len(order)
    for part in ("test", "dev"):
        size = round(shares.get(part, 0) * len(order))
        first = end - size
        while 0 < first < end and ordered[first] == ordered[first - 1]:
            first -= 1
        sizes[part], end = end - first, first
    return _checked(_cut(order, sizes), len(times))


def times_of(column: pd.Series) -> np.ndarray:
    """Numbers as they are, text as dates; ValueError where neither is there in each row."""
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


def check_classes(y: np.ndarray, classes: Sequence[str], rows: Indices) -> None:
    """Raises ValueError where train lacks a class, which then could not be learnt."""
    there = np.unique(y[rows["train"]])
    lacking = [name for i, name in enumerate(classes) if i not in there]
    if lacking:
        raise ValueError(f"train must have every class, but this split leaves it no {lacking[0]!r}")


def stratified_without_test(
    y: np.ndarray, classes: Sequence[str], dev: float, seed: int
) -> Indices:
    """Dev alone is drawn, with equal shares of every class: test is a file of its own."""
    rows = stratified(y, classes, dev / 2, dev / 2, seed)
    return {"train": rows["train"], "dev": np.sort(np.concatenate([rows["dev"], rows["test"]]))}
