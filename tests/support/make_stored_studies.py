"""Make tests/stored/VERSION.tar.xz and .json: small studies of the present code, and its answers.

    python -m tests.support.make_stored_studies

Run it in the root of the repository before a change that old studies have to survive. The folder
/tmp/stored-studies must not exist; it is left behind. The traceback of the failed trial names the
folder of the code: use a clone at a neutral place, such as /tmp/dnnsearch. An archive that exists
is not overwritten, since a version makes it once.
"""

import json
import shutil
import sqlite3
import tomllib
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn import datasets

from tests.conftest import ACCIDENT
from tests.support.preloaded import Preloaded
from tests.support.stored_studies import (
    MADE_IN,
    STORED,
    answers,
    best_trials,
    pack,
    shortened,
)

ROOT = Path(__file__).parents[2]
SPACE = """
trials: 5
parallelism: 3
learning_rate: {low: 0.03, high: 1, log: true}
iterations: {low: 30, high: 60}
curve_every: 10
hidden_layers: [0, 1, 2]
units: {low: 4, high: 10, log: true}
activation: [relu, leaky_relu, tanh]
momentum: {low: 0.5, high: 0.95}
batch_size: [32, full]
"""
MANY = SPACE.replace("trials: 5", "trials: 9").replace("{low: 30, high: 60}", "100")
CONFIGS = {
    "digits": "data: digits\nsplit: {dev: 0.05, test: 0.05}\nmetrics: [dev_f1]" + SPACE,
    "moons": "data: {name: moons, examples: 160, seed: 3}\npruner: median" + MANY,
    "spirals": "data: {name: spirals, examples: 160, arms: 3}\npruner: halving" + MANY,
    "wine": "data: wine\nsampler: random\nobjective: dev_cost" + SPACE,
    "breast_cancer": "data: breast_cancer\nsampler: qmc\ninitialization: xavier" + SPACE,
    "parity": "data: {name: parity, bits: 7}\ndtype: float64" + SPACE,
    "rare": "data: {file: rare.csv, target: 'yes'}\nobjective: dev_balanced_accuracy\n"
    "replicates: 3\nclass_weights: {low: 0, high: 1}" + SPACE,
    "prices": "data: {file: prices.csv, test_file: prices-test.csv, target: price}\n"
    "objective: dev_rmse" + SPACE,
    # trial 1 diverges, and trial 3 fails by ACCIDENT
    "circles": "data: {name: circles, examples: 160, noise: 0.2}\ntry_first:\n"
    "  - {learning_rate: 10000, units: [8, 8], activation: leaky_relu}"
    + SPACE.replace("high: 1,", "high: 10000,"),
}
SMALL = ["--set", "trials=5", "--set", "iterations=60", "--set", "units=[4, 8]"]
NEW = {  # arguments of `new`
    "customers": ["customers.csv", "--target", "left", "--set", "folds=3", *SMALL],
    "iris": ["iris", *SMALL],
}
PROMOTED = ("customers", "prices")


def customers(rng: np.random.Generator, m: int) -> pd.DataFrame:
    """Return m rows: numbers with gaps, a skewed column, categories, and a class to be told."""
    age, income = rng.normal(40, 12, m).round(1), rng.lognormal(8, 1, m).round(2)
    plan = rng.choice(["basic", "gold", "none"], m, p=[0.5, 0.3, 0.2])
    drive = (age - 40) / 6 + np.log(income) - 8 + 2.0 * (plan == "gold") - 0.6
    left = np.where(drive + 0.3 * rng.standard_normal(m) > 0, "yes", "no")
    age[rng.random(m) < 0.1] = np.nan
    return pd.DataFrame({"age": age, "income": income, "plan": plan, "left": left})


def prices(rng: np.random.Generator, m: int) -> pd.DataFrame:
    """Return m rows with a number to be told."""
    size, city = rng.normal(80, 25, m).round(1), rng.choice(["Rome", "Oslo", "Lima"], m)
    price = 3 * size + 50.0 * (city == "Oslo") + rng.normal(0, 10, m)
    return pd.DataFrame({"size": size, "city": city, "price": price.round(1)})


