"""Small models of every kind, built without a training."""

from dataclasses import replace

import numpy as np
import pandas as pd

from dnnsearch.data.column_inputs import ColumnInputs
from dnnsearch.data.fold_alignment import aligned
from dnnsearch.data.number_table import Standardisation
from dnnsearch.data.preprocessing import fit
from dnnsearch.models.calibration import Calibration
from dnnsearch.models.ensemble import Model
from dnnsearch.models.targets import labels
from dnnsearch.nn import Parameters

ORIGIN = {"study": "people", "trial": 3, "record": "ab" * 32}


def parameters(sizes: list[int], replicates: int, dtype: object = np.float32) -> Parameters:
    found = Parameters(sizes, (replicates,), dtype)
    found.flat[...] = np.random.default_rng(0).normal(0, 0.5, found.flat.shape)
    return found


def people(m: int = 200, seed: int = 0) -> pd.DataFrame:
    """Return a table with numbers, long tails, gaps, and categories with rare levels."""
    rng = np.random.default_rng(seed)
    city = rng.choice(["Rome", "Oslo", "Lima", "Bonn"], m, p=[0.4, 0.3, 0.29, 0.01])
    rows = {
        "zone": rng.integers(1, 4, m),
        "age": np.where(rng.uniform(size=m) < 0.2, np.nan, rng.normal(40, 9, m)),
        "income": rng.exponential(1000, m) ** 2,
        "city": pd.Series(city, dtype="str"),
    }
    return pd.DataFrame(rows)


ROLES = {"zone": "category", "age": "number", "income": "quantile", "city": "category"}


def flowers(replicates: int = 2) -> Model:
    """Return a model of three classes from named numeric columns."""
    names = ("long", "wide", "high")
    inputs = Standardisation(np.array([1.0, 2.0, 3.0]), np.array([1.0, 0.5, 2.0]), names)
    origin = {**ORIGIN, "study": "flowers"}
    classes = labels(["rose", "tulip", "aster"])
    target = np.array([0.0, 1.0])
    sizes = [3, 5, 3]
    return Model(parameters(sizes, replicates), "tanh", inputs, classes, target, provenance=origin)


def members(replicates: int = 3) -> Model:
    """Return a binary model on the table of people."""
    inputs = ColumnInputs([fit(people(), ROLES)])
    n_x = inputs.shape[0]
    classes, target = labels(["no", "yes"]), np.array([0.0, 1.0])
    return Model(
        parameters([n_x, 4, 1], replicates),
        "relu",
        inputs,
        classes,
        target,
        "member",
        {"missing": ["-"], "decimal": ","},
        ORIGIN,
    )


def prices() -> Model:
    """Return a regression model with a preprocessing for each of two folds."""
    inputs = ColumnInputs(aligned([fit(people(seed=seed), ROLES) for seed in (0, 1)]))
    flat = parameters([inputs.shape[0], 1], 2, np.float64)
    return Model(flat, "relu", inputs, labels([]), np.array([200.0, 50.0]), "price", {}, ORIGIN)


def ledger() -> pd.DataFrame:
    """Return a table as a file of formatted numbers, truths, codes and dates is read."""
    rng = np.random.default_rng(5)
    words = {
        "member": ["True", "False"],
        "vip": ["yes", "no"],
        "code": ["01234", "00777"],
        "day": ["2024-01-01", "2024-02-01"],
        "city": ["Rome", "Oslo"],
    }
    numbers = {
        "price": rng.normal(50, 20, 80),
        "share": np.where(rng.uniform(size=80) < 0.2, np.nan, rng.uniform(0, 100, 80)),
        "size": rng.exponential(1000, 80),
        "age": rng.normal(40, 9, 80),
        "zone": rng.integers(1, 4, 80),
    }
    text = {name: pd.Series(rng.choice(known, 80), dtype="str") for name, known in words.items()}
    return pd.DataFrame({**numbers, **text})


def accounts(
    decimal: str = ".", task: str = "binary", calibration: Calibration | None = None
) -> Model:
    """Return a model on the ledger, whose file had formatted numbers and this decimal mark."""
    roles = {name: "category" for name in ("zone", "member", "vip", "code", "day", "city")}
    roles = {"price": "number", "share": "number", "size": "quantile", "age": "number", **roles}
    inputs = ColumnInputs([fit(ledger(), roles)])
    classes = labels(["no", "yes"] if task == "binary" else [])
    spelled = {"price": "$", "share": "%", "size": "thousands"}
    form = {"decimal": decimal, "separator": ";", "spelled": spelled}
    sizes = [inputs.shape[0], 6, 1]
    target = np.array([0.0, 1.0])
    flat = parameters(sizes, 2)
    plain = Model(flat, "tanh", inputs, classes, target, "left", form, ORIGIN)
    return replace(plain, calibration=calibration)
