"""Train every combination of a config's choices, on all cores.

A grid is a config whose hyperparameters are fixed values or lists of choices. It uses neither a
sampler nor MLflow, since it trains all points of a small space.
"""

from collections.abc import Iterator
from itertools import product
from typing import Any

from dnnsearch.config.config import Config
from dnnsearch.config.dimensions import Choices, Dimension, Fixed
from dnnsearch.storage.array_store import ArrayStore, default_root
from dnnsearch.study.definition import resolve_definition
from dnnsearch.study.worker_factory import local_workers
from dnnsearch.trials.hyperparameter_row import Value
from dnnsearch.trials.hyperparameters import Hyperparameters
from dnnsearch.trials.record import Record, decode
from dnnsearch.workers import Done, Failed


def combinations(config: Config) -> Iterator[Hyperparameters]:
    """Yield all combinations in order; all hidden layers have the same number of units."""
    names = list(config.hyper)
    for values in product(*(choices(config.hyper[name]) for name in names)):
        chosen: dict[str, Any] = dict(zip(names, values, strict=True))
        units = (chosen.pop("units"),) * chosen.pop("hidden_layers")
        yield Hyperparameters(units=units, **chosen)


def choices(dimension: Dimension) -> tuple[Value, ...]:
    """Return the values of one hyperparameter; raise TypeError if it is a range."""
    match dimension:
        case Fixed(value):
            return (value,)
        case Choices(values):
            return values
    raise TypeError(f"a grid needs fixed values and choices, but got {dimension}")


def train(config: Config) -> list[Record]:
    """Return the records of all combinations, in order; raise RuntimeError if a trial fails."""
    definition = resolve_definition(config, ArrayStore(default_root()))
    specs = [definition.spec(i, hyper, []) for i, hyper in enumerate(combinations(config))]
    records: dict[int, Record] = {}
    with local_workers(definition, config.processes, default_root()) as workers:
        for spec in specs:
            workers.submit(spec)
        while len(records) < len(specs):
            for event in workers.poll(timeout=1):
                if isinstance(event, Failed):
                    raise RuntimeError(f"{specs[event.number]}: {event.cause}")
                if isinstance(event, Done):
                    records[event.number] = decode(event.packed)
    return [records[spec.number] for spec in specs]
