"""Does the test figure's interval hold with the pieces that `promote` fits on dev?

Question:    in simulated studies whose true probabilities are known: how often does the 95 %
             interval of the promoted model's test figure contain its true value, when ensemble,
             temperature and threshold were fitted on dev? How often is a piece taken, and how often
             is a piece that was taken truly better?
Scientific:  the rows of dev and test, the objective, and what is wrong with the networks: nothing,
             logits that are too large, logits shifted as by class weights, errors of their own
Nuisance:    the rows, their labels and the seeds, drawn again in each study
Fixed:       4 configurations of 8 networks each; the best on dev is chosen; the pieces and the
             interval are the code of `promote`. With t the true log odds of a row, network r of
             configuration k has the logit

                 slope * (t + own[k, row] + rest[k, r, row]) + bias

             and the true value of a model is its value on 20,000 further rows
Command:     python experiments/honest_pieces.py [--tiny]
Result:      honest_pieces.md, written by this program

How to read the table. `plain` and `test`: how often the interval of the test figure contains the
true value, of the chosen networks alone and with what was taken. The other columns are for each
piece how often it was taken and, after the slash, how many of those were truly better.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import mean

import numpy as np

from dnnsearch.models.calibration import Calibration
from dnnsearch.models.mixture import weighted_mean
from dnnsearch.promotion.dev_outputs import DevOutputs
from dnnsearch.promotion.ensemble_choice import choose_ensemble
from dnnsearch.promotion.fitted_pieces import LOG_LOSS, fit_pieces
from dnnsearch.statistics.cross_fitting import random_parts
from dnnsearch.statistics.example_scores import contributions, metric_value
from dnnsearch.statistics.score_sample import ScoreSample
from dnnsearch.trials.metrics import METRICS
from experiments.report import arguments, table, write

CONFIGURATIONS, NETWORKS, POPULATION = 4, 8, 20_000
PIECES = ("ensemble", "temperature", "threshold")


@dataclass(frozen=True)
class World:
    """A distribution of studies."""

    name: str
    objective: str
    rows: int  # in dev, and as many in test
    slope: float = 1.0
    bias: float = 0.0
    frequency: float = 0.0  # the mean of the true log odds
    own: float = 0.5
    rest: float = 0.5

    @property
    def is_weighted(self) -> bool:
        return self.bias != 0


WORLDS = (
    World("small errors", "dev_cost", 500),
    World("small errors", "dev_accuracy", 500),
    World("too sure", "dev_cost", 200, slope=2.5),
    World("class weights", "dev_cost", 500, bias=2.5, frequency=-3.0),
    World("class weights", "dev_balanced_accuracy", 500, bias=2.5, frequency=-3.0),
    World("rare", "dev_f1", 500, frequency=-3.0),
    World("own errors", "dev_cost", 1000, own=1.5),
    World("own errors", "dev_accuracy", 1000, own=1.5),
)


@dataclass
class Rows:
    """Rows with their labels, and the mean outputs (1, m) of each configuration for them."""

    world: World
    rng: np.random.Generator
    m: int
    y: np.ndarray = field(init=False)
    outputs: list[np.ndarray] = field(init=False)

    def __post_init__(self) -> None:
        rng, world = self.rng, self.world
        odds = world.frequency + 2.0 * rng.standard_normal(self.m)
        self.y = (rng.random(self.m) < 1 / (1 + np.exp(-odds))).astype(np.int64)
        self.outputs = [self._answers(odds) for _ in range(CONFIGURATIONS)]

    def _answers(self, odds: np.ndarray) -> np.ndarray:
        world, rng = self.world, self.rng
        own = world.own * rng.standard_normal(self.m)
        rest = world.rest * rng.standard_normal((NETWORKS, self.m))
        Z = world.slope * (odds + own + rest) + world.bias
        return np.asarray((1 / (1 + np.exp(-Z))).mean(axis=0, keepdims=True))


@dataclass(frozen=True)
class Promoted:
    """A model: the weights of the configurations, and what follows their mean."""

    weights: Sequence[int]
    calibration: Calibration

    def logits(self, rows: Rows, metric: str) -> np.ndarray:
        A = weighted_mean(rows.outputs, self.weights)
        of_labels = METRICS[metric].of_labels
        return self.calibration.label_logits(A) if of_labels else self.calibration.logits(A)

    def value(self, rows: Rows, metric: str) -> float:
        """Return how good it is on these rows, larger is better."""
        found = metric_value(metric, "sigmoid", self.logits(rows, metric), rows.y)
        return METRICS[metric].direction.sign * found

    def holds(self, test: Rows, population: Rows, metric: str) -> bool:
        """Return whether the test figure's interval contains the true value."""
        values = contributions(metric, "sigmoid", self.logits(test, metric)[np.newaxis], test.y)
        interval = ScoreSample(values, METRICS[metric].is_share).interval
        return METRICS[metric].direction.sign * self.value(population, metric) in interval


