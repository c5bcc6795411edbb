"""A made file, the table in most of them, and the register of kinds."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

ROWS = 80
CITIES = ("Köln", "Málaga", "Łódź", "Zürich", "Ulm")
NUMBERS = ("tenure", "price", "share")
NAMES = (*NUMBERS, "city", "member", "left")


@dataclass(frozen=True)
class Made:
    """A file: its name and content, further files, the arguments of `new`, and what it holds."""

    name: str
    content: bytes
    arguments: Sequence[str] = ("--target", "left")
    others: dict[str, bytes] = field(default_factory=dict)
    saved: bytes = b""  # the same table as CSV, as a spreadsheet program saves it


Maker = Callable[[random.Random], Made]
KINDS: dict[str, Maker] = {}


def kind(maker: Maker) -> Maker:
    """Add a maker of files to KINDS, under its name."""
    KINDS[maker.__name__.strip("_").replace("_", " ")] = maker
    return maker


def frame(rng: random.Random, rows: int = ROWS) -> pd.DataFrame:
    """Return a table of customers with numbers, categories and a target that can be learnt."""
    tenure = [round(rng.uniform(0, 60), 1) for _ in range(rows)]
    return pd.DataFrame(
        {
            "tenure": tenure,
            "price": [round(rng.lognormvariate(6, 1), 2) for _ in range(rows)],
            "share": [rng.randint(0, 1000) / 10 for _ in range(rows)],
            "city": [rng.choice(CITIES[3:]) for _ in range(rows)],
            "member": [rng.random() < 0.5 for _ in range(rows)],
            "left": ["yes" if t + rng.gauss(0, 10) < 25 else "no" for t in tenure],
        }
    )


def csv(table: pd.DataFrame, encoding: str = "utf-8", **options: Any) -> bytes:
    """Return a table as text."""
    options = {"index": False, "lineterminator": "\n", **options}
    return str(table.to_csv(None, **options)).encode(encoding)


def text(table: pd.DataFrame, **options: Any) -> Made:
    """Return a table as a file of text, with the arguments of `csv`."""
    return Made("customers.csv", csv(table, **options))
