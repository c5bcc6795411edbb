"""The report of `tables.py`: ranks, shares of tables, and seconds, beside floors and aims."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from experiments import report

Row = Mapping[str, Any]
Key = tuple[str, int, str]  # table, split, method

OURS, TRIAL_0 = "dnnsearch", "trial 0"
RANKED = (OURS, "tuned trees", "tuned MLP", "trees", "RealMLP", "TabM")
FIGURE = {"classes": "log_loss", "numbers": "rmse"}
RESAMPLES = 10_000
NORMAL = 1.96  # half a 95 % interval, in standard errors


class Goal(NamedTuple):
    """A share of the tables on which ours shall be better than a peer."""

    ours: str
    peer: str
    aim: float
    floor: float | None
    kinds: tuple[str, ...]


BOTH = ("classes", "numbers")
GOALS = (
    Goal(OURS, "tuned trees", 0.65, 0.55, BOTH),
    Goal(OURS, "RealMLP", 0.90, 0.80, ("classes",)),
    Goal(OURS, "RealMLP", 0.60, 0.45, ("numbers",)),
    Goal(TRIAL_0, "MLP", 0.85, None, BOTH),
    Goal(TRIAL_0, "trees", 0.75, 0.65, BOTH),
)
TRIAL_0_SECONDS = 10


def read(path: Path) -> dict[Key, Row]:
    """Return the rows of a file; the last one counts if a method was measured again."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    rows = [json.loads(line) for line in lines if line.endswith("}")]  # a kill may cut a line
    return {(row["table"], row["split"], row["method"]): row for row in rows}


def append(path: Path, row: Row) -> None:
    """Add a row, on a line of its own even if a kill cut the last one."""
    is_cut = path.exists() and not path.read_bytes().endswith(b"\n") and path.stat().st_size
    with path.open("a", encoding="utf-8") as file:
        file.write(("\n" if is_cut else "") + json.dumps(row) + "\n")


def figure(row: Row) -> float:
    """Return log loss or RMSE; infinity if the method failed."""
    return float(row.get(FIGURE[row["kind"]], np.inf))


def in_words(row: Row) -> str:
    if "error" in row:
        return f"failed: {row['error'].strip().splitlines()[-1]}"
    return f"{FIGURE[row['kind']]} {figure(row):.4f}, {row['seconds']:.1f} s"


class Results:
    """The rows by table, split and method."""

    def __init__(self, rows: Mapping[Key, Row]) -> None:
        self.rows = rows
        present = {method for _, _, method in rows}
        self.ranked = [method for method in RANKED if method in present]
        self.methods = [*self.ranked, *sorted(present - set(self.ranked))]

    def tables(self, kind: str, *methods: str) -> dict[str, list[int]]:
        """Return the splits of each table of a kind on which all these methods have a row."""
        found: dict[str, list[int]] = {}
        of_kind = {key[:2] for key, row in self.rows.items() if row["kind"] == kind}
        for table, split in sorted(of_kind):
            if all((table, split, method) in self.rows for method in methods):
                found.setdefault(table, []).append(split)
        return found

    def rankings(self, kind: str) -> list[list[str]]:
        """Return the methods to rank together.

        First come those that every split has, then those that every table has, then all of them.
        """
        every = self.tables(kind)
        found = {method: self.tables(kind, method) for method in self.ranked}
        on_splits = [method for method in self.ranked if found[method] == every]
        on_tables = [method for method in self.ranked if found[method].keys() == every.keys()]
        unlike = {tuple(one): one for one in (on_splits, on_tables, self.ranked)}
        return list(unlike.values())

    def ranks(self, kind: str, methods: Sequence[str]) -> np.ndarray:
        """Return the mean rank of each of the methods on each table that has all of them.

        It is (tables, methods).
        """
        tables = self.tables(kind, *methods)
        each = [
            np.mean([_ranks(self._figures(table, one, methods)) for one in splits], axis=0)
            for table, splits in tables.items()
        ]
        return np.array(each).reshape(len(tables), len(methods))

    def _figures(self, table: str, split: int, methods: Sequence[str]) -> list[float]:
        return [figure(self.rows[table, split, method]) for method in methods]

    def outcomes(self, ours: str, peer: str, kind: str) -> list[float]:
        """Return 1 for each table on which ours is better, 0 for worse, 0.5 if undecided."""
        tables = self.tables(kind, ours, peer)
        return [self._outcome(ours, peer, table, splits) for table, splits in tables.items()]

    def means(self, ours: str, peer: str, kind: str) -> list[float]:
        """Return the outcomes without intervals: those of the mean figures."""
        return [
            float(
                np.mean([figure(self.rows[table, s, ours]) for s in splits])
                < np.mean([figure(self.rows[table, s, peer]) for s in splits])
            )
            for table, splits in self.tables(kind, ours, peer).items()
        ]

    def _outcome(self, ours: str, peer: str, table: str, splits: Sequence[int]) -> float:
        pairs = [(self.rows[table, s, ours], self.rows[table, s, peer]) for s in splits]
        failures = [sum("error" in row for row in rows) for rows in zip(*pairs, strict=True)]
        if any(failures):
            return 0.5 if failures[0] == failures[1] else float(failures[0] < failures[1])
        gains = [np.subtract(b["losses"], a["losses"]) for a, b in pairs]
        return outcome(gains)


def outcome(gains: Sequence[np.ndarray]) -> float:
    """Return 1 or 0 if the 95 % interval of the mean gain is above or below 0, else 0.5.

    There is one array for each split: by how much each of its test rows costs less.
    """
    mean = float(np.mean([one.mean() for one in gains]))
    variances = [one.var(ddof=1) / len(one) for one in gains]
    half = NORMAL * float(np.sum(variances)) ** 0.5 / len(gains)
    return 1.0 if mean - half > 0 else 0.0 if mean + half < 0 else 0.5