def rare(rng: np.random.Generator, m: int) -> pd.DataFrame:
    """Return m rows with a class that one row in ten has."""
    a, b = rng.standard_normal((2, m)).round(3)
    likely = a + b + 0.3 * rng.standard_normal(m)
    return pd.DataFrame({"a": a, "b": b, "yes": np.where(likely > np.quantile(likely, 0.9), 1, 0)})


def write_tables(folder: Path) -> None:
    """Write the data files, and for each study a few rows to predict."""
    rng = np.random.default_rng(5)
    tables = {"customers": customers(rng, 200), "rare": rare(rng, 240), "prices": prices(rng, 160)}
    prices(rng, 40).to_csv(folder / "prices-test.csv", index=False)
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    rows = {name: table.iloc[:8, :-1] for name, table in tables.items()}
    rows["customers"].loc[3, "plan"] = "unheard of"
    for name in ("digits", "wine", "breast_cancer", "iris"):
        rows[name] = getattr(datasets, f"load_{name}")(as_frame=True).data.iloc[::40]
    for name in ("moons", "circles", "spirals"):
        rows[name] = pd.DataFrame(rng.normal(size=(5, 2)).round(3), columns=["x", "y"])
    bits = [f"bit_{i}" for i in range(7)]
    rows["parity"] = pd.DataFrame(rng.integers(0, 2, (5, 7)), columns=bits)
    (folder / "rows").mkdir()
    for name, table in rows.items():
        table.to_csv(folder / "rows" / f"{name}.csv", index=False)


def write_configs(server: Preloaded, folder: Path) -> None:
    (folder / "configs").mkdir()
    for name, text in CONFIGS.items():
        (folder / "configs" / f"{name}.yaml").write_text(text)
    for arguments in NEW.values():
        server.run(folder, "new", *arguments)


def search(server: Preloaded, folder: Path, study: str) -> None:
    accident = planted(folder / "accident") if study == "circles" else {}
    server.run(folder, "search", f"configs/{study}.yaml", "--workers=1", **accident)


def planted(site: Path) -> dict[str, str]:
    """Return the environment in which every process runs ACCIDENT, and this repository's code."""
    site.mkdir()
    (site / "sitecustomize.py").write_text(ACCIDENT)
    return {"PLANTED": str(site / "sitecustomize.py"), "PYTHONPATH": f"{site}:{ROOT}"}


def asked_models(study: str, best: str) -> list[str]:
    """Return the names of the best trial's model, and of the champion if the study has one."""
    champion = [study, f"models:/{study}@champion"] if study in PROMOTED else []
    return [f"{study}/{best}", *champion]


def compact(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("VACUUM")
        assert connection.execute("PRAGMA journal_mode = DELETE").fetchone() == ("delete",)


def make(server: Preloaded, folder: Path) -> dict:
    """Fill the folder; return what the present code says of it."""
    write_tables(folder)
    write_configs(server, folder)
    studies = [*CONFIGS, *NEW]
    for study in studies:
        search(server, folder, study)
    for study in PROMOTED:
        server.run(folder, "promote", study, "--top", "2", "--replicates", "2", "--workers=1")
    for path in folder.glob("*.db"):
        compact(path)
    best = best_trials(server, folder)
    told = {s: answers(server, folder, s, asked_models(s, best[s][2])) for s in studies}
    shutil.copytree(ROOT / "configs", folder / "shipped")
    shipped = sorted((folder / "shipped").glob("*.yaml"))
    configs = {path.stem: shortened(server, folder / path.stem, path) for path in shipped}
    return {"best": best, "studies": told, "configs": configs}


def main() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    archive, folder = STORED / f"{version}.tar.xz", Path(MADE_IN)
    assert not archive.exists(), f"{archive} is there already"
    folder.mkdir()
    server = Preloaded("tracking.tracker", "tracking.schema", "workers.dask")
    try:
        found = make(server, folder)
    finally:
        server.close()
    for path in folder.glob("*.db"):
        compact(path)
    names = ["configs", "shipped", "rows", "records", "mlruns", "optuna.db", "mlflow.db"]
    names += [path.name for path in folder.glob("*.csv")]
    pack(folder, names, archive)
    archive.with_suffix("").with_suffix(".json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
