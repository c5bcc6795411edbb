"""Configurations that suit many tables, as the first trials of a study: `start: portfolio-1`.

`portfolios.json` has for each name and each kind of target a list, the best alone first, then those
that complement it. `portfolio-1` was learnt from recorded runs on public tables by
`experiments/portfolio.py`, which wrote it; `images-1` was chosen by hand on the training images of
Fashion-MNIST (`experiments/LOG.md`). A list never changes once it is released; a new one gets a new
name.
"""

import json
import math
from functools import cache
from importlib.resources import files

from dnnsearch.data.prepare import DataShape
from dnnsearch.trials.hyperparameter_row import Value

FILE = "portfolios.json"
KINDS = {"sigmoid": "classes", "softmax": "classes", "identity": "numbers"}
MIN_ITERATIONS = 300  # a small table has few mini-batches in an epoch

Params = dict[str, Value]


@cache
def portfolios() -> dict[str, dict[str, list[Params]]]:
    """Return name -> kind of target -> configurations, with `epochs` in place of iterations."""
    text = (files("dnnsearch.config") / FILE).read_text(encoding="utf-8")
    found: dict[str, dict[str, list[Params]]] = json.loads(text)
    return found


def starts(name: str | None, shape: DataShape) -> list[Params]:
    """Return the configurations for data of this shape; none if no portfolio is named."""
    if name is None:
        return []
    return [for_shape(one, shape) for one in portfolios()[name][KINDS[shape.output]]]


def for_shape(one: Params, shape: DataShape) -> Params:
    """Return a configuration of a portfolio with its epochs as iterations on these data."""
    rest = {key: value for key, value in one.items() if key != "epochs"}
    updates = int(one["epochs"]) * math.ceil(shape.train / int(one["batch_size"]))
    return {**rest, "iterations": max(updates, MIN_ITERATIONS)}
