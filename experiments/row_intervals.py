"""Do intervals and sets of labels of single rows hold what they promise?

Question:    how many new rows do the intervals of `predict --interval` hold, at 50 to 95 %, if
             networks are trained on one part of a table and the scores are those of another one?
             And how often do intervals of differences with paired seeds, those of `why` and
             `compare`, contain the true difference?
Scientific:  the kind of the data (noise that is the same or differs, classes), and the rows of dev
Nuisance:    rows and seeds, drawn again in each of 20 tables
Fixed:       8 networks with 32 hidden units, 400 updates; a model's scores are those of dev as
             `promote` computes them. The paired differences are of 8 networks with a common effect
             of the seed, and of the example, on 200 examples
Command:     python experiments/row_intervals.py [--tiny]
Result:      row_intervals.md, written by this program

How to read the tables. First: the mean share of 4,000 new rows that is held, over the tables, with
the smallest and the largest share. Conformal prediction promises the mean: a share of one table
differs from it with the luck of its dev rows. `width` is the mean width of a 90 % interval, or the
mean number of labels in a set. Second: how often the 95 % interval contains the true difference,
and its mean width as a share of that without pairing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean

import numpy as np

from dnnsearch.models.conformal import Conformal, of_labels, of_residuals
from dnnsearch.nn.outputs import OUTPUTS
from dnnsearch.statistics.difference_to_best import Comparison
from dnnsearch.statistics.score_sample import ScoreSample
from dnnsearch.trials.hyperparameters import Hyperparameters
from dnnsearch.trials.input_pieces import input_pieces, network
from dnnsearch.trials.run import run_trial
from dnnsearch.trials.spec import ARITHMETIC, Spec
from experiments.report import arguments, table, write

LEVELS = (0.5, 0.8, 0.9, 0.95)
NETWORKS, TRAIN, NEW, TABLES, PAIRS = 8, 300, 4000, 20, 2000
HYPER = Hyperparameters(0.1, 400, (32,), "tanh", 0.9, 32)


@dataclass(frozen=True)
class World:
    """A distribution of rows."""

    name: str
    dev: int
    classes: int = 0  # 0 is a regression
    differs: bool = False  # whether the noise of a regression depends on the row

    def draw(self, rng: np.random.Generator, m: int) -> tuple[np.ndarray, np.ndarray]:
        """Return inputs (m, 4) and targets (m,)."""
        X = rng.standard_normal((m, 4))
        drive = np.sin(2 * X[:, 0]) + 0.5 * X[:, 1] * X[:, 2]
        if not self.classes:
            noise = 0.2 + (np.abs(X[:, 3]) if self.differs else 0.3)
            return X, (drive + noise * rng.standard_normal(m)) / 1.2
        cuts = np.linspace(-1, 1, self.classes + 1)[1:-1]
        return X, np.digitize(drive + 0.4 * rng.standard_normal(m), cuts)


WORLDS = (
    World("regression, the same noise", 100),
    World("regression, noise that differs", 100, differs=True),
    World("regression, noise that differs", 400, differs=True),
    World("2 classes", 100, 2),
    World("5 classes", 100, 5),
    World("5 classes", 400, 5),
)


def drawn(world: World, rng: np.random.Generator, dev: int) -> dict[str, np.ndarray]:
    """Return the arrays of a table with `TRAIN` and `dev` rows, as a trial has them."""
    kind = np.int64 if world.classes else np.float32
    data: dict[str, np.ndarray] = {}
    for part, m in (("train", TRAIN), ("dev", dev)):
        X, y = world.draw(rng, m)
        data |= {f"X_{part}": X.astype(np.float32), f"y_{part}": y.astype(kind)}
    return data if world.classes else {**data, "target": np.array([0.0, 1.0])}


def spec_of(
    world: World, seed: int, hyper: Hyperparameters = HYPER, networks: int = NETWORKS
) -> Spec:
    """Return the spec of a training; those of one seed have the same random numbers."""
    return Spec(
        hyperparameters=hyper,
        seed=seed,
        number=0,
        data=world.name,
        split=str(seed),
        arrays=str(seed),
        features=4,
        outputs=world.classes if world.classes > 2 else 1,
        train_examples=TRAIN,
        output="identity" if not world.classes else "sigmoid" if world.classes == 2 else "softmax",
        objective="dev_accuracy" if world.classes else "dev_rmse",
        initialization="he",
        dtype="float32",
        curve_every=hyper.iterations,
        numerics="native",
        arithmetic=ARITHMETIC,
        streams=0,
        replicates=networks,
    )


def logits(
    spec: Spec, data: dict[str, np.ndarray], parts: Sequence[np.ndarray]
) -> list[np.ndarray]:
    """Return Z[L] (R, n[L], m) of the spec's networks, trained, for each of the parts (m, 4)."""
    hyper = spec.hyperparameters
    pieces = input_pieces(hyper, spec.input_shape, data)
    parameters = spec.parameters(run_trial(spec, data).parameters)
    trained = network(parameters, hyper, spec.output, pieces)
    return [trained.logits(X.astype(np.float32).T) for X in parts]


