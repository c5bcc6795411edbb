"""The main road from a file to a served model, for every kind of task, test set, repeats and split.

`make test` walks those few ways that have each choice, to the end; `make proof` walks all.
"""

import json
from itertools import combinations, product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dnnsearch.config.new_config import new
from dnnsearch.errors import UserError
from dnnsearch.models import model_file
from dnnsearch.tracking.scoring_server import CheckedServer
from tests.support.preloaded import Preloaded
from tests.support.scoring import ask_app

ROWS = 150
ROUNDING = 1e-5  # of float32 networks under other kernels
TASKS = ("binary", "multiclass", "imbalanced", "regression")
TEST_SETS = ("drawn", "file")
REPEATS = {"folds": ["folds=3"], "replicates": ["replicates=2"], "neither": ["folds=none"]}
SPLITS = {
    "plain": [],
    "grouped": ["split.by=house"],
    "timed": ["split.by=day", "split.order=time"],
}
SMALL = [
    *("trials=2", "parallelism=2", "workers=1", "tracking=none", "iterations=20"),
    *("hidden_layers=1", "units=4", "curve_every=10", "metrics=[]", "replicates=1"),
]
Way = tuple[str, str, str, str]
Choices = set[tuple[tuple[int, str], ...]]  # one or two of a way
EVERY = list(product(TASKS, TEST_SETS, REPEATS, SPLITS))


def is_refused(way: Way) -> bool:
    """Folds are drawn row by row: they cannot keep groups or an order."""
    return way[2] == "folds" and way[3] != "plain"


def single(way: Way) -> Choices:
    return set(combinations(enumerate(way), 1))


def pairs(way: Way) -> Choices:
    return set(combinations(enumerate(way), 2))


def selection(ways: list[Way]) -> list[Way]:
    """Return few of the ways with all choices that occur in them, and many pairs of choices."""
    left, others, chosen = set().union(*map(single, ways)), set().union(*map(pairs, ways)), []
    while left:
        news = [(len(single(way) & left), len(pairs(way) & others)) for way in ways]
        chosen.append(ways[news.index(max(news))])
        left, others = left - single(chosen[-1]), others - pairs(chosen[-1])
    return chosen


def table(task: str, seed: int, rows: int = ROWS) -> pd.DataFrame:
    """Return numbers with gaps, a category, a household, a day, and a target that depends on x."""
    rng = np.random.default_rng(seed)
    x, city = rng.normal(size=rows), rng.choice(["Rome", "Oslo"], rows)
    drive = x + (city == "Rome") + 0.2 * rng.normal(size=rows)
    targets = {
        "binary": np.where(drive > 0.5, "yes", "no"),
        "multiclass": np.array(["low", "middle", "high"])[np.digitize(drive, [0.1, 0.9])],
        "imbalanced": np.where(np.arange(rows) % 10 == 0, "rare", "usual"),
        "regression": 100 + 7 * drive,
    }
    z = np.where(rng.random(rows) < 0.1, np.nan, rng.normal(size=rows))
    day = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.permutation(rows), unit="D")
    columns = {"x": x, "z": z, "city": city, "house": rng.integers(0, rows // 3, rows)}
    return pd.DataFrame({**columns, "day": day.strftime("%Y-%m-%d"), "y": targets[task]})


class Road:
    """One way through the commands, in a folder of its own."""

    def __init__(self, program: Preloaded, folder: Path, way: Way) -> None:
        self.program, self.folder, self.way = program, folder, way
        for seed, name in enumerate(("train", "test", "newer", "newer_test")):
            rows = ROWS if name in ("train", "newer") else 40
            table(way[0], seed, rows).to_csv(folder / f"{name}.csv", index=False)

    def run(self, *arguments: str, codes: tuple[int, ...] = (0,)) -> str:
        found = self.program.start(self.folder, *arguments)
        assert found.wait() in codes, f"{self.way} {arguments}: {found.said}"
        return found.said

    def new(self) -> None:
        _, test_set, repeats, split = self.way
        settings = [f"--set={one}" for one in (*SMALL, *REPEATS[repeats], *SPLITS[split])]
        test = ["--test", "test.csv"] if test_set == "file" else []
        self.run("new", "train.csv", "--target=y", *test, *settings)

    def search(self) -> None:
        said = self.run("search", "configs/train.yaml")
        assert "fingerprint " in said

    def promote(self) -> Path:
        few = ("--top=1", "--replicates=2", "--json", "--quiet")
        said = json.loads(self.run("promote", "train", *few, codes=(0, 1)).splitlines()[-1])
        if self.way[1] == "file":
            assert said["test"]["examples"] == 40
        return self.folder / said["file"]

    def predict(self, file: Path) -> pd.DataFrame:
        self.run("predict", str(file), "newer.csv", "--out=answers.jsonl")
        lines = (self.folder / "answers.jsonl").read_text().splitlines()
        answers = pd.DataFrame([json.loads(line) for line in lines])
        given = pd.read_csv(self.folder / "newer.csv")["y"]
        assert len(answers) == len(given)
        if self.way[0] != "regression":
            assert set(answers["prediction"]) <= set(given)
        return answers

    def serve(self, file: Path, answers: pd.DataFrame) -> None:
        app = CheckedServer(model_file.read(file), 10**6)
        status, body = ask_app(app, [(self.folder / "newer.csv").read_bytes()], "text/csv")
        assert status == 200, body
        found = pd.DataFrame(json.loads(body)["predictions"])
        # this process's BLAS is not pinned, as that of `predict` and `serve` is
        pd.testing.assert_frame_equal(found, answers[list(found)], rtol=ROUNDING)

    def retune(self) -> None:
        few = ("--top=1", "--replicates=2", "--first=1", "--json", "--quiet")
        said = self.run("retune", "train", "--data=newer.csv", *few)
        assert json.loads(said.splitlines()[-1])["verdict"] in ("keep", "replace")

    def report(self) -> None:
        self.run("report", "train", "--quiet")
        assert "</html>" in (self.folder / "report-train.html").read_text()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DNNSEARCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("DNNSEARCH_STORAGE", raising=False)
    return tmp_path


WALKED = [way for way in EVERY if not is_refused(way)]
SELECTION = selection(WALKED)


@pytest.mark.parametrize(
    "way",
    [
        pytest.param(w, marks=[] if w in SELECTION else [pytest.mark.proof], id="-".join(w))
        for w in WALKED
    ],
)
def test_the_main_road_can_be_walked(program: Preloaded, folder: Path, way: Way) -> None:
    road = Road(program, folder, way)
    road.new()
    road.search()
    file = road.promote()
    road.serve(file, road.predict(file))
    road.retune()
    road.report()


@pytest.mark.parametrize("way", [way for way in EVERY if is_refused(way)], ids="-".join)
def test_folds_with_groups_or_an_order_are_refused_by_new(
    folder: Path, monkeypatch: pytest.MonkeyPatch, way: Way
) -> None:
    monkeypatch.chdir(folder)
    task, test_set, repeats, split = way
    for name in ("train", "test"):
        table(task, len(name)).to_csv(f"{name}.csv", index=False)
    rule = "folds are drawn row by row: they cannot be combined with split.by"
    settings = [*SMALL, *REPEATS[repeats], *SPLITS[split]]
    with pytest.raises(UserError, match=rule):
        new("train.csv", "y", test="test.csv" if test_set == "file" else None, settings=settings)
