"""How long do commands take before and after their work, and on large things?

Question:    how long is it from `dnnsearch search` to the first trial's start and from the last
             trial's end to the prompt, and where do these seconds go; how long do commands take on
             a study of 1,000 trials, on a table of a million rows, and on a posted CSV of 50 MB?
Scientific:  the code: this checkout, or the one that --before names
Nuisance:    other load on the machine: the two alternate in rounds, and the table has medians
Fixed:       configs/digits.yaml with 6 trials; 1,000 trials of a few updates on moons; a champion
             of 16 networks on 8 number columns and a category, 69 bytes a row
Command:     python experiments/command_seconds.py --before FOLDER [--rounds 3] [--rows 1000000]
             [--keep FOLDER] [--tiny]
Result:      command_seconds.md, written by this program

CPU seconds are user and system time of all processes of a command: other load changes them little.
What is prepared (studies, tables) is made by the code before, and lies in the folder of --keep.
"""

import contextlib
import py_compile
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd

from experiments import report
from experiments.command_timing import FIRST, LAST, Place, Spent, search_parts, served
from experiments.machine import measured_on
from experiments.many_trials import CONFIG
from experiments.processes import write_config
from experiments.report_of_many import DIVERGING_AND_PRUNED

ROOT = Path(__file__).resolve().parents[1]
MANY, PROMOTED = "many", "rows"
PORT = 5077
Sizes = Mapping[str, int]
SIZES = {"trials": 1000, "rows": 1_000_000}
TINY = {"trials": 12, "rows": 2000}
POSTED = 0.725  # of the rows: 50 MB of a million
AIMS = {  # seconds, megabytes; None if nothing was aimed at
    "list": (1, None),
    "show": (1, None),
    "best": (1, None),
    "fingerprint": (1, None),
    "report": (5, None),
    "predict": (15, 300),
    "serve": (10, 300),
}
PACKAGES = {
    "Optuna": ["optuna"],
    "SQLAlchemy": ["sqlalchemy"],
    "Alembic": ["alembic", "mako", "pygments"],
    "pandas": ["pandas", "pyarrow"],
    "pydantic": ["pydantic", "pydantic_core", "annotated_types"],
    "MLflow": ["mlflow"],
    "NumPy": ["numpy"],
    "SciPy": ["scipy"],
    "dnnsearch": ["dnnsearch"],
}


def table_of_rows(rows: int, seed: int) -> pd.DataFrame:
    """Return rows with 8 numbers, a category, and a target that depends on them."""
    rng = np.random.default_rng(seed)
    X, city = rng.standard_normal((rows, 8)).round(5), rng.integers(0, 5, rows)
    table = pd.DataFrame(X, columns=[f"x{i}" for i in range(8)])
    table["city"] = np.array([*"ABCDE"])[city]
    signal = X[:, 0] + X[:, 1] * X[:, 2] + (city == 2) + 0.3 * rng.standard_normal(rows)
    table["left"] = np.where(signal > 0, "yes", "no")
    return table


def prepare(place: Place, now: Place, sizes: Sizes) -> None:
    """Make the studies and tables that are not there yet."""
    folder = place.folder
    for share in (1.0, POSTED):
        rows = round(share * sizes["rows"])
        if not (path := folder / f"{rows}.csv").exists():
            table_of_rows(rows, 1).drop(columns="left").to_csv(path, index=False)
    if not (folder / "records" / MANY).exists():
        config: dict[str, Any] = {**CONFIG, **DIVERGING_AND_PRUNED, "trials": sizes["trials"]}
        place.run("search", str(write_config(folder, MANY, config)), "--quiet")
        now.run("report", MANY, "--quiet", "--out", "page.html")  # fits the baselines
    if not (folder / "records" / PROMOTED / "promotion").exists():
        table_of_rows(3000, 0).to_csv(folder / f"{PROMOTED}-train.csv", index=False)
        place.run("new", f"{PROMOTED}-train.csv", "--target", "left")
        options = ["--trials", "6", "--set", "iterations=200", "--study", PROMOTED, "--quiet"]
        place.run("search", f"configs/{PROMOTED}-train.yaml", *options)
        place.run("promote", PROMOTED)


def commands(place: Place, rows: int) -> dict[str, Callable[[], Spent]]:
    """Return the commands on large things, by name."""
    posted = place.folder / f"{round(POSTED * rows)}.csv"
    report_of = ["report", MANY, "--quiet", "--out", "page.html"]
    answers_to = ["predict", PROMOTED, f"{rows}.csv", "--out", "answers.csv"]
    return {
        "list": lambda: place.run("list"),
        "show": lambda: place.run("show", MANY),
        "best": lambda: place.run("best", MANY),
        "fingerprint": lambda: place.run("fingerprint", MANY),
        "report": lambda: place.run(*report_of),
        "predict": lambda: place.run(*answers_to, with_memory=True),
        "serve": lambda: served(place, PROMOTED, posted, PORT),
    }


def middle(all_spent: Sequence[Spent]) -> Spent:
    """Return the medians."""
    return Spent(
        median(one.seconds for one in all_spent),
        median(one.cpu for one in all_spent),
        median(one.megabytes for one in all_spent),
    )


def digits(place: Place) -> str:
    """Return the tree's own config, which has the keys that it knows."""
    return str(place.tree / "configs" / "digits.yaml")


def searches(places: Mapping[str, Place], rounds: int) -> dict[str, dict[str, Spent]]:
    """Return code -> part of a search -> medians; the first search, which prepares, is left out."""
    found: dict[str, list[dict[str, Spent]]] = {name: [] for name in places}
    for _ in range(1 + rounds):
        for name, place in places.items():
            with empty_folder() as folder:
                inside = Place(place.tree, folder, place.cache)
                found[name].append(search_parts(inside, digits(place), "--trials", "6"))
    return {
        name: {part: middle([one[part] for one in each[1:]]) for part in each[1]}
        for name, each in found.items()
    }


