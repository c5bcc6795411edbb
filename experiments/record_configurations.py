"""How good is each of many configurations on each of many tables?

Question:    which few configurations together suit most tables?
Scientific:  the configuration: 0, 1, ..., drawn by its number; all tables get the same ones
Nuisance:    the split, and the seeds of four networks, which train in one stack
Fixed:       at most 2,500 rows of a table; half of them train, a quarter is dev, a quarter test
Command:     python experiments/record_configurations.py --data FOLDER --out FILE.jsonl [--first 0]
             [--last 150] [--part 0/2]; an interrupted run goes on
Result:      one line of JSON for each table and configuration; `portfolio.py` learns from it
"""

import argparse
import json
import math
import tempfile
import time
import zlib
from collections.abc import Mapping, Sequence
from contextlib import chdir
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import dnnsearch
from dnnsearch.cli.startup import pin
from dnnsearch.config.config import load_config
from dnnsearch.data.files.read import read
from dnnsearch.nn.outputs import OUTPUTS
from dnnsearch.storage.array_store import ArrayStore
from dnnsearch.study.definition import Definition, resolve_definition
from dnnsearch.trials.checkpoint import kept_point
from dnnsearch.trials.hyperparameters import Hyperparameters
from dnnsearch.trials.input_pieces import input_pieces, network
from dnnsearch.trials.metrics import losses
from dnnsearch.trials.run import run_trial

ROWS = 2500
NARROW_FROM = 45
MAX_COST = 40_000_000_000  # about four seconds
SPACE = {
    "learning_rate": {"momentum": 0.1, "adamw": 0.01, "schedule_free": 0.01},
    "descent": ["momentum", "adamw", "schedule_free"],
    "numbers": ["standard", "robust", "quantile"],
    "codes": ["none", 8, 16, 32],
    "edges": ["quantile", "tree"],
    "embedding": ["none", 12],
    "iterations": {"low": 1, "high": 100_000},
}
FIXED = [
    "replicates=4",
    "folds=none",
    "split.dev=0.25",
    "split.test=0.25",
    "tracking=none",
    "metrics=[]",
    "start=none",
]

STRONG: dict[str, Any] = {
    "numbers": "robust", "codes": 16, "edges": "tree", "embedding": 12, "descent": "adamw",
    "learning_rate": 0.01, "schedule": "cosine", "scaling": 6.0, "activation": "silu",
    "dropout": 0.15, "weight_decay": 0.02, "beta2": 0.99, "layers": (96, 96), "epochs": 60,
    "batch_size": 64, "momentum": 0.9,
}  # fmt: skip
DESIGNED: list[dict[str, Any]] = [
    STRONG,
    STRONG | {"edges": "quantile"},
    STRONG | {"embedding": "none"},
    STRONG | {"codes": "none", "embedding": "none"},
    STRONG | {"codes": "none", "embedding": "none", "numbers": "quantile"},
    STRONG | {"codes": "none", "embedding": "none", "numbers": "standard", "activation": "relu",
              "descent": "momentum", "learning_rate": 0.1, "scaling": 0.0, "dropout": 0.0,
              "weight_decay": 0.0, "schedule": "constant", "layers": (64, 64), "epochs": 30},
    STRONG | {"codes": "none", "embedding": "none", "layers": (256,) * 3, "epochs": 120,
              "learning_rate": 0.005, "schedule": "coslog", "label_smoothing": 0.1},
    STRONG | {"epochs": 120, "learning_rate": 0.004, "dropout": 0.3, "layers": (192, 192)},
]  # fmt: skip


def drawn(number: int) -> dict[str, Any]:
    """Return configuration `number`: a designed one, or one drawn at random."""
    if number < len(DESIGNED):
        return DESIGNED[number]
    return _wide(number) if number < NARROW_FROM else _narrow(number)


