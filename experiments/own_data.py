"""Is a search with a config written by `new` as good as scikit-learn's network on public data?

Question:    do the models of `new`, `search` and `promote` score better or worse on the test rows
             than a Pipeline with MLPClassifier(64, 32) (MLPRegressor for numbers)?
Scientific:  the model: the best trial of the search, trained on train and chosen on dev; its
             champion, 16 networks of the cheapest tied configuration, trained on train and dev; or
             scikit-learn, trained on train and dev. The large sets have no champion, since that
             would take hours
Nuisance:    the split; its number is the seed of split and search: 0, 1, ..., 9
Fixed:       the files of --data, a folder with the sets of the table SETS; accuracy as the score
             (R2 for numbers); the number of trials, in the table
Command:     python experiments/own_data.py --data FOLDER [--splits 10] [--only NAME] [--tiny]
Result:      own_data.md, written by this program. `ahead` and `behind` mean that the 95 % interval
             of the mean difference to scikit-learn over the splits excludes 0; otherwise it is
             `undecided`. A verdict holds for these splits of one table, not for other tables
"""

import argparse
import os
import tempfile
import warnings
from collections.abc import Sequence
from contextlib import chdir
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import stats
from sklearn.compose import make_column_transformer
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.metrics import accuracy_score, r2_score
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import dnnsearch
from dnnsearch.cli.startup import pin
from dnnsearch.config.config import load_config
from dnnsearch.data import file_table
from dnnsearch.data.file_table import FileTable
from dnnsearch.models.model_file import read
from dnnsearch.study.search import NoObserver, search
from experiments import report


class Set(NamedTuple):
    """A file, its target, and the number of trials of its searches."""

    file: str
    target: str
    trials: int = 20
    task: str = ""
    promoted: bool = True


SETS = {
    "german_credit": Set("german_credit/german.csv", "20"),
    "credit_arff": Set("german_credit/credit.g.arff", "class"),
    "horse_colic": Set("horse_colic/horse-colic.csv", "23"),
    "wine_red": Set("wine_quality/winequality-red-header.csv", "quality"),
    "wine_white": Set("wine_quality/winequality-white-noheader.csv", "-1"),
    "wine_red_numbers": Set("wine_quality/winequality-red-noheader.csv", "-1", task="regression"),
    "adult": Set("adult/adult.data", "-1", trials=12, promoted=False),
    "fashion_mnist": Set("fashion_mnist", "", trials=6, promoted=False),
}


class Scores(NamedTuple):
    """The scores on the same test rows."""

    trial: float  # the best trial
    champion: float  # NaN if none is promoted
    peer: float


def peer(table: FileTable) -> Pipeline:
    """Return a usual scikit-learn pipeline: the same roles of columns, its own defaults."""
    roles = table.roles
    categories = [name for name, role in roles.items() if role == "category"]
    numbers = [name for name in roles if name not in categories]
    prepare = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), categories),
    )
    kind = MLPRegressor if table.task == "regression" else MLPClassifier
    return make_pipeline(prepare, kind(hidden_layer_sizes=(64, 32), random_state=0))