def study(world: World, rng: np.random.Generator) -> dict[str, list[float]]:
    """Simulate a promotion; return what holds, and whether each piece that was taken is better."""
    dev, test, population = (Rows(world, rng, m) for m in (world.rows, world.rows, POPULATION))
    alone = [[int(k == j) for j in range(CONFIGURATIONS)] for k in range(CONFIGURATIONS)]
    values = [Promoted(one, Calibration()).value(dev, world.objective) for one in alone]
    first = int(np.argmax(values))
    plain = Promoted(alone[first], Calibration())
    known = DevOutputs(
        world.objective, "sigmoid", dev.y, 1.0, random_parts(world.rows), dev.outputs
    )
    weights, ensemble = choose_ensemble(known, first, range(CONFIGURATIONS))
    chosen = Promoted(weights, Calibration()) if ensemble.taken else plain
    fitted = fit_pieces(known, weighted_mean(dev.outputs, chosen.weights), world.is_weighted)
    model = Promoted(chosen.weights, fitted.calibration or Calibration())
    taken = dict(zip(PIECES, (ensemble, *fitted.tried)))
    steps = {"ensemble": (plain, chosen), "temperature": (chosen, model)}
    better = {
        name: [float(new.value(population, metric) > old.value(population, metric))]
        for name, one in taken.items()
        if one.taken
        for old, new in [steps.get(name, (chosen, model))]
        for metric in [LOG_LOSS if name == "temperature" else world.objective]
    }
    return {
        "plain": [plain.holds(test, population, world.objective)],
        "test": [model.holds(test, population, world.objective)],
        **{name: better.get(name, []) for name in PIECES},
    }


def row(world: World, studies: int, seed: int) -> list[str]:
    """Return the row of one world."""
    rng = np.random.default_rng(seed)
    found = [study(world, rng) for _ in range(studies)]
    held = [f"{mean(one[name][0] for one in found):.1%}" for name in ("plain", "test")]
    has_threshold = world.objective in ("dev_f1", "dev_balanced_accuracy")
    shown = PIECES if has_threshold else PIECES[:2]
    shares = [_taken([one[name] for one in found]) for name in shown]
    name = world.objective.removeprefix("dev_")
    return [world.name, name, str(world.rows), *held, *shares, *[""] * (3 - len(shown))]


def _taken(found: Sequence[list[float]]) -> str:
    better = [value for one in found for value in one]
    share = f"{len(better) / len(found):.1%}"
    return f"{share} / {mean(better):.1%}" if better else share


def main(given: Sequence[str] | None = None) -> None:
    chosen = arguments(__file__, __doc__ or "", given)
    studies = 2 if chosen.tiny else 200
    worlds = WORLDS[1:6:4] if chosen.tiny else WORLDS
    rows = [row(world, studies, seed) for seed, world in enumerate(worlds)]
    header = ["world", "objective", "rows", "plain", "test", *PIECES]
    write(
        chosen.out,
        __doc__ or "",
        f"How often intervals hold and pieces are taken, in {studies} studies of each world:",
        table(header, rows),
    )


if __name__ == "__main__":
    main()
