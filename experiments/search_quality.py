"""Does a search with a portfolio find sooner what a random search finds?

Question:    after how many trials is the best of a search as `new` drafts it, with its portfolio
             and TPE, as good as the best of 100 trials at random?
Scientific:  the search: as drafted; TPE alone (`start: none`); at random in the drafted space; or
             at random in a space of all pieces, of which the draft has what paid
Nuisance:    the table, and the seed of the study and its split
Fixed:       the tables of --data, at most --max-rows rows of each; the space and the trials in
             flight of the draft; one network a trial (of each fold). The best of so many trials is
             that by dev. It is judged by dev, and by test rows, which no trial has seen: the best
             of 100 by dev is partly the luckiest on dev. Log loss for classes, RMSE for numbers
Command:     python experiments/search_quality.py --data FOLDER [--tables N or NAMES] [--seeds 2]
             [--portfolio FILE] [--out search_quality.jsonl]
             `{table}` in --portfolio stands for the table that is judged, as in `tables.py`. A
             search is one line of --out, written when it is known: the same command goes on after
             an interruption.
             python experiments/search_quality.py --report [--out search_quality.jsonl]
Result:      search_quality.md. A search that never gets there counts as LIMIT + 1 trials
"""

import argparse
import math
import statistics
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import dnnsearch
from experiments import report, tables_report
from experiments.tables_data import Split, chosen_files, figures, files, load, split
from experiments.tables_ours import answers, drafted, folder_of, starts_for

RANDOM, DRAFTED, TPE, WHOLE = "random", "as drafted", "TPE alone", "random, all pieces"
ALL_PIECES: dict[str, Any] = {
    "descent": ["momentum", "nesterov", "adam", "adamw"],
    "learning_rate": {
        "momentum": {"low": 0.02, "high": 0.5, "log": True},
        "nesterov": {"low": 0.02, "high": 0.5, "log": True},
        "adam": {"low": 0.001, "high": 0.03, "log": True},
        "adamw": {"low": 0.001, "high": 0.03, "log": True},
    },
    "schedule": ["constant", "cosine", "coslog"],
    "parametrization": ["standard", "ntk"],
    "weight_decay": {"low": 0.001, "high": 0.3, "log": True},
}
RANDOM_TRIALS, LIMIT = 100, 40  # trials of a random search, and of the others
FIXED = {"replicates": 1, "tracking": "none", "metrics": []}
AIM, FLOOR = 15, 25  # trials
AFTER = (1, 3, 5, 9, 15, 25, 40)  # trials
LEAST = 1e-3  # added to losses: a table that all solve says nothing
RESAMPLES = 10_000

Row = Mapping[str, Any]


def searched(options: argparse.Namespace, name: str, seed: int, how: str) -> dict[str, Any]:
    """Return the values of the trials of a search, larger being better, and their test losses."""
    part = split(load(files(options.data)[name], options.max_rows), seed)
    starts = starts_for(options.portfolio, name)
    given: dict[str, Any] = {**FIXED, "seed": seed, "split.seed": seed}
    if how in (RANDOM, WHOLE):
        given |= {"sampler": "random", "start": "none"}
    elif how == TPE:
        given |= {"start": "none"}
    given |= ALL_PIECES if how == WHOLE else {}
    trials = RANDOM_TRIALS if how in (RANDOM, WHOLE) else LIMIT
    with folder_of(part):
        config = drafted(part, given, starts if how == DRAFTED else None)
        began = time.monotonic()
        study = dnnsearch.search(config, trials=trials, workers=options.workers, quiet=True)
        seconds = time.monotonic() - began
        sign = 1 if part.table.kind == "numbers" else -1
        values = [study[number].value for number in range(trials)]
        tests = [
            None if value is None else test_loss(part, f"{study.name}/{number}")
            for number, value in enumerate(values)
        ]
    return {
        "table": name,
        "kind": part.table.kind,
        "split": seed,
        "method": how,
        "seconds": seconds,
        "values": [None if one is None else float(f"{sign * one:.6g}") for one in values],
        "tests": tests,
    }


def test_loss(part: Split, model: str) -> float:
    """Return the log loss or RMSE of a trial's network on the test rows."""
    found = figures(part, answers(part, model))
    return float(f"{found[tables_report.FIGURE[part.table.kind]]:.6g}")


