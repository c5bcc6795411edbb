"""Prints digests of prepared data, and what samplers propose, under the numerics that it is given.

It runs as a process, because kernels are chosen before NumPy is imported.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))  # as a program

TRIALS = 40
HYPER: dict[str, Any] = {
    "learning_rate": {"low": 0.001, "high": 1, "log": True},
    "iterations": 100,
    "hidden_layers": [1, 2, 3],
    "units": {"low": 4, "high": 64, "log": True},
    "activation": ["relu", "tanh", "silu"],
    "momentum": {"low": 0.0, "high": 0.99},
    "batch_size": [16, 32, 64],
}
TABLE: dict[str, Any] = {"file": "table.csv", "reading": 2, "columns": {"skewed": "quantile"}}
PIECES = {"numbers": ["robust", "quantile", "none"], "codes": [4, 8], "edges": ["tree", "quantile"]}
DATA: dict[str, dict[str, Any]] = {
    "digits": {"data": "digits"},
    "moons": {"data": "moons"},
    "spirals": {"data": "spirals"},
    "a table": {"data": {**TABLE, "target": "kind"}, **PIECES},
    "a table in folds": {"data": {**TABLE, "target": "kind"}, "folds": 3},
    "numbers to predict": {
        "data": {**TABLE, "target": "amount"},
        "objective": "dev_cost",
        **PIECES,
    },
}


def write_table(path: Path) -> None:
    """Write a table with gaps, dates, a category, a skewed column, and two targets."""
    import numpy as np
    import pandas as pd

    rng, m = np.random.default_rng(5), 240
    x, size = rng.integers(-900, 900, m) / 97, rng.integers(1, 1000, m) / 31
    dates = pd.Timestamp("2021-03-01") + pd.to_timedelta(rng.integers(0, 9000, m), unit="h")
    frame = pd.DataFrame(
        {
            "x": np.where(rng.random(m) < 0.1, np.nan, x),
            "skewed": size * size * size,
            "sold": dates.strftime("%Y-%m-%d %H:%M"),
            "city": rng.choice(["Rome", "Oslo", "Bonn"], m),
            "amount": x * 3 + rng.integers(0, 100, m) / 7,
            "kind": np.where(x + rng.integers(-300, 300, m) / 97 > 0, "much", "little"),
        }
    )
    frame.to_csv(path, index=False)


def prepared(numerics: str) -> dict[str, list[str]]:
    """Return the digests of data and arrays of each kind of data."""
    from dnnsearch.config.config import parse_config
    from dnnsearch.data.prepare import prepare
    from dnnsearch.storage.array_store import ArrayStore

    found = {}
    with tempfile.TemporaryDirectory() as folder:
        write_table(Path(folder) / "table.csv")
        for name, keys in DATA.items():
            document = {**HYPER, **keys, "numerics": numerics}
            if isinstance(document["data"], dict):
                document["data"] = {**document["data"], "file": f"{folder}/table.csv"}
            config = parse_config(document, "x.yaml", "x")
            one = prepare(config, ArrayStore(Path(folder) / "store"))
            found[name] = [one.data_digest, one.split_digest, one.key, one.test_key]
    return found


def proposed(sampler: str, numerics: str) -> list[str]:
    """Return the hyperparameters of each trial of a study, whose values are made up."""
    from dnnsearch.config.config import parse_config
    from dnnsearch.study.replayed_study import ReplayedStudy

    document = {**HYPER, "data": "digits", "numerics": numerics, "sampler": sampler}
    replayed = ReplayedStudy(parse_config(document, "x.yaml", "x"))
    lines = []
    for number in range(TRIALS):
        _, hyper = replayed.ask(number, None)
        lines.append(repr(hyper.as_params()))
        # rounded, so that many are equal
        value = round(abs(hyper.momentum - 0.7) + 1 / sum(hyper.units) + hyper.learning_rate, 1)
        replayed.study.tell(number, value)
    return lines


def choices(numerics: str) -> dict[str, Any]:
    """Return what data became, and the proposals of each sampler, in this process."""
    proposals = {sampler: proposed(sampler, numerics) for sampler in ("tpe", "random", "qmc")}
    return {"prepared": prepared(numerics), **proposals}


if __name__ == "__main__":
    json.dump(choices(sys.argv[1]), sys.stdout)
