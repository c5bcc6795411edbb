"""Simulated studies for which the right findings of a report are known, drawn at random.

The results are written as records and rows, without training: a report reads nothing else, a rule
such as "the best learning rate lies outside of the space" is then exactly true, and hundreds can be
drawn. Data, split, spec, sampler, record and row are real; only the results of `run_trial` are made
up, with predictions as accurate as the rule says. One study of each kind that training can produce
is really trained in `test_trained`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
import optuna
from optuna.trial import FrozenTrial

from dnnsearch.config.config import Config, parse_config
from dnnsearch.config.search_space import suggest
from dnnsearch.data.prepare import prepare
from dnnsearch.nn import number_of_parameters
from dnnsearch.storage.array_store import ArrayStore, default_root
from dnnsearch.storage.optuna_storage import open_storage
from dnnsearch.study.definition import Definition
from dnnsearch.study.ledger import _attributes
from dnnsearch.study.replayed_study import STATES, objective_curve, optuna_value
from dnnsearch.trials.hyperparameters import Hyperparameters
from dnnsearch.trials.record import Record, decode, encode, encode_failure, fingerprint
from dnnsearch.trials.record_store import Records
from dnnsearch.trials.run import Result
from dnnsearch.trials.spec import Spec

SPACE = {
    "learning_rate": {"low": 0.001, "high": 1.0, "log": True},
    "iterations": {"low": 300, "high": 900},
    "hidden_layers": [1, 2, 3],
    "units": {"low": 8, "high": 64, "log": True},
    "activation": ["relu", "tanh"],
    "momentum": {"low": 0.5, "high": 0.98},
    "batch_size": [16, 32, 64, 128],
    "curve_every": 30,
}


@dataclass(frozen=True)
class Outcome:
    """The outcome of a trial by the rule."""

    right: float  # share of dev examples; below 0: predictions are independent of the labels
    end: str = "finished"
    tail: float = 0.0  # how steeply the dev cost still falls at the end


Rule = Callable[[Hyperparameters, np.random.Generator], Outcome]


class RiggedRows(list[FrozenTrial]):
    """The rows, with an empty database beside them: no test set was opened."""

    attributes: Mapping[str, Any] = MappingProxyType({})

    @cached_property
    def storage(self) -> Any:
        default_root().mkdir(parents=True, exist_ok=True)
        return open_storage(f"sqlite:///{default_root()}/rigs.db", create=True)


@dataclass
class Rigged:
    """The part of OpenStudy that reports use, in memory."""

    name: str
    config: Config
    definition: Mapping[str, Any]
    rows: RiggedRows = field(default_factory=RiggedRows)
    made: dict[int, Record] = field(default_factory=dict)

    @property
    def attributes(self) -> dict[str, str]:
        return {"id": "0" * 32}

    @property
    def records(self) -> Records:
        """Return an empty folder: nothing was promoted."""
        return Records(default_root() / "rigs", self.name)

    def trials(self) -> list[FrozenTrial]:
        return self.rows

    def record(self, number: int) -> Record:
        return self.made[number]

    def fingerprint(self, trials: int | None = None) -> str:
        return fingerprint(record.digest for record in self.made.values())


@cache
def defined(data: str, cache_folder: str, **changes: Any) -> Definition:
    config = parse_config({"data": data, **SPACE, **changes}, "rig.yaml", "rig")
    return Definition(config, prepare(config, ArrayStore(default_root())), "native")


def rigged(
    rule: Rule,
    rng: np.random.Generator,
    trials: int,
    *,
    data: str = "digits",
    tpe: bool = False,
    name: str = "rig",
) -> Rigged:
    """Return a study whose trials end as the rule says."""
    definition = defined(data, str(default_root()))
    study = Rigged(name, definition.config, definition.as_dict())
    labels = ArrayStore(default_root()).open(definition.prepared.key)["y_dev"]
    seed = int(rng.integers(2**31))
    sampler = optuna.samplers.TPESampler if tpe else optuna.samplers.RandomSampler
    replayed = optuna.create_study(direction="maximize", sampler=sampler(seed=seed))
    for number in range(trials):
        trial = replayed.ask()
        hyper = suggest(trial, definition.config)
        spec = definition.spec(number, hyper, [])
        record = played(spec, rule(hyper, rng), labels, rng)
        study.made[number] = record
        replayed.tell(trial, optuna_value(record), STATES[record.end])
        row = replayed.get_trials()[number]
        row.intermediate_values = objective_curve(record)
        row.user_attrs = {"spec": spec.digest, "dnnsearch": _attributes(record)}
        study.rows.append(row)
    return study


def played(spec: Spec, outcome: Outcome, labels: np.ndarray, rng: np.random.Generator) -> Record:
    if outcome.end == "failed":
        return decode(encode_failure(spec, "MemoryError: <b>planted</b>", ""))
    classes = spec.outputs if spec.outputs > 1 else 2
    predictions = answers(outcome, labels, classes, rng)
    right = float((predictions == labels).mean())
    steps = np.append(np.arange(0, spec.updates, spec.curve_every), spec.updates)
    result = Result(
        end=outcome.end,
        steps=steps.astype(np.int64),
        curves=curves(outcome, steps, right, classes, rng),
        cost=spec.cost(spec.updates),
        parameters=0.1 * np.ones((1, number_of_parameters(spec.layer_sizes)), np.float32),
        dev_predictions=predictions[np.newaxis].astype(np.uint8),
        dev_outputs="0" * 64,
        seconds=0.1,
    )
    return decode(encode(spec, result, {}))


def answers(
    outcome: Outcome, labels: np.ndarray, classes: int, rng: np.random.Generator
) -> np.ndarray:
    """Return predictions that prefer some classes, independent of the labels."""
    if outcome.right < 0:
        return rng.choice(classes, len(labels), p=rng.dirichlet(np.ones(classes)))
    wrong = (labels + rng.integers(1, classes, len(labels))) % classes
    return np.where(rng.random(len(labels)) < outcome.right, labels, wrong)


def curves(
    outcome: Outcome, steps: np.ndarray, right: float, classes: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Return costs that fall from log(classes) to a level, mostly long before the end."""
    progress = steps / steps[-1]
    start, level = np.log(classes), 0.05 + 2 * (1 - right)
    cost = level + (start - level) * np.exp(-12 * progress) + outcome.tail * (1 - progress)
    cost = cost * (1 + 0.01 * rng.normal(size=len(steps)))
    accuracy = np.linspace(1 / classes, right, len(steps)) + 0.002 * rng.normal(size=len(steps))
    accuracy[-1] = right
    if outcome.end == "diverged":
        cost[len(cost) // 2 :] = np.nan
    every = {"dev_cost": cost, "train_cost": 0.8 * cost, "dev_accuracy": accuracy}
    every["train_accuracy"] = np.clip(accuracy + 0.01, 0, 1)
    return {name: curve[np.newaxis] for name, curve in every.items()}


def place(hyper: Hyperparameters) -> float:
    """Return the position of the learning rate on its axis, from 0 to 1."""
    return float(np.log(hyper.learning_rate / 0.001) / np.log(1000))


def clean(rng: np.random.Generator) -> Rule:
    """An optimum inside the space, two hyperparameters that matter alike, a few that diverge."""
    best, top = rng.uniform(0.45, 0.55), rng.uniform(0.85, 0.98)
    momentum = rng.uniform(0.72, 0.76)  # near the middle: then both explain the same share

    def rule(hyper: Hyperparameters, chance: np.random.Generator) -> Outcome:
        loss = 0.9 * (place(hyper) - best) ** 2 + 4.0 * (hyper.momentum - momentum) ** 2
        loss += 0.03 * (hyper.activation == "tanh")
        return Outcome(top - min(loss, 0.5), "diverged" if chance.random() < 0.05 else "finished")

    return rule


def beyond_the_edge(rng: np.random.Generator) -> Rule:
    """The best learning rate lies outside, above or below."""
    best, top = rng.choice([-0.4, 1.4]), rng.uniform(0.85, 0.98)
    return lambda hyper, _: Outcome(top - 0.25 * (place(hyper) - best) ** 2)


def only_depth(rng: np.random.Generator) -> Rule:
    """Only the number of hidden layers matters."""
    by_depth = dict(zip([1, 2, 3], rng.permutation([0.55, 0.7, 0.95]), strict=True))
    return lambda hyper, _: Outcome(by_depth[hyper.hidden_layers])


def shuffled_labels(rng: np.random.Generator) -> Rule:
    """The predictions on dev are independent of the labels: the networks overfit."""
    return lambda hyper, _: Outcome(-1.0)


def diverging(rng: np.random.Generator) -> Rule:
    """Learning rates in the upper two fifths diverge; below there is an optimum."""
    best, top = rng.uniform(0.2, 0.4), rng.uniform(0.85, 0.98)

    def rule(hyper: Hyperparameters, _: np.random.Generator) -> Outcome:
        end = "diverged" if place(hyper) > 0.6 else "finished"
        return Outcome(top - 0.9 * (place(hyper) - best) ** 2, end)

    return rule


def too_short(rng: np.random.Generator) -> Rule:
    """Like a clean study, but every curve still falls at the end."""
    rule, tail = clean(rng), rng.uniform(0.8, 1.5)
    return lambda hyper, chance: Outcome(rule(hyper, chance).right, tail=tail)