def _wide(number: int) -> dict[str, Any]:
    rng = np.random.default_rng(number)

    def one(*choices: Any) -> Any:
        return choices[rng.integers(len(choices))]

    def log(low: float, high: float) -> float:
        return float(f"{math.exp(rng.uniform(math.log(low), math.log(high))):.2g}")

    descent = one("adamw", "adamw", "adamw", "adamw", "schedule_free", "momentum")
    width = one(32, 64, 64, 128, 128, 256)
    layers = (width,) * one(1, 2, 2, 2, 3)
    codes = one("none", "none", 8, 16, 16, 32)
    rates = {"adamw": (1e-3, 3e-2), "schedule_free": (2e-3, 5e-2), "momentum": (2e-2, 0.5)}
    return {
        "numbers": one("standard", "robust", "quantile"),
        "codes": codes,
        "edges": one("tree", "quantile"),
        "embedding": one("none", 12) if codes != "none" else one("none", "none", 12),
        "descent": descent,
        "learning_rate": log(*rates[descent]),
        "schedule": "constant" if descent == "schedule_free" else one("cosine", "cosine", "coslog"),
        "scaling": one(0.0, 6.0),
        "activation": one("silu", "silu", "relu", "gelu", "tanh"),
        "dropout": one(0.0, 0.05, 0.15, 0.15, 0.3),
        "weight_decay": one(0.0, 0.01, 0.02, 0.05, 0.1),
        "label_smoothing": one(0.0, 0.0, 0.0, 0.05, 0.1),
        "parametrization": one("standard", "standard", "ntk"),
        "beta2": one(0.95, 0.99, 0.999),
        "momentum": one(0.9, 0.9, 0.95),
        "layers": layers,
        "epochs": round(log(15, 150)),
        "batch_size": one(32, 64, 128, 256),
    }


def _narrow(number: int) -> dict[str, Any]:
    """Return one of those parts of the space that did well in the first runs."""
    rng = np.random.default_rng(number)

    def one(*choices: Any) -> Any:
        return choices[rng.integers(len(choices))]

    def log(low: float, high: float) -> float:
        return float(f"{math.exp(rng.uniform(math.log(low), math.log(high))):.2g}")

    return {
        "numbers": one("robust", "robust", "quantile", "standard"),
        "codes": one("none", 8, 16, 32),
        "edges": one("tree", "tree", "quantile"),
        "embedding": one("none", 8, 12, 16),
        "descent": "adamw",
        "learning_rate": log(1e-3, 1.5e-2),
        "schedule": "cosine",
        "scaling": one(0.0, 6.0),
        "activation": one("silu", "silu", "gelu", "relu"),
        "dropout": one(0.1, 0.2, 0.3, 0.4),
        "weight_decay": one(0.02, 0.05, 0.1, 0.2),
        "label_smoothing": one(0.0, 0.0, 0.05),
        "beta2": one(0.95, 0.99, 0.999),
        "momentum": 0.9,
        "layers": (one(64, 96, 128, 192, 256),) * one(1, 2, 2, 3),
        "epochs": round(log(30, 150)),
        "batch_size": one(32, 64, 128),
    }


def hyperparameters(given: Mapping[str, Any], definition: Definition) -> Hyperparameters:
    """Return the configuration for these data: epochs become updates."""
    shape = definition.prepared.shape
    rest = {k: v for k, v in given.items() if k not in ("layers", "epochs")}
    if shape.output == "identity":
        rest.pop("label_smoothing", None)
    if rest["codes"] == "none":
        rest.pop("edges")
    if shape.numbers == 0:
        rest = {
            k: v for k, v in rest.items() if k not in ("codes", "embedding", "numbers", "edges")
        }
    updates = given["epochs"] * math.ceil(shape.train / given["batch_size"])
    return Hyperparameters(
        units=given["layers"], iterations=max(updates, 300), checkpoint="best", **rest
    )


def tables(folder: Path) -> list[Path]:
    """Return the files, the small ones first."""
    files = [p for p in folder.glob("*/*") if p.suffix in (".arff", ".csv")]
    return sorted(files, key=lambda p: (p.stat().st_size, p.name))


def prepared(path: Path, seed: int) -> Definition:
    """Return the definition of a study of some rows of the file, which has all pieces."""
    target = str(read({"file": str(path), "reading": 2}).frame.columns[-1])
    frame = read({"file": str(path), "target": target, "reading": 2}).frame
    file = str(path)
    if len(frame) > ROWS:
        file = f"{path.stem}.csv"
        frame.sample(ROWS, random_state=seed).to_csv(file, index=False)
    is_regression = path.parent.name == "regression"
    name = f"{path.stem.replace('.', '_').lower()}-{seed}"
    given = {"objective": "dev_cost"} | ({"data.task": "regression"} if is_regression else {})
    config = dnnsearch.new(file, target, name=name, overrides=given, quiet=True)
    space = [f"{key}={json.dumps(value)}" for key, value in SPACE.items()]
    loaded = load_config(config, [*FIXED, *space, f"split.seed={seed}", f"max_cost={MAX_COST}"])
    return resolve_definition(loaded, ArrayStore(Path("arrays")))


