"""dnnsearch on one split of a table, as a user runs it: `new`, `search`, `promote`, `predict`."""

import json
import os
import re
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

import dnnsearch
from dnnsearch.config.config import load_config
from dnnsearch.config.portfolio import for_shape
from dnnsearch.config.search_space import into_space
from dnnsearch.deployment.lookup import find
from dnnsearch.storage.array_store import ArrayStore, default_root
from dnnsearch.study.definition import resolve_definition
from dnnsearch.urls import storage_url
from experiments.tables_data import TARGET, Split

WORKERS = 2
SEARCH_SHARE = 0.5  # of the seconds; a promotion as drafted costs at most what its search did
NETWORKS = 4  # of trial 0 alone, in one stack


def starts_for(portfolio: str | None, table: str) -> list[Mapping[str, Any]] | None:
    """Return the first trials of a table, learnt without it; None for those that `new` drafts.

    `portfolio` is the path of a JSON list, in which `{table}` stands for the table's name.
    """
    if portfolio is None:
        return None
    found: list[Mapping[str, Any]] = json.loads(
        Path(portfolio.replace("{table}", table)).read_text(encoding="utf-8")
    )
    return found


def promoted(
    split: Split, seconds: float, share: float, starts: list[Mapping[str, Any]] | None
) -> tuple[np.ndarray, dict[str, Any]]:
    """Return the answers of the promoted model of a search as drafted, and what they took.

    No trial starts after this share of the seconds.
    """
    with folder_of(split):
        began = time.monotonic()
        config = drafted(split, {}, starts)
        left = round(seconds * share - (time.monotonic() - began))
        study = dnnsearch.search(
            config,
            seconds=max(1, left),
            workers=WORKERS,
            quiet=True,
        )
        searched = time.monotonic()
        found = dnnsearch.promote(study.name, workers=WORKERS)
        ended = time.monotonic()
        took = {
            "seconds": ended - began,
            "search_seconds": searched - began,
            "promote_seconds": ended - searched,
            "trials": len(study.trials),
            "best": study.best.number,
            "promoted": found.trial,
        }
        return answers(split, str(found.file)), took


def trial_0(
    split: Split, starts: list[Mapping[str, Any]] | None
) -> tuple[np.ndarray, dict[str, Any]]:
    """Return the answers of trial 0 alone, NETWORKS networks in a stack, and what it took."""
    with folder_of(split):
        began = time.monotonic()
        config = drafted(split, {"replicates": NETWORKS, "folds": "none"}, starts)
        number = 0 if starts is None else 1  # the first of a `try_first` follows trial 0
        study = dnnsearch.search(config, trials=number + 1, workers=1, quiet=True)
        took = {"seconds": time.monotonic() - began}
        made = study[number].record.document["made"]
        took["training_seconds"] = float(made["seconds"])
        return answers(split, f"{study.name}/{number}"), took


@contextmanager
def folder_of(split: Split) -> Iterator[None]:
    """Work in a folder of its own, with the two files and a cache of its own."""
    with tempfile.TemporaryDirectory(prefix="tables-") as folder, chdir(folder):
        cache = {"DNNSEARCH_CACHE": str(Path(folder, "cache"))}
        with mock.patch.dict(os.environ, cache):
            split.write(Path(folder))
            yield


def drafted(split: Split, more: Mapping[str, Any], starts: list[Mapping[str, Any]] | None) -> Path:
    """Return the drafted config; with `starts` these are its first trials, not the portfolio."""
    settings = {**split.settings(), **more, **({} if starts is None else {"start": "none"})}
    path = dnnsearch.new(
        "train.csv", TARGET, name="table", test="test.csv", overrides=settings, quiet=True
    )
    if starts is not None:
        config = load_config(path)
        shape = resolve_definition(config, ArrayStore(default_root())).prepared.shape
        guesses = [into_space(for_shape(dict(one), shape), config, shape) for one in starts]
        text = re.sub(r"(?m)^try_first:.*$", f"try_first: {json.dumps(guesses)}", path.read_text())
        path.write_text(text)
    return path


def answers(split: Split, model: str) -> np.ndarray:
    """Return probabilities (m, classes) in the table's order of classes, or values (m,)."""
    table = dnnsearch.predict(model, "test.csv")
    assert not isinstance(table, Path)
    if split.table.kind == "numbers":
        return table.iloc[:, -1].to_numpy(np.float64)
    known = find(model, storage_url(None), lambda line: None).classes
    names = [str(name) for name in known.tolist()]
    shares = table.iloc[:, -len(names) :].to_numpy(np.float64)
    answers = np.zeros((len(shares), len(split.table.classes)))
    for column, name in enumerate(names):
        answers[:, split.table.classes.index(name)] = shares[:, column]
    return answers