@contextlib.contextmanager
def empty_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="dnnsearch-seconds-") as name:
        yield Path(name)


def search_rows(found: Mapping[str, Mapping[str, Spent]]) -> list[list[str]]:
    """Return a row for each part of a search, then the sums before and after the training."""
    newest_first = reversed(list(found.values()))  # the code before may have fewer parts
    parts = list(dict.fromkeys(part for each in newest_first for part in each))
    rows = [[f"until: {part}", *_pairs(found, [part])] for part in parts if part != LAST]
    before = parts[: parts.index(FIRST) + 1]
    sums = {"before the first trial": before, "after the last trial": ["prompt"]}
    return rows + [[name, *_pairs(found, included)] for name, included in sums.items()]


def _pairs(found: Mapping[str, Mapping[str, Spent]], parts: Sequence[str]) -> list[str]:
    """Return seconds and CPU seconds of each code, and the ratio of the CPU seconds."""
    sums = [
        [sum(getattr(each[p], what) for p in parts if p in each) for what in ("seconds", "cpu")]
        for each in found.values()
    ]
    ratio = f"{sums[1][1] / sums[0][1]:.2f}" if sums[0][1] else ""
    return [f"{seconds:.2f} ({cpu:.2f} CPU)" for seconds, cpu in sums] + [ratio]


def import_rows(places: Mapping[str, Place], rounds: int) -> list[list[str]]:
    """Return the CPU milliseconds of the imports of `list` and of a search, by package.

    The search runs in an empty folder, and its data were prepared by an earlier one.
    """
    rows = []
    for command in ("list", "search"):
        taken = {
            name: [_imports(place, command) for _ in range(rounds)]
            for name, place in places.items()
        }
        for title, names in {**PACKAGES, "all others": []}.items():
            cells = [
                f"{1000 * median(seconds_of(one, names) for one in t):.0f}" for t in taken.values()
            ]
            rows.append([f"`{command}`", title, *cells])
    return rows


def _imports(place: Place, command: str) -> dict[str, float]:
    if command == "list":
        return place.imports("list")
    with empty_folder() as folder:
        inside = Place(place.tree, folder, place.cache)
        return inside.imports("search", digits(place), "--trials", "6", "--quiet")


def seconds_of(seconds: Mapping[str, float], names: Sequence[str]) -> float:
    """Return the seconds of these packages; of none, those of all packages without a row."""
    if names:
        return sum(seconds.get(name, 0.0) for name in names)
    named = {name for group in PACKAGES.values() for name in group}
    return sum(took for name, took in seconds.items() if name not in named)


def large_rows(places: Mapping[str, Place], sizes: Sizes, rounds: int) -> list[list[str]]:
    """Return a row for each command on large things, with the verdict on this checkout."""
    made = {name: commands(place, sizes["rows"]) for name, place in places.items()}
    rows = []
    for command, (seconds, megabytes) in AIMS.items():
        taken: dict[str, list[Spent]] = {name: [] for name in places}
        for _ in range(rounds):
            for name in places:
                taken[name].append(made[name][command]())
        before, now = (middle(each) for each in taken.values())
        cells = [f"{one.seconds:.2f} ({one.cpu:.2f} CPU)" for one in (before, now)]
        memory = [f"{one.megabytes:.0f}" if one.megabytes else "" for one in (before, now)]
        aim = f"{seconds} s" + (f", {megabytes} MB" if megabytes else "")
        is_within = now.cpu < seconds and now.megabytes < (megabytes or np.inf)
        verdict = "reached" if is_within else "missed"
        if sizes != SIZES:
            verdict = "of the full size"
        rows.append([command, *cells, f"{now.cpu / before.cpu:.2f}", *memory, aim, verdict])
        print(*rows[-1], flush=True)
    return rows


def compile_all(tree: Path) -> None:
    """Compile the modules, as an installation does."""
    for path in (tree / "dnnsearch").rglob("*.py"):
        py_compile.compile(str(path), quiet=1)


def main(given: Sequence[str] | None = None) -> None:
    parser = report.parser_of(__file__, __doc__)
    parser.add_argument("--before", type=Path, default=ROOT, metavar="FOLDER", help="a checkout")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="number of rounds")
    parser.add_argument("--rows", type=int, metavar="N", help="of the table, instead of a million")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="for what is prepared")
    asked = parser.parse_args(given)
    sizes, rounds = (TINY, 1) if asked.tiny else (SIZES, asked.rounds)
    sizes = {**sizes, **({"rows": asked.rows} if asked.rows else {})}
    with contextlib.ExitStack() as stack:
        folder = asked.keep or stack.enter_context(empty_folder())
        folder = folder.resolve()
        folder.mkdir(parents=True, exist_ok=True)
        trees = {"before": asked.before.resolve(), "now": ROOT}
        places = {name: Place(tree, folder, folder / "cache") for name, tree in trees.items()}
        for tree in trees.values():
            compile_all(tree)
        prepare(places["before"], places["now"], sizes)
        spent = ["part", "before", "now", "CPU now / before"]
        parts = report.table(spent, search_rows(searches(places, rounds)))
        header = ["command", "package", "before, CPU ms", "now, CPU ms"]
        imports = report.table(header, import_rows(places, rounds))
        header = ["command", *spent[1:], "before, MB", "now, MB", "aim", "aim is, by CPU"]
        large = report.table(header, large_rows(places, sizes, rounds))
    rows = f"{sizes['rows']} rows to predict. {measured_on()}"
    report.write(asked.out, __doc__, parts, imports, large, rows)


if __name__ == "__main__":
    main()