def _ranks(figures: Sequence[float]) -> np.ndarray:
    """Return ranks from 1, the smallest figure first; equals share the mean of theirs."""
    all_ = np.array(figures)
    less = (all_[:, None] > all_).sum(axis=1)
    return np.asarray(less + ((all_[:, None] == all_).sum(axis=1) + 1) / 2)


def interval(values: np.ndarray) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of the mean over the tables."""
    drawn = np.random.default_rng(0).integers(0, len(values), (RESAMPLES, len(values)))
    low, high = np.percentile(values[drawn].mean(axis=1), [2.5, 97.5])
    return float(low), float(high)


def paragraphs(rows: Mapping[Key, Row]) -> Iterator[str]:
    if not rows:
        yield "Nothing has been measured."
        return
    results = Results(rows)
    machines = sorted({row["machine"] for row in rows.values()})
    yield "Measured on " + "; ".join(machines) + "."
    for kind in BOTH:
        for methods in results.rankings(kind):
            ranks = results.ranks(kind, methods)
            if len(ranks) and len(methods) > 1:
                yield from _rank_paragraphs(results, kind, methods, ranks)
    yield "Tables on which ours is better than a peer (won / undecided / lost; then the share):"
    yield report.table(GOAL_HEADER, list(_goal_rows(results)))
    yield "Every pair, by kind:"
    yield report.table(PAIR_HEADER, list(_pair_rows(results)))
    yield from _seconds(results)
    yield (
        "The mean figure of each method on each table (log loss, or RMSE), over the splits that "
        "all methods of the table have:"
    )
    yield report.table(["table", *results.methods], list(_table_rows(results)))


def _rank_paragraphs(
    results: Results, kind: str, methods: Sequence[str], ranks: np.ndarray
) -> Iterator[str]:
    every, pairs = len(results.tables(kind)), results.tables(kind, *methods).values()
    yield (
        f"Mean rank by {FIGURE[kind].replace('_', ' ')} on the {len(ranks)} of {every} tables of "
        f"{kind} that have all these methods (splits: {sum(map(len, pairs))}), with 95 % intervals "
        "over tables; aim: ours first."
    )
    rows = []
    order = np.argsort(ranks.mean(axis=0), kind="stable")
    for method, column in zip(np.array(methods)[order], ranks.T[order], strict=True):
        low, high = interval(column)
        rows.append([method, f"{column.mean():.2f}", f"{low:.2f} to {high:.2f}"])
    yield report.table(["method", "mean rank", "95 %"], rows)


GOAL_HEADER = ("ours", "peer", "tables", "", "share", "95 %", "aim", "floor", "verdict")
PAIR_HEADER = ("ours", "peer", "kind", "", "share", "by means alone")


def _goal_rows(results: Results) -> Iterator[list[str]]:
    for goal in GOALS:
        found = [one for kind in goal.kinds for one in results.outcomes(*goal[:2], kind)]
        if not found:
            continue
        share = float(np.mean(found))
        low, high = interval(np.array(found))
        least = goal.aim if goal.floor is None else goal.floor
        verdict = "aim" if share >= goal.aim else "floor" if share >= least else "missed"
        kinds = " and ".join(goal.kinds)
        cells = [goal.ours, goal.peer, kinds, _counts(found), f"{share:.2f}"]
        floor = "-" if goal.floor is None else f"{goal.floor:.2f}"
        yield [*cells, f"{low:.2f} to {high:.2f}", f"{goal.aim:.2f}", floor, verdict]


def _pair_rows(results: Results) -> Iterator[list[str]]:
    for ours in (OURS, TRIAL_0):
        for peer in results.methods:
            for kind in BOTH:
                found = results.outcomes(ours, peer, kind) if peer != ours else []
                if found:
                    means = np.mean(results.means(ours, peer, kind))
                    share = f"{np.mean(found):.2f}"
                    yield [ours, peer, kind, _counts(found), share, f"{means:.2f}"]


def _counts(outcomes: Sequence[float]) -> str:
    return " / ".join(str(sum(one == value for one in outcomes)) for value in (1, 0.5, 0))


def _seconds(results: Results) -> Iterator[str]:
    yield f"Seconds (trial 0 alone: at most {TRIAL_0_SECONDS}, without the start of processes):"
    rows = []
    for method in results.methods:
        mine = [row for key, row in results.rows.items() if key[2] == method]
        took = [row["seconds"] for row in mine]
        cells = [method, f"{np.mean(took):.1f}", f"{np.median(took):.1f}", f"{max(took):.1f}"]
        for name in ("search_seconds", "promote_seconds", "training_seconds", "trials"):
            known = [row[name] for row in mine if name in row]
            cells.append(f"{np.mean(known):.1f} (at most {max(known):.1f})" if known else "-")
        rows.append([*cells, str(sum("error" in row for row in mine))])
    header = ["method", "mean", "median", "longest", "search", "promotion", "training", "trials"]
    yield report.table([*header, "failures"], rows)


def _table_rows(results: Results) -> Iterator[list[str]]:
    for kind in BOTH:
        for table in results.tables(kind, OURS):
            methods = [one for one in results.methods if table in results.tables(kind, one)]
            splits = results.tables(kind, *methods).get(table, [])
            cells = [f"{table} ({kind})"]
            for method in results.methods:
                known = splits if method in methods else []
                mine = [figure(results.rows[table, split, method]) for split in known]
                cells.append(f"{np.mean(mine):.4g}" if mine else "-")
            yield cells
