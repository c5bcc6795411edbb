"""Is a search with a drafted config at least as good as scikit-learn's network, on anybody's table?

Question:    on the test rows, is what `new` and `search` find, or what `promote` makes of it,
             behind a Pipeline with MLPClassifier(64, 32) (MLPRegressor for numbers), beyond the
             95 % interval?
Scientific:  who trains: the search's best trial, on train with dev to choose by; its champion, 16
             networks of the cheapest of five configurations that are tied, on train and dev; or
             scikit-learn on both. Of the large sets no champion, for that would take hours
Nuisance:    the split, which is the seed of everything: 0, 1, ...; 10 of them
Fixed:       the files of --data, a folder with the sets of the table SETS; accuracy (R2 for
             numbers) as what both are judged by; the trials of the table
Command:     python experiments/own_data.py --data FOLDER [--splits 10] [--only NAME] [--tiny]
Result:      own_data.md, written by this program
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
from dnnsearch.cli.pin_numerics import pin
from dnnsearch.config.config import load_config
from dnnsearch.data import file_table
from dnnsearch.data.file_table import FileTable
from dnnsearch.models.model_file import read
from dnnsearch.study.search import search
from dnnsearch.trials.run import TrialView
from dnnsearch.workers import Progressed
from experiments import report


class Set(NamedTuple):
    """A file, its target, and how many trials it is worth."""

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
    """All on the same test rows."""

    trial: float  # the best trial
    champion: float  # NaN where none is promoted
    peer: float


class Nobody:
    """Who watches these searches."""

    def expect(self, trials: int) -> None: ...

    def trial(self, view: TrialView) -> None: ...

    def progress(self, event: Progressed) -> None: ...

    def say(self, text: str) -> None: ...


def peer(table: FileTable) -> Pipeline:
    """What one would write with scikit-learn: the same roles, its own defaults."""
    roles = table.roles
    words = [name for name, role in roles.items() if role == "category"]
    numbers = [name for name in roles if name not in words]
    prepare = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), words),
    )
    kind = MLPRegressor if table.task == "regression" else MLPClassifier
    return make_pipeline(prepare, kind(hidden_layer_sizes=(64, 32), random_state=0))


def once(config: Path, seed: int, trials: int, promoted: bool) -> Scores:
    """One split: search, promote, and score trial, champion and peer on its test rows."""
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
    search(load_config(config, [*settings, "tracking=none"]), seconds=None, audience=Nobody())
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
    """The peer's mean, and what `verdict` says of trial and champion."""
    trials, champions, peers = np.array(scores).T
    return [f"{peers.mean():.4f}", *verdict(trials, peers), *verdict(champions, peers)]


def verdict(ours: np.ndarray, theirs: np.ndarray) -> list[str]:
    """The mean, the mean difference with its 95 % interval over the splits, and what that says."""
    difference = ours - theirs
    if np.isnan(difference).all():
        return ["-"] * 3
    half = 0.0
    if len(difference) > 1:
        error = difference.std(ddof=1) / np.sqrt(len(difference))
        half = float(stats.t.ppf(0.975, len(difference) - 1) * error)
    says = "behind" if difference.mean() + half < 0 else "not behind"
    if difference.mean() - half > 0:
        says = "ahead"
    return [f"{ours.mean():.4f}", f"{difference.mean():+.4f} ± {half:.4f}", says]


def measure(folder: Path, name: str, splits: int, tiny: bool) -> list[str]:
    """One row of the table."""
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
    """The rows that an earlier run has left."""
    lines = out.read_text(encoding="utf-8").splitlines() if out.exists() else []
    cells = [[cell.strip() for cell in line.strip("| ").split("|")] for line in lines]
    return {row[0]: row for row in cells if row[0] in SETS and len(row) == len(HEADER)}


HEADER = (
    *("set", "seeds", "trials", "scikit-learn"),
    *("best trial", "from scikit-learn", "is"),
    *("champion", "from scikit-learn", "is"),
)


def main(given: Sequence[str] | None = None) -> None:
    """Measure the sets that are there, and write the table."""
    options = _arguments(given)
    folder, out = options.data.resolve(), options.out.resolve()
    names = options.only or [name for name, one in SETS.items() if (folder / one.file).exists()]
    with tempfile.TemporaryDirectory() as workplace, chdir(workplace):
        os.environ.setdefault("DNNSEARCH_CACHE", str(Path(workplace, "cache")))
        for name in names:  # what was measured before stays: a set can take its time
            found = measure(folder, name, options.splits, options.tiny)
            rows = {**measured(out), name: found}
            ordered = [rows[one] for one in SETS if one in rows]
            report.write(out, __doc__ or "", report.table(HEADER, ordered))


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = report.parser_of(__file__, __doc__ or "")
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--splits", type=int, default=10)
    parser.add_argument("--only", action="append", choices=list(SETS), help="a set; repeatable")
    return parser.parse_args(given)


if __name__ == "__main__":
    pin("portable")
    main()
