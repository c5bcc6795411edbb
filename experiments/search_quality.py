"""Does a search with a portfolio find sooner what a random search finds?

Question:    after how many trials is the best of a search as `new` drafts it, with its portfolio
             and TPE, as good as the best of 100 trials at random in the same space?
Scientific:  the search: as drafted; TPE alone (`start: none`); or at random
Nuisance:    the table, and the seed of the study and its split
Fixed:       the tables of --data, at most --max-rows rows of each; the space and the trials in
             flight of the draft; one network a trial. The value compared is the objective on dev:
             log loss for classes, R2 for numbers
Command:     python experiments/search_quality.py --data FOLDER [--tables N or NAMES] [--seeds 2]
             [--portfolio FILE] [--out search_quality.jsonl]
             `{table}` in --portfolio stands for the table that is judged, as in `tables.py`. A
             search is one line of --out, written when it is known: the same command goes on after
             an interruption.
             python experiments/search_quality.py --report [--out search_quality.jsonl]
Result:      search_quality.md. A search that never gets there counts as LIMIT + 1 trials
"""

import argparse
import statistics
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import dnnsearch
from experiments import report, tables_report
from experiments.tables_data import chosen_files, files, load, split
from experiments.tables_ours import drafted, folder_of, starts_for

RANDOM, DRAFTED, TPE = "random", "as drafted", "TPE alone"
RANDOM_TRIALS, LIMIT = 100, 40  # trials of a random search, and of the others
FIXED = {"replicates": 1, "tracking": "none", "metrics": []}
AIM, FLOOR = 15, 25  # trials
RESAMPLES = 10_000

Row = Mapping[str, Any]


def searched(options: argparse.Namespace, name: str, seed: int, how: str) -> dict[str, Any]:
    """Return the values of the trials of a search, larger being better, in their order."""
    part = split(load(files(options.data)[name], options.max_rows), seed)
    starts = starts_for(options.portfolio, name)
    given: dict[str, Any] = {**FIXED, "seed": seed, "split.seed": seed}
    if how == RANDOM:
        given |= {"sampler": "random", "start": "none"}
    elif how == TPE:
        given |= {"start": "none"}
    trials = RANDOM_TRIALS if how == RANDOM else LIMIT
    with folder_of(part):
        config = drafted(part, given, starts if how == DRAFTED else None)
        began = time.monotonic()
        study = dnnsearch.search(config, trials=trials, workers=options.workers, quiet=True)
        sign = 1 if part.table.kind == "numbers" else -1
        values = [study[number].value for number in range(trials)]
    return {
        "table": name,
        "kind": part.table.kind,
        "split": seed,
        "method": how,
        "seconds": time.monotonic() - began,
        "values": [None if one is None else float(f"{sign * one:.6g}") for one in values],
    }


def trials_needed(row: Row, random: Row) -> int:
    """Return after how many trials a search is as good as all of a random one."""
    target = max(value for value in random["values"] if value is not None)
    for number, value in enumerate(row["values"]):
        if value is not None and value >= target:
            return number + 1
    return LIMIT + 1


def paragraphs(rows: Iterable[Row]) -> list[str]:
    """Return the result: medians over tables and seeds, by kind of target and together."""
    by_key = {(row["table"], row["split"], row["method"]): row for row in rows}
    lines = []
    for how in (DRAFTED, TPE):
        for kinds in (("classes",), ("numbers",), ("classes", "numbers")):
            needed = [
                trials_needed(row, by_key[table, seed, RANDOM])
                for (table, seed, method), row in by_key.items()
                if method == how and row["kind"] in kinds and (table, seed, RANDOM) in by_key
            ]
            if needed:
                lines.append([how, " and ".join(kinds), *_summary(needed)])
    header = ["search", "target", "searches", "median trials", "95 %", f"within {AIM}"]
    header += [f"within {FLOOR}"]
    aim = f"Aim: a median of {AIM} trials as drafted; floor: {FLOOR}."
    return [report.table(header, lines), aim]


def _summary(needed: Sequence[int]) -> list[str]:
    draws = np.random.default_rng(0).choice(needed, (RESAMPLES, len(needed)))
    low, high = np.quantile(np.median(draws, axis=1), [0.025, 0.975])
    shares = [f"{sum(one <= limit for one in needed) / len(needed):.2f}" for limit in (AIM, FLOOR)]
    return [str(len(needed)), f"{statistics.median(needed):g}", f"{low:g} to {high:g}", *shares]


def main(given: Sequence[str] | None = None) -> None:
    """Run what --out lacks, or write the report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".jsonl"))
    parser.add_argument("--data", type=lambda path: Path(path).resolve(), metavar="FOLDER")
    parser.add_argument("--tables", nargs="+", metavar="NAME", help="their names, or a number")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--max-rows", type=int, default=1000)
    parser.add_argument("--portfolio", metavar="FILE", help="as in tables.py")
    parser.add_argument("--report", action="store_true", help="write the report of --out")
    options = parser.parse_args(given)
    options.out = options.out.resolve()
    if options.report:
        known = tables_report.read(options.out)
        markdown = Path(__file__).with_suffix(".md")
        report.write(markdown, __doc__ or "", *paragraphs(known.values()))
        return
    for seed in range(options.seeds):
        for name in chosen_files(options.data, options.tables):
            for how in (DRAFTED, RANDOM, TPE):
                if (name, seed, how) not in tables_report.read(options.out):
                    row = searched(options, name, seed, how)
                    tables_report.append(options.out, row)
                    print(name, seed, how, f"{row['seconds']:.0f} s", flush=True)


if __name__ == "__main__":
    main()
