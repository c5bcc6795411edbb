"""Does a search win on tables that its defaults were not learnt from?

Question:    are the models of `new`, `search` and `promote` as drafted, and of trial 0 alone,
             better on test rows than scikit-learn's network and trees, each by its defaults and
             tuned by Optuna in the wall-clock that ours took, and than RealMLP and TabM (pytabkit)
             by their defaults?
Scientific:  the method
Nuisance:    the split; a table's splits have disjoint test rows (`tables_data.py`)
Fixed:       the tables of --data, its folders classification/ and regression/, whose last column
             is the target; at most --max-rows rows of each; two workers, or two threads; --seconds
             for search and promotion together
Command:     python experiments/tables.py --data FOLDER [--tables N or NAMES] [--splits 2]
             [--seconds 120] [--peers NAME ...] [--bench-python PATH] [--out tables.jsonl]
             RealMLP and TabM run with --bench-python, an interpreter that has pytabkit (the extra
             `bench`). A method on a split is one line of --out, written when it is known: the same
             command goes on after an interruption, and two commands may share a file.
             python experiments/tables.py --report [--out tables.jsonl] writes the result
Result:      experiments/tables.md. Log loss is compared for classes, RMSE for numbers; a table
             counts as half a win if the 95 % interval of the paired difference, over the test rows
             of its splits, has 0. A method that fails is the last one
"""

import argparse
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import StandardScaler

from experiments import (
    bench_python,
    report,
    tables_ours,
    tables_peer,
    tables_report,
    tables_sklearn,
)
from experiments.machine import machine
from experiments.tables_data import (
    MAX_ROWS,
    Split,
    Table,
    chosen_files,
    figures,
    load,
    losses,
    split,
)
from experiments.tables_report import OURS, TRIAL_0

PYTABKIT_SECONDS = 1800  # a longer fit is a failure

Row = dict[str, Any]
Answers = tuple[np.ndarray, dict[str, Any]]


class Job(NamedTuple):
    """A split, and what a method may use there."""

    split: Split
    options: argparse.Namespace
    budget: float  # seconds that ours took, for those that are tuned

    @property
    def starts(self) -> list[Mapping[str, Any]] | None:
        return tables_ours.starts_for(self.options.portfolio, self.split.table.name)


def _ours(job: Job) -> Answers:
    seconds, share = job.options.seconds, job.options.search_share
    return tables_ours.promoted(job.split, seconds, share, job.starts)


def _default(name: str) -> Callable[[Job], Answers]:
    return lambda job: (tables_sklearn.fitted(job.split, name), {})


def _tuned(name: str) -> Callable[[Job], Answers]:
    return lambda job: tables_sklearn.tuned(job.split, name, job.budget)


def _pytabkit(name: str) -> Callable[[Job], Answers]:
    return lambda job: pytabkit(job.split, name, job.options.bench_python)


PEERS: dict[str, Callable[[Job], Answers]] = {
    "trees": _default("trees"),
    "MLP": _default("MLP"),
    **{name: _pytabkit(name) for name in tables_peer.METHODS},
    "tuned trees": _tuned("trees"),
    "tuned MLP": _tuned("MLP"),
}
METHODS: dict[str, Callable[[Job], Answers]] = {
    OURS: _ours,
    TRIAL_0: lambda job: tables_ours.trial_0(job.split, job.starts),
    **PEERS,
}


def pytabkit(split: Split, name: str, python: Path) -> Answers:
    """Return the answers of a network of pytabkit, whose numbers are standardised, without gaps.

    TabM's quantile transformation adds noise of 0.001 / deviation, which hides small numbers.
    """
    with tempfile.TemporaryDirectory(prefix="tables-") as folder:
        X, y = split.rows(split.train)
        X_test, _ = split.rows(split.test)
        categories = np.array([column in split.table.categories for column in X])
        for column in split.table.categories:
            X[column], X_test[column] = X[column].cat.codes, X_test[column].cat.codes
        fill = SimpleImputer(strategy="median", keep_empty_features=True).fit(X)
        filled, filled_test = fill.transform(X), fill.transform(X_test)
        if not categories.all():
            scaler = StandardScaler().fit(filled[:, ~categories])
            for rows in (filled, filled_test):
                rows[:, ~categories] = scaler.transform(rows[:, ~categories])
        np.savez(
            Path(folder, "rows.npz"),
            X=filled,
            X_test=filled_test,
            y=y,
            categories=categories,
            is_numbers=split.table.kind == "numbers",
        )
        command = [str(python), tables_peer.__file__, name, folder]
        subprocess.run(
            command, check=True, cwd=folder, capture_output=True, timeout=PYTABKIT_SECONDS
        )
        found = np.load(Path(folder, "answers.npz"))
        return found["answers"], {"seconds": float(found["seconds"])}


