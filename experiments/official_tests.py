"""How good are drafted searches on the official test sets of adult and Fashion-MNIST?

Question:    which accuracy and log loss have the models of `new`, `search` and `promote` as drafted
             on a test set that its publisher drew?
Scientific:  the set
Nuisance:    the seed of the study and of its split into train and dev: 0, 1, ...
Fixed:       the files of --data, a folder with the folders adult/ and fashion_mnist/; --workers
Command:     python experiments/official_tests.py --data FOLDER [--only NAME] [--seeds 5]
             [--out official_tests.jsonl]; a study is one line of --out, written when it is known:
             the same command goes on after an interruption.
             python experiments/official_tests.py --report [--out official_tests.jsonl]
Result:      official_tests.md: means over seeds with their standard errors, beside aim and floor
"""

import argparse
import time
from collections.abc import Mapping, Sequence
from contextlib import chdir
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np

import dnnsearch
from dnnsearch.config.config import load_config
from dnnsearch.data import file_table
from dnnsearch.models.model_file import read
from experiments import report, tables_report
from experiments.machine import machine

METHOD = "dnnsearch"  # as `tables_report` names what a row measured


class Goal(NamedTuple):
    """What is aimed at, and the least."""

    accuracy: float
    floor: float
    log_loss: float | None = None
    log_loss_floor: float | None = None


class Set(NamedTuple):
    """Files as `new` takes them."""

    source: str
    target: str | None
    test: str | None
    goal: Goal


SETS = {
    "adult": Set("adult/adult.data", "-1", "adult/adult.test", Goal(0.874, 0.868, 0.275, 0.290)),
    "fashion_mnist": Set("fashion_mnist", None, None, Goal(0.905, 0.895)),
}


def measured(options: argparse.Namespace, name: str, seed: int) -> dict[str, Any]:
    """Return the figures of a promoted study on the official test rows, and what it took."""
    files = SETS[name]
    with TemporaryDirectory(prefix="official-") as folder, chdir(folder):
        began = time.monotonic()
        config = dnnsearch.new(
            options.data / files.source,
            files.target,
            name=name,
            test=options.data / files.test if files.test else None,
            overrides={"seed": seed, "split.seed": seed},
            quiet=True,
        )
        study = dnnsearch.search(config, trials=options.trials, workers=options.workers, quiet=True)
        searched = time.monotonic()
        found = dnnsearch.promote(study.name, workers=options.workers)
        ended = time.monotonic()
        table = file_table.load_table(load_config(config).data, None)
        assert table.test is not None
        X, y = table.test
        answers = np.asarray(read(found.file).predict(X)).astype(str)
    return {
        "table": name,
        "split": seed,
        "method": METHOD,
        "search_seconds": searched - began,
        "promote_seconds": ended - searched,
        "promoted": found.trial,
        "accuracy": float(np.mean(answers == np.array(table.target.classes)[y].astype(str))),
        "log_loss": found.document["test"]["ensemble"]["value"],
        "machine": machine(),
    }


def paragraphs(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the result: a line for each set."""
    lines = []
    for name, files in SETS.items():
        of_set = [row for row in rows if row["table"] == name]
        if not of_set:
            continue
        goal = files.goal
        lines.append(
            [
                name,
                len(of_set),
                _mean([row["accuracy"] for row in of_set]),
                f"{goal.accuracy} ({goal.floor})",
                _mean([row["log_loss"] for row in of_set]),
                f"{goal.log_loss} ({goal.log_loss_floor})" if goal.log_loss else "-",
                *(
                    f"{np.mean([row[f'{part}_seconds'] for row in of_set]):.0f}"
                    for part in ("search", "promote")
                ),
            ]
        )
    header = ["set", "seeds", "accuracy", "aim (floor)", "log loss", "aim (floor)"]
    machines = sorted({str(row["machine"]) for row in rows})
    told = f"Means ± standard errors over seeds. Machine: {'; '.join(machines)}."
    return [report.table([*header, "search, s", "promote, s"], lines), told]


def _mean(values: Sequence[float]) -> str:
    if len(values) == 1:
        return f"{values[0]:.4f}"
    return f"{np.mean(values):.4f} ± {np.std(values, ddof=1) / np.sqrt(len(values)):.4f}"


def main(given: Sequence[str] | None = None) -> None:
    """Measure what --out lacks, or write the report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=lambda path: Path(path).resolve(), metavar="FOLDER")
    parser.add_argument("--only", choices=list(SETS))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--trials", type=int, help="instead of those of the draft")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".jsonl"))
    parser.add_argument("--report", action="store_true", help="write the report of --out")
    options = parser.parse_args(given)
    if not options.report and options.data is None:
        parser.error("--data is required")
    options.out = options.out.resolve()
    if options.report:
        known = tables_report.read(options.out)
        markdown = Path(__file__).with_suffix(".md")
        report.write(markdown, __doc__ or "", *paragraphs(list(known.values())))
        return
    for seed in range(options.seeds):
        for name in [options.only] if options.only else SETS:
            if (name, seed, METHOD) not in tables_report.read(options.out):
                row = measured(options, name, seed)
                tables_report.append(options.out, row)
                print(name, seed, f"{row['accuracy']:.4f} {row['log_loss']:.4f}", flush=True)


if __name__ == "__main__":
    main()
