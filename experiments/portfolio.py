"""Which few configurations together suit most tables?

Question:    how close do the first k trials of a portfolio come to the best of all recorded ones?
Scientific:  the portfolio, learnt greedily without the table judged (leave one out), beside k
             configurations drawn at random from the recorded ones
Fixed:       the losses of runs of `record_configurations.py` in portfolio_runs.csv, as far as the
             space that `new` drafts has their configurations. Regret is the logarithm of a loss
             divided by the least one of all these configurations on the table, at most 1. A
             portfolio is learnt from the mean of dev and test loss; of its first k, the one with
             the least dev loss is judged by the test loss of its four networks. Means over tables,
             with 95 % bootstrap intervals over them
Command:     python experiments/portfolio.py [--runs FILE ...] [--write] [--left-out FOLDER]
             `--write` writes the package's portfolio, `--left-out` for each table one that was
             learnt without it, which `tables.py --portfolio FOLDER/{table}.json` takes
Result:      portfolio.md, written by this program; configurations_tried.md has those of an earlier
             recording that the space of a draft has not
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from dnnsearch.config.portfolio import portfolios
from experiments import report
from experiments.record_configurations import drawn

RUNS = Path(__file__).with_name("portfolio_runs.csv")
NAME = "portfolio-1"
KINDS = {"classification": "classes", "regression": "numbers"}
OUT = Path("dnnsearch/config/portfolios.json")
FLOOR = 1e-3  # added to losses: a table that all solve says nothing
DRAWS = 200  # of random sets


class Runs(NamedTuple):
    """The recorded losses of one kind of target."""

    tables: list[str]
    numbers: list[int]  # of the configurations
    dev: np.ndarray  # (tables, configurations)
    regret: np.ndarray  # (tables, configurations), of the test loss
    both: np.ndarray  # (tables, configurations), of the mean of dev and test loss: less noise


def is_drafted(number: int, kind: str) -> bool:
    """Return whether the space that `new` drafts has the configuration."""
    given = drawn(number)
    fixed: dict[str, Any] = {"descent": "adamw", "schedule": "cosine"}
    fixed["parametrization"] = "standard"
    fixed |= {"label_smoothing": 0.0} if kind == "classification" else {}
    return all(given.get(key, value) == value for key, value in fixed.items())


def load(files: Sequence[Path], kind: str, drafted: bool = True) -> Runs:
    """Return the runs of the configurations that every table has; or only those of the draft."""
    rows = [row for file in files for row in _rows_of(file)]
    found: dict[str, dict[int, Any]] = {}
    for row in rows:
        if row["kind"] == kind:
            found.setdefault(row["table"], {})[row["number"]] = row
    numbers = sorted(set.intersection(*(set(one) for one in found.values())))
    tables = sorted(found)

    def losses(part: str) -> np.ndarray:
        each = [[found[t][n][f"{part}_loss"] for n in numbers] for t in tables]
        return np.nan_to_num(np.array(each), nan=1e3, posinf=1e3)

    dev, test = losses("dev"), losses("test")
    usable = [i for i, number in enumerate(numbers) if is_drafted(number, kind) or not drafted]
    of = [one[:, usable] for one in (dev, _regret(test), _regret((dev + test) / 2))]
    return Runs(tables, [numbers[i] for i in usable], *of)


def _rows_of(file: Path) -> list[dict[str, Any]]:
    """Return the runs of a file: JSON lines as they are recorded, or CSV."""
    is_csv = file.suffix == ".csv"
    frame = pd.read_csv(file) if is_csv else pd.read_json(file, lines=True)
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def _regret(losses: np.ndarray) -> np.ndarray:
    losses = losses + FLOOR
    return np.asarray(np.minimum(np.log(losses / losses.min(1, keepdims=True)), 1.0))


def chosen_regret(runs: Runs, chosen: Sequence[int] | np.ndarray) -> np.ndarray:
    """Return the regret (tables,) of that one of the chosen columns with the least dev loss."""
    columns = np.asarray(chosen)
    best = columns[runs.dev[:, columns].argmin(1)]
    return np.asarray(runs.regret[np.arange(len(runs.tables)), best])


def learn(runs: Runs, size: int, without: int | None = None) -> list[int]:
    """Return the columns of the portfolio, learnt greedily without one of the tables."""
    seen = runs.both[[i for i in range(len(runs.tables)) if i != without]]
    chosen: list[int] = []
    for _ in range(size):
        left = [c for c in range(len(runs.numbers)) if c not in chosen]
        means = [seen[:, [*chosen, c]].min(1).mean() for c in left]
        chosen.append(left[int(np.argmin(means))])
    return chosen


def left_out(runs: Runs, size: int) -> np.ndarray:
    """Return the regret (tables, size) of the first k of a portfolio that knows not the table."""
    found = np.empty((len(runs.tables), size))
    for i in range(len(runs.tables)):
        chosen = learn(runs, size, without=i)
        found[i] = [chosen_regret(runs, chosen[: k + 1])[i] for k in range(size)]
    return found


def at_random(runs: Runs, size: int) -> float:
    """Return the mean regret of the best by dev of `size` configurations drawn at random."""
    rng = np.random.default_rng(0)
    every = len(runs.numbers)
    sets = [rng.choice(every, min(size, every), replace=False) for _ in range(DRAWS)]
    return float(np.mean([chosen_regret(runs, one).mean() for one in sets]))


def as_start(number: int, kind: str) -> dict[str, Any]:
    """Return the configuration as `config.portfolio` reads it."""
    given = drawn(number)
    layers = given["layers"]
    rest = {key: value for key, value in given.items() if key != "layers"}
    if kind == "regression":
        rest.pop("label_smoothing", None)
    return {**rest, "hidden_layers": len(layers), "width": layers[0]}


def write_left_out(runs: Runs, kind: str, size: int, folder: Path) -> None:
    """Write for each table the portfolio that was learnt without it, for `tables.py`."""
    folder.mkdir(parents=True, exist_ok=True)
    for i, table in enumerate(runs.tables):
        chosen = learn(runs, size, without=i)
        starts = [as_start(runs.numbers[c], kind) for c in chosen]
        (folder / f"{table}.json").write_text(json.dumps(starts))


def interval(of_tables: np.ndarray) -> str:
    """Return the mean over tables with its 95 % bootstrap interval."""
    rng = np.random.default_rng(0)
    m = len(of_tables)
    low, high = np.quantile(of_tables[rng.integers(m, size=(2000, m))].mean(1), [0.025, 0.975])
    return f"{of_tables.mean():.3f} ({low:.3f} to {high:.3f})"


def rows(runs: Runs, name: str, size: int) -> list[list[str]]:
    """Return the rows of the result for one kind of target."""
    known_not = left_out(runs, size)
    found = []
    for k in (1, 2, 3, 5, size, 15, 25):
        learnt = interval(known_not[:, k - 1]) if k <= size else "-"
        found.append([name, str(k), learnt, f"{at_random(runs, k):.3f}"])
    return found


def tried(files: Sequence[Path]) -> list[list[str]]:
    """Return a row for each recorded configuration, by its mean regret over all tables."""
    each = [load(files, kind, drafted=False) for kind in KINDS]
    numbers = [one for one in each[0].numbers if one in each[1].numbers]
    regrets = {n: [one.regret[:, one.numbers.index(n)] for one in each] for n in numbers}
    order = sorted(numbers, key=lambda n: float(np.mean([one.mean() for one in regrets[n]])))
    return [[str(n), described(n), *map(interval, regrets[n])] for n in order]


def described(number: int) -> str:
    """Return the configuration in a line."""
    one = drawn(number)
    inputs = [one["numbers"], f"embedding {one['embedding']}" if one["embedding"] != "none" else ""]
    inputs.append(f"{one['codes']} codes by {one['edges']}" if one["codes"] != "none" else "")
    rule = [f"{one['descent']} {one['learning_rate']}", one["schedule"]]
    sizes = [f"{one['activation']} {'-'.join(map(str, one['layers']))}", f"{one['epochs']} epochs"]
    more = [
        f"{key} {one[key]}" for key in ("scaling", "dropout", "label_smoothing") if one.get(key)
    ]
    more += ["ntk"] if one.get("parametrization") == "ntk" else []
    return ", ".join(filter(None, [*inputs, *rule, *sizes, f"of {one['batch_size']}", *more]))


def main(given: Sequence[str] | None = None) -> None:
    """Learn, and write the report; with the options also the portfolios."""
    parser = report.parser_of(__file__, __doc__)
    parser.add_argument("--runs", type=Path, nargs="+", default=[RUNS], metavar="FILE")
    parser.add_argument("--size", type=int, default=9)
    parser.add_argument("--write", action="store_true", help="write the package's portfolio")
    parser.add_argument("--left-out", type=Path, metavar="FOLDER", help="write TABLE.json, each")
    asked = parser.parse_args(given)
    document, found, counts = {}, [], []
    for kind, name in KINDS.items():
        runs = load(asked.runs, kind)
        size = min(asked.size, len(runs.numbers))
        found += rows(runs, name, size)
        counts.append(f"{len(runs.tables)} tables with {len(runs.numbers)} of {name}")
        if asked.left_out is not None:
            write_left_out(runs, kind, size, asked.left_out)
        document[name] = [as_start(runs.numbers[c], kind) for c in learn(runs, size)]
    header = ["target", "first k", "regret of the portfolio", "of k at random"]
    counted = f"Configurations: {', '.join(counts)}."
    every = ["number", "configuration", "regret on classes", "regret on numbers"]
    tables = [report.table(header, found), "Every one that was tried:"]
    report.write(asked.out, __doc__, counted, *tables, report.table(every, tried(asked.runs)))
    if asked.write:
        every_name = {**portfolios(), NAME: document}
        OUT.write_text(json.dumps(every_name, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