def measured(definition: Definition, number: int) -> dict[str, Any]:
    """Train a configuration; return the scores of its networks on dev and test."""
    store = ArrayStore(Path("arrays"))
    chosen = hyperparameters(drawn(number), definition)
    points = max(definition.prepared.shape.train // 50, 4)
    spec = replace(definition.spec(number, chosen, []), curve_every=points)
    arrays = store.open(definition.prepared.key)
    test = store.open(definition.prepared.test_key)
    began = time.perf_counter()
    result = run_trial(spec, arrays)
    seconds = time.perf_counter() - began
    pieces = input_pieces(chosen, spec.input_shape, arrays)
    trained = network(spec.parameters(result.parameters), chosen, spec.output, pieces)
    parts = {
        "dev": (arrays["X_dev"], np.asarray(arrays["y_dev"])),
        "test": (test["X_test"], _target(arrays, test)),
    }
    kept = int(result.steps[kept_point(spec, result.curves)])
    updates = int(result.steps[-1])
    found = {"seconds": seconds, "end": result.end, "kept": kept, "updates": updates}
    for part, (X, y) in parts.items():
        Z = np.asarray(trained.logits(pieces.scale(np.asarray(X)).mT))
        found |= {f"{part}_{name}": value for name, value in scores(spec.output, Z, y).items()}
    return found


def _target(arrays: Mapping[str, Any], test: Mapping[str, Any]) -> np.ndarray:
    y = np.asarray(test["y_test"])
    if "target" not in arrays:
        return y
    mean, scale = np.asarray(arrays["target"])
    return np.asarray((y - mean) / scale)


def scores(name: str, Z: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Return the mean loss of the networks, the loss of their ensemble, and its hits.

    The loss of an ensemble is its log loss, or the RMSE of a standardised target; hits are the
    accuracy, or R2.
    """
    output = OUTPUTS[name]
    single = float(losses(output, Z, y).mean())
    if name == "identity":
        mean = Z.mean(0, keepdims=True)
        error = float(np.sqrt(((mean[0, 0] - y) ** 2).mean()))
        return {"single": single, "loss": error, "hits": 1 - error**2 / float(np.var(y))}
    p = output.activation.function(Z.astype(np.float64), None).mean(0)
    p = np.clip(p if len(p) > 1 else np.concatenate([1 - p, p]), 1e-12, 1)
    loss = float(-np.log(p[y, np.arange(len(y))]).mean())
    return {"single": single, "loss": loss, "hits": float((p.argmax(0) == y).mean())}


def done(out: Path) -> set[tuple[str, int, int]]:
    """Return what the file has already."""
    if not out.exists():
        return set()
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    return {(one["table"], one["split"], one["number"]) for one in lines}


def main(given: Sequence[str] | None = None) -> None:
    """Record what the file does not have yet."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--last", type=int, default=150)
    parser.add_argument("--split", type=int, default=0)
    parser.add_argument("--part", default="0/1")
    asked = parser.parse_args(given)
    out, folder = asked.out.resolve(), asked.data.resolve()
    part, parts = map(int, asked.part.split("/"))
    with tempfile.TemporaryDirectory() as work, chdir(work):
        definitions: dict[Path, Definition] = {}
        for number in range(asked.first, asked.last):
            for path in tables(folder):
                key = (path.stem, asked.split, number)
                if zlib.crc32(path.stem.encode()) % parts != part or key in done(out):
                    continue
                if path not in definitions:
                    definitions[path] = prepared(path, asked.split)
                found = measured(definitions[path], number)
                where = {"table": path.stem, "kind": path.parent.name}
                line = json.dumps({**where, "split": asked.split, "number": number, **found})
                with out.open("a") as file:
                    file.write(line + "\n")
                print(line, flush=True)


if __name__ == "__main__":
    pin("portable")
    main()
