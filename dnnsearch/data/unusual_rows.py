"""Rows to be predicted that are unlike those of train: how many, in which columns.

It counts values that training did not know and gaps that it hardly had: a sign that the table was
written in another way. Parts of a table are counted together.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

MIN_ROWS = 20  # of a table, or a share says nothing
MIN_SHARE = 0.05  # of the rows
TIMES_TRAIN = 5  # how much larger than in train the share must be
Shares = Mapping[str, tuple[float, float]]  # column -> share of other levels, and of gaps


@dataclass
class RowWatch:
    """The counts of one table; columns in `imputed` lack as a whole, which the user knows."""

    imputed: frozenset[str] = frozenset()
    rows: int = 0
    counts: Counter[tuple[str, int]] = field(default_factory=Counter)
    seen: dict[str, tuple[float, float]] = field(default_factory=dict)

    def add(self, rows: int, shares: Shares, seen: Shares) -> None:
        """Count a part of the table; `seen` are the shares that train had."""
        self.rows += rows
        self.seen |= seen
        for name, both in shares.items():
            for kind, share in enumerate(both):
                self.counts[name, kind] += round(share * rows)

    def lines(self) -> list[str]:
        """Return a line for each column of which many more rows are unusual than in train."""
        return [
            self._line(name, kind, count)
            for (name, kind), count in self.counts.items()
            if self._is_unusual(name, kind, count)
        ]

    def _is_unusual(self, name: str, kind: int, count: int) -> bool:
        if self.rows < MIN_ROWS or name not in self.seen or name in self.imputed:
            return False
        return count / self.rows > max(MIN_SHARE, TIMES_TRAIN * self.seen[name][kind])

    def _line(self, name: str, kind: int, count: int) -> str:
        what = ("has a value that training did not know", "is missing")[kind]
        share = 100 * self.seen[name][kind]
        return (
            f"{name!r} {what} in {count} of {self.rows} rows ({100 * count / self.rows:.0f} %), in "
            f"training in {share:.2g} %: is it written as the training's table was?"
        )
