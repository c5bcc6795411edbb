"""Are members that share weights a better ensemble than networks of their own?

Question:    is the mean answer of 16 members that share all weights but a factor for each input and
             their last layer (TabM-mini) better on test rows than that of 16 independent networks,
             which is what a promotion trains?
Scientific:  whether the members share weights
Nuisance:    the table and the split; the learning rate (of two) and the point of the training, both
             chosen by the dev loss of the ensemble
Fixed:       96-96 silu, AdamW, cosine rate, dropout, 60 epochs, mini-batches of 64, robust numbers
             with 8 piecewise-linear codes, both in PyTorch on one thread, with as many products
Command:     python experiments/shared_members.py --data FOLDER --bench-python PATH
             [--tables N or NAMES] [--splits 2] [--max-rows 3000] [--out shared_members.jsonl]
             PATH is an interpreter that has torch (the extra `bench`). A split is one line of
             --out, written when it is known: the same command goes on after an interruption.
             python experiments/shared_members.py --report [--out shared_members.jsonl]
Result:      experiments/shared_members.md. Log loss is compared for classes, RMSE for numbers
"""

import argparse
import math
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, RobustScaler

from experiments import bench_python, report, shared_members_torch, tables_report
from experiments.machine import machine
from experiments.shared_members_torch import STACKS
from experiments.tables_data import Split, chosen_files, figures, load, split

METHOD = "shared members"  # as `tables_report` names what a row measured
KNOTS = 9  # of the codes
RESAMPLES = 10_000

Row = dict[str, Any]


