"""The differences of two configurations, and the configurations in between.

A change is one hyperparameter, or several that mean nothing without each other.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from dnnsearch.trials.hyperparameters import Hyperparameters

# If the first of a row differs, the others change with it: a rate suits one rule of descent.
TOGETHER = (
    ("descent", "learning_rate", "momentum", "beta2", "weight_decay"),
    ("codes", "edges"),
    ("checkpoint", "patience"),
)


@dataclass(frozen=True)
class Change:
    """Hyperparameters that change together; `old` and `new` have a value for each name."""

    names: tuple[str, ...]
    old: tuple[Any, ...]
    new: tuple[Any, ...]

    def __str__(self) -> str:
        """Return text such as `units 64-32 to 100`, with all hyperparameters that change."""
        pairs = zip(self.names, self.old, self.new, strict=True)
        return ", ".join(f"{name} {_shown(a)} to {_shown(b)}" for name, a, b in pairs)

    def made(self, before: Hyperparameters) -> Hyperparameters:
        """Return a configuration with this change made."""
        return replace(before, **dict(zip(self.names, self.new, strict=True)))

    def undone(self, after: Hyperparameters) -> Hyperparameters:
        """Return a configuration with this change undone."""
        return replace(after, **dict(zip(self.names, self.old, strict=True)))


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return "-".join(map(str, value)) or "no hidden layer"
    return f"{value:.4g}" if isinstance(value, float) else "none" if value is None else str(value)


def changes(start: Hyperparameters, end: Hyperparameters) -> list[Change]:
    """Return the changes that lead from one configuration to another, in the table's order."""
    names = [one.name for one in fields(Hyperparameters)]
    differ = [name for name in names if getattr(start, name) != getattr(end, name)]
    return [
        Change(
            group,
            tuple(getattr(start, name) for name in group),
            tuple(getattr(end, name) for name in group),
        )
        for group in _groups(differ)
    ]


def _groups(differ: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield the names that differ, those together that change together."""
    left = list(differ)
    for name in differ:
        row = next((row for row in TOGETHER if name in row and row[0] in differ), (name,))
        if group := tuple(one for one in row if one in left):
            yield group
            left = [one for one in left if one not in group]


def along(start: Hyperparameters, steps: Sequence[Change]) -> list[Hyperparameters]:
    """Return the start, and what it becomes by each of the steps: one more than there are steps."""
    path = [start]
    for change in steps:
        path.append(change.made(path[-1]))
    return path