def incumbents(row: Row) -> list[int]:
    """Return the number of the best trial by dev after each trial; -1 before there is one."""
    found, best = [], -1
    for number, value in enumerate(row["values"]):
        if value is not None and (best < 0 or value > row["values"][best]):
            best = number
        found.append(best)
    return found


def losses_by_dev(row: Row) -> list[float]:
    """Return the loss on dev of the best trial after each trial: log loss, or 1 - R2's root."""
    values = [row["values"][best] if best >= 0 else -math.inf for best in incumbents(row)]
    if row["kind"] == "classes":
        return [-value for value in values]
    return [float(max(0, 1 - value)) ** 0.5 for value in values]


def losses_by_test(row: Row) -> list[float]:
    """Return the loss on test of the best trial by dev after each trial."""
    return [row["tests"][best] if best >= 0 else math.inf for best in incumbents(row)]


JUDGES = {"dev": losses_by_dev, "test": losses_by_test}


def trials_needed(row: Row, random: Row, judge: str) -> int:
    """Return after how many trials a search is as good as all of a random one."""
    losses = JUDGES[judge]
    target = losses(random)[-1]
    for number, loss in enumerate(losses(row)[:LIMIT]):
        if loss <= target:
            return number + 1
    return LIMIT + 1


Pair = tuple[Row, Row]  # a search, and the random one with the same table and seed


def pairs(rows: Iterable[Row], how: str, random: str) -> list[Pair]:
    by_key = {(row["table"], row["split"], row["method"]): row for row in rows}
    return [
        (row, by_key[table, seed, random])
        for (table, seed, method), row in by_key.items()
        if method == how and (table, seed, random) in by_key
    ]


def paragraphs(rows: Sequence[Row]) -> list[str]:
    """Return the trials that searches need, and how far they are after so many trials."""
    needed, far = [], []
    for judge in JUDGES:
        for random in (RANDOM, WHOLE):
            for how in (DRAFTED, TPE):
                found = pairs(rows, how, random)
                if found:
                    counts = [trials_needed(*pair, judge) for pair in found]
                    needed.append([how, random, judge, *_summary(counts)])
                    far.append([how, random, judge, *(_lead(found, judge, n) for n in AFTER)])
    header = ["search", "of 100 trials", "judged by", "searches", "median trials", "95 %"]
    tables = sorted({str(row["table"]) for row in rows})
    return [
        f"Tables: {', '.join(tables)}. Trials until the best is as good as a random search's:",
        report.table([*header, f"within {AIM}", f"within {FLOOR}"], needed),
        f"Aim: a median of {AIM} trials as drafted; floor: {FLOOR}.",
        "The loss of the best after n trials, divided by the random search's; geometric means:",
        report.table([*header[:3], *AFTER], far),
    ]


def _summary(needed: Sequence[int]) -> list[str]:
    draws = np.random.default_rng(0).choice(needed, (RESAMPLES, len(needed)))
    low, high = np.quantile(np.median(draws, axis=1), [0.025, 0.975])
    shares = [f"{sum(one <= limit for one in needed) / len(needed):.2f}" for limit in (AIM, FLOOR)]
    return [str(len(needed)), f"{statistics.median(needed):g}", f"{low:g} to {high:g}", *shares]


def _lead(found: Sequence[Pair], judge: str, trials: int) -> str:
    """Return the mean ratio of losses after so many trials, with a 95 % bootstrap interval."""
    losses = JUDGES[judge]
    logs = [
        math.log((losses(row)[trials - 1] + LEAST) / (losses(random)[-1] + LEAST))
        for row, random in found
    ]
    draws = np.random.default_rng(0).choice(logs, (RESAMPLES, len(logs))).mean(axis=1)
    low, high = np.exp(np.quantile(draws, [0.025, 0.975]))
    return f"{math.exp(statistics.mean(logs)):.3f} ({low:.3f} to {high:.3f})"


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
        report.write(markdown, __doc__ or "", *paragraphs(list(known.values())))
        return
    for seed in range(options.seeds):
        for name in chosen_files(options.data, options.tables):
            for how in (DRAFTED, RANDOM, WHOLE, TPE):
                if (name, seed, how) not in tables_report.read(options.out):
                    row = searched(options, name, seed, how)
                    tables_report.append(options.out, row)
                    print(name, seed, how, f"{row['seconds']:.0f} s", flush=True)


if __name__ == "__main__":
    main()