def with_codes(X: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Return X (m, columns), clipped smoothly, and its codes between quantiles of `train`."""
    blocks = [X / np.sqrt(1 + (X / 3) ** 2)]
    for x, of_train in zip(X.T, train.T, strict=True):
        knots = np.unique(np.quantile(of_train, np.linspace(0, 1, KNOTS)))
        for low, high in pairwise(knots):
            blocks.append(np.clip((x - low) / (high - low), 0, 1)[:, None])
    return np.hstack(blocks)


def prepared(part: Split) -> dict[str, Any]:
    """Return the arrays of a split: train, dev and test."""
    table = part.table
    X, y = part.rows(part.train)
    classes = y if table.kind == "classes" else None
    train, dev = train_test_split(
        np.arange(len(y)), test_size=0.2, random_state=0, stratify=classes
    )
    numbers = [name for name in X if name not in table.categories]
    scale = make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True), RobustScaler()
    )
    of_train = (
        scale.fit(X.iloc[train][numbers]).transform(X.iloc[train][numbers]) if numbers else None
    )
    codes = FunctionTransformer(with_codes, kw_args={"train": of_train})
    one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    prepare = make_column_transformer(
        (make_pipeline(scale, codes) if numbers else "drop", numbers), (one_hot, table.categories)
    ).fit(X.iloc[train])
    arrays = {
        "X": prepare.transform(X.iloc[train]),
        "X_dev": prepare.transform(X.iloc[dev]),
        "X_test": prepare.transform(part.rows(part.test)[0]),
    }
    return {name: array.astype(np.float32) for name, array in arrays.items()} | {
        "y": y[train],
        "y_dev": y[dev],
    }


def loss_of(part: Split, Z: np.ndarray, center: float, scale: float) -> float:
    """Return log loss or RMSE of the mean answer of members, Z (members, m, outputs)."""
    if part.table.kind == "numbers":
        return figures(part, center + scale * Z[..., 0].mean(axis=0))["rmse"]
    shares = np.exp(Z.astype(np.float64) - Z.max(axis=-1, keepdims=True))
    shares /= shares.sum(axis=-1, keepdims=True)
    return figures(part, shares.mean(axis=0))["log_loss"]


def measured(part: Split, python: Path) -> Row:
    """Return the row of a split: the losses of one network and of both ensembles."""
    rows = prepared(part)
    center, scale, outputs = 0.0, 1.0, len(part.table.classes)
    if part.table.kind == "numbers":
        center, scale, outputs = float(rows["y"].mean()), float(rows["y"].std()), 1
        for name in ("y", "y_dev"):
            rows[name] = ((rows[name] - center) / scale).astype(np.float32)
    with tempfile.TemporaryDirectory(prefix="members-") as folder:
        is_numbers = part.table.kind == "numbers"
        np.savez(Path(folder, "rows.npz"), outputs=outputs, is_numbers=is_numbers, **rows)
        command = [str(python), shared_members_torch.__file__, folder]
        subprocess.run(command, check=True, cwd=folder)
        found = dict(np.load(Path(folder, "answers.npz")))
    row: Row = {"table": part.table.name, "kind": part.table.kind, "split": part.number}
    row |= {"method": METHOD, "machine": machine()}
    row |= {name: loss_of(part, found[name], center, scale) for name in STACKS}
    alone = [loss_of(part, Z[None], center, scale) for Z in found["networks"]]
    row["one network"] = float(np.mean(alone))
    return row | {f"{name} seconds": float(found[f"{name} seconds"]) for name in STACKS}


def gain(rows: Sequence[Mapping[str, Any]], better: str, worse: str) -> str:
    """Return by how much less a loss is, the mean over tables with its 95 % bootstrap interval."""
    tables = sorted({row["table"] for row in rows})
    logs = np.array(
        [
            np.mean([math.log(row[better] / row[worse]) for row in rows if row["table"] == table])
            for table in tables
        ]
    )
    drawn = np.random.default_rng(0).choice(logs, (RESAMPLES, len(logs))).mean(axis=1)
    low, middle, high = (
        1 - np.exp(one)
        for one in (np.percentile(drawn, 97.5), logs.mean(), np.percentile(drawn, 2.5))
    )
    return f"{middle:+.1%} ({low:+.1%} to {high:+.1%})"


PAIRS = [("networks", "one network"), ("shared", "one network"), ("shared", "networks")]


def paragraphs(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the gains by kind of table, and every split."""
    kinds = {kind: [row for row in rows if row["kind"] == kind] for kind in ("classes", "numbers")}
    gains = [
        [
            f"{better} beside {worse}",
            *(gain(of, better, worse) if of else "-" for of in kinds.values()),
        ]
        for better, worse in PAIRS
    ]
    header = [
        "less loss",
        *(f"{kind}: {len({r['table'] for r in of})} tables" for kind, of in kinds.items()),
    ]
    names = ["one network", *STACKS, *(f"{name} seconds" for name in STACKS)]
    lines = [[row["table"], row["split"], *(f"{row[name]:.4g}" for name in names)] for row in rows]
    machines = "; ".join(sorted({str(row["machine"]) for row in rows}))
    return [
        f"Machine: {machines}.",
        report.table(header, gains),
        report.table(["table", "split", *names], lines),
    ]


def main(given: Sequence[str] | None = None) -> None:
    """Measure what --out lacks, or write the report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=lambda path: Path(path).resolve(), metavar="FOLDER")
    parser.add_argument("--tables", nargs="+", metavar="NAME", help="their names, or a number")
    parser.add_argument("--splits", type=int, default=2)
    parser.add_argument("--max-rows", type=int, default=3000)
    bench_python.add_option(parser)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".jsonl"))
    parser.add_argument("--report", action="store_true", help="write the report of --out")
    options = parser.parse_args(given)
    if options.report:
        rows = list(tables_report.read(options.out).values())
        report.write(options.out.with_suffix(".md"), __doc__ or "", *paragraphs(rows))
        return
    if options.data is None:
        parser.error("--data is required")
    for number in range(options.splits):
        for name, path in chosen_files(options.data, options.tables).items():
            if (name, number, METHOD) not in tables_report.read(options.out):
                row = measured(split(load(path, options.max_rows), number), options.bench_python)
                tables_report.append(options.out, row)
                print(name, number, *(f"{one} {row[one]:.4g}" for one in STACKS), flush=True)


if __name__ == "__main__":
    main()