def outputs(
    world: World, data: dict[str, np.ndarray], seed: int, parts: Sequence[np.ndarray]
) -> list[np.ndarray]:
    """Return A[L] (R, n[L], m) of trained networks for each of the parts (m, 4)."""
    spec = spec_of(world, seed)
    function = OUTPUTS[spec.output].activation.function
    return [function(Z.astype(float), None) for Z in logits(spec, data, parts)]


def chances(A: np.ndarray) -> np.ndarray:
    """Return probabilities (m, classes) of outputs (R, n[L], m)."""
    mean = A.mean(axis=0).T
    return np.hstack([1 - mean, mean]) if mean.shape[1] == 1 else mean


def held(world: World, seed: int) -> tuple[list[float], float]:
    """Return the share of new rows that is held at each level, and the mean width at 90 %."""
    rng = np.random.default_rng([seed, world.dev, world.classes, world.differs])
    data, (new, u) = drawn(world, rng, world.dev), world.draw(rng, NEW)
    t = data["y_dev"]
    on_dev, on_new = outputs(world, data, seed, [data["X_dev"], new])
    if world.classes:
        found, given = of_labels(chances(on_dev), t), chances(on_new)
        sets = [found.sets(given, given.argmax(axis=1), level) for level in LEVELS]
        size = float(sets[2].sum(axis=1).mean())
        return [float(one[np.arange(NEW), u].mean()) for one in sets], size
    spreads = [A[:, 0].std(axis=0, ddof=1) for A in (on_dev, on_new)]
    scores: Conformal = of_residuals(t - on_dev[:, 0].mean(axis=0), spreads[0])
    wrong = np.abs(u - on_new[:, 0].mean(axis=0))
    halves = [scores.half_widths(spreads[1], level) for level in LEVELS]
    return [float((wrong <= half).mean()) for half in halves], 2 * float(halves[2].mean())


def row(world: World, tables: int) -> list[str]:
    """Return the line of one world."""
    found = [held(world, seed) for seed in range(tables)]
    shares = np.array([each for each, _ in found])
    cells = [f"{s.mean():.1%} ({s.min():.0%} to {s.max():.0%})" for s in shares.T]
    return [world.name, str(world.dev), *cells, f"{fmean(width for _, width in found):.2f}"]


def paired(common: float, is_share: bool, pairs: int) -> list[str]:
    """Return the line of one kind of pairs of configurations; `common` is the luck of a seed."""
    rng, inside, widths = np.random.default_rng(int(100 * common) + is_share), 0, []
    truth = []
    for _ in range(pairs):
        hard = rng.standard_normal((1, 200))
        luck = common * rng.standard_normal((NETWORKS, 1))
        both = []
        for skill in (1.1, 1.0):
            own = 0.1 * rng.standard_normal((NETWORKS, 1))
            drive = skill + hard + luck + own + 0.5 * rng.standard_normal((NETWORKS, 200))
            both.append(ScoreSample((drive > 0).astype(float) if is_share else drive, is_share))
        pair = Comparison(both, maximize=True, paired=True)
        truth.append((pair.means[0] - pair.means[1], pair.difference(0, 1)))
        apart = replace(pair, paired=False).difference(0, 1)
        widths.append((truth[-1][1].high - truth[-1][1].low) / (apart.high - apart.low))
    expected = fmean(gap for gap, _ in truth)
    inside = sum(expected in interval for _, interval in truth)
    kind = "accuracy" if is_share else "a mean"
    return [kind, f"{common:g}", f"{inside / pairs:.1%}", f"{fmean(widths):.2f}"]


def main(argv: Sequence[str] | None = None) -> None:
    given = arguments(__file__, __doc__, argv)
    worlds, tables, pairs = (WORLDS[:1], 2, 20) if given.tiny else (WORLDS, TABLES, PAIRS)
    header = ["world", "dev rows", *(f"{level:.0%}" for level in LEVELS), "width"]
    first = table(header, [row(world, tables) for world in worlds])
    kinds = [(common, is_share) for is_share in (False, True) for common in (0.0, 0.3, 1.0)]
    header = ["score", "common luck of a seed", "contain the truth", "width"]
    second = table(header, [paired(*kind, pairs) for kind in kinds])
    write(given.out, __doc__, f"{tables} tables of each world.", first, f"{pairs} pairs.", second)


if __name__ == "__main__":
    main()