def measure(job: Job, method: str) -> Row:
    """Return the row of a method on a split; an `error` in place of figures if it fails."""
    table = job.split.table
    row: Row = {"table": table.name, "kind": table.kind, "split": job.split.number}
    row |= {"method": method, "rows": len(table.X), "columns": table.X.shape[1]}
    began = time.monotonic()
    try:
        answers, took = METHODS[method](job)
        row |= {"seconds": time.monotonic() - began, **figures(job.split, answers), **took}
        row["losses"] = [float(f"{loss:.5g}") for loss in losses(job.split, answers)]
    except Exception as error:  # of any package; the row says so, and the others go on
        told = (getattr(error, "stderr", b"") or b"").decode(errors="replace")
        told = told or f"{type(error).__name__}: {error}"
        row |= {"seconds": time.monotonic() - began, "error": told[-500:]}
    row["machine"] = machine()
    return row


def measure_split(
    split: Split, options: argparse.Namespace, known: Mapping[Any, Mapping[str, Any]]
) -> None:
    """Write the rows that a split lacks."""
    budget = float(options.seconds)
    for method in options.methods:
        key = split.table.name, split.number, method
        row = known.get(key)
        if row is None or method in options.again:
            row = measure(Job(split, options, budget), method)
            tables_report.append(options.out, row)
            print(*key, tables_report.in_words(row), flush=True)
        if method == OURS and "error" not in row:
            budget = row["seconds"]


def chosen_methods(options: argparse.Namespace) -> list[str]:
    """Return the methods to measure; without those of pytabkit, with a line, if it is not there."""
    asked = [name for name in METHODS if name in {OURS, TRIAL_0, *options.peers}]
    of_pytabkit = [name for name in asked if name in tables_peer.METHODS]
    if not of_pytabkit or bench_python.has(options.bench_python, "pytabkit"):
        return asked
    names = " and ".join(of_pytabkit)
    print(f"{names} are left out: --bench-python {options.bench_python} has no pytabkit")
    return [name for name in asked if name not in of_pytabkit]


def main(given: Sequence[str] | None = None) -> None:
    """Measure what --out lacks, or write the report."""
    options = _arguments(given)
    options.out = options.out.resolve()
    if options.report:
        paragraphs = tables_report.paragraphs(tables_report.read(options.out))
        report.write(options.markdown, __doc__ or "", *paragraphs)
        return
    options.methods = chosen_methods(options)
    tables: dict[str, Table] = {}
    for number in range(options.splits):  # a first split of every table, then the second
        for name, path in chosen_files(options.data, options.tables).items():
            if name not in tables:
                tables[name] = load(path, options.max_rows)
            known = tables_report.read(options.out)
            measure_split(split(tables[name], number), options, known)


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    program = Path(__file__)
    parser.add_argument("--data", type=lambda path: Path(path).resolve(), metavar="FOLDER")
    parser.add_argument("--tables", nargs="+", metavar="NAME", help="their names, or a number")
    parser.add_argument("--splits", type=int, default=2)
    parser.add_argument("--seconds", type=int, default=120, help="of search and promotion")
    share = tables_ours.SEARCH_SHARE
    parser.add_argument("--search-share", type=float, default=share, help="of the seconds")
    parser.add_argument("--max-rows", type=int, default=MAX_ROWS)
    parser.add_argument("--peers", nargs="*", choices=list(PEERS), default=list(PEERS))
    bench_python.add_option(parser)
    parser.add_argument(
        "--portfolio",
        metavar="FILE",
        help="JSON list for try_first; {table} in the name stands for the table that is judged",
    )
    parser.add_argument(
        "--again", nargs="+", choices=list(METHODS), default=[], help="measure these once more"
    )
    parser.add_argument("--out", type=Path, default=program.with_suffix(".jsonl"), metavar="FILE")
    parser.add_argument("--report", action="store_true", help="write the report of --out")
    parser.add_argument("--markdown", type=Path, default=program.with_suffix(".md"), metavar="FILE")
    options = parser.parse_args(given)
    if not options.report and options.data is None:
        parser.error("--data is required")
    return options


if __name__ == "__main__":
    main()