def once(config: Path, seed: int, trials: int, promoted: bool) -> Scores:
    """Search and promote on one split; score trial, champion and peer on its test rows."""
    loaded = load_config(config, [f"split.seed={seed}"])
    table = file_table.load_table(loaded.data, None)
    rows = table.split(loaded.split, None)
    frame, y = table.frame, _labels(table, table.target.y)
    test, y_test = table.test or (frame.iloc[rows["test"]], table.target.y[rows["test"]])
    both = np.concatenate([rows["train"], rows["dev"]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        theirs = peer(table).fit(frame.iloc[both], y[both]).predict(test)
    name = f"{config.stem}-{seed}"
    settings = [f"study={name}", f"split.seed={seed}", f"seed={seed}", f"trials={trials}"]
    settings += [] if table.task == "regression" else ["objective=dev_accuracy", "metrics=[]"]
    settings = [*settings, "tracking=none"]
    search(load_config(config, settings), seconds=None, observer=NoObserver())
    truth = _labels(table, y_test)

    def score(answers: np.ndarray) -> float:
        measure = r2_score if table.task == "regression" else accuracy_score
        return float(measure(truth, np.asarray(answers).astype(truth.dtype)))

    best = score(dnnsearch.load(name).best.predict(test))
    champion = np.nan
    if promoted:
        champion = score(read(dnnsearch.promote(name).file).predict(test))
    return Scores(best, champion, score(theirs))


def _labels(table: FileTable, y: np.ndarray) -> np.ndarray:
    return np.array(table.target.classes)[y] if table.target.classes else y


def verdicts(scores: Sequence[Scores]) -> list[str]:
    """Return the peer's mean score, and the `verdict` on trial and champion."""
    trials, champions, peers = np.array(scores).T
    return [f"{peers.mean():.4f}", *verdict(trials, peers), *verdict(champions, peers)]


def verdict(ours: np.ndarray, theirs: np.ndarray) -> list[str]:
    """Return the mean score, the mean difference with its 95 % interval, and the verdict."""
    difference = ours - theirs
    if np.isnan(difference).all():
        return ["-"] * 3
    half = 0.0
    if len(difference) > 1:
        error = difference.std(ddof=1) / np.sqrt(len(difference))
        half = float(stats.t.ppf(0.975, len(difference) - 1) * error)
    word = "behind" if difference.mean() + half < 0 else "undecided"
    if difference.mean() - half > 0:
        word = "ahead"
    return [f"{ours.mean():.4f}", f"{difference.mean():+.4f} ± {half:.4f}", word]


def measure(folder: Path, name: str, splits: int, tiny: bool) -> list[str]:
    """Return the row of one data set."""
    chosen = SETS[name]
    task = {"data.task": chosen.task} if chosen.task else {}
    config = dnnsearch.new(
        folder / chosen.file, chosen.target or None, name=name, set=task, quiet=True
    )
    trials = 2 if tiny else chosen.trials
    scores = []
    for seed in range(splits):
        scores.append(once(config, seed, trials, chosen.promoted))
        print(name, seed, *(f"{score:.4f}" for score in scores[-1]), flush=True)
    return [name, f"0 to {splits - 1}", str(trials), *verdicts(scores)]


def measured(out: Path) -> dict[str, list[str]]:
    """Return the rows that an earlier run wrote, by data set."""
    lines = out.read_text(encoding="utf-8").splitlines() if out.exists() else []
    cells = [[cell.strip() for cell in line.strip("| ").split("|")] for line in lines]
    return {row[0]: row for row in cells if row[0] in SETS and len(row) == len(HEADER)}


HEADER = (
    *("set", "seeds", "trials", "scikit-learn"),
    *("best trial", "difference", "verdict"),
    *("champion", "difference", "verdict"),
)


def main(given: Sequence[str] | None = None) -> None:
    """Measure the sets that exist in --data, and write the table."""
    options = _arguments(given)
    folder, out = options.data.resolve(), options.out.resolve()
    names = options.only or [name for name, one in SETS.items() if (folder / one.file).exists()]
    with tempfile.TemporaryDirectory() as workplace, chdir(workplace):
        os.environ.setdefault("DNNSEARCH_CACHE", str(Path(workplace, "cache")))
        for name in names:  # written after each set, since a set can take hours; other rows stay
            found = measure(folder, name, options.splits, options.tiny)
            rows = {**measured(out), name: found}
            ordered = [rows[one] for one in SETS if one in rows]
            report.write(out, __doc__ or "", report.table(HEADER, ordered))


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = report.parser_of(__file__, __doc__ or "")
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--splits", type=int, default=10)
    parser.add_argument(
        "--only", action="append", choices=list(SETS), help="measure this set; repeatable"
    )
    return parser.parse_args(given)


if __name__ == "__main__":
    pin("portable")
    main()
