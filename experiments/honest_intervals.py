"""Are the intervals of a promotion honest, and does it call a gap that is there?

Question:    over studies whose truth is known, how often does a 95 % interval hold it, after the
             best 5 of 40 were chosen on the same dev set; and how often is a true gap of 3 standard
             errors called, and one that is not there?
Scientific:  the size of dev and test, how good the configurations are and how much they differ,
             how much of an example's difficulty is all configurations' and how much is one's own
Nuisance:    the configurations, the examples and the seeds, drawn anew in each study
Fixed:       40 configurations, of which 5 are confirmed with 16 fresh networks each; the comparison
             is the code of `promote`. A network is right on an example if

                 skill[k] + common[i] + own[k, i] + seed[k, r] + rest[k, i, r] > 0

             all of them normal, so that the expectation of each configuration is known exactly
Command:     python experiments/honest_intervals.py [--tiny]
Result:      honest_intervals.md, written by this program

Reading it: `test` is the interval of the figure that counts, of the chosen configuration on the
test set. Each comparison is by itself, and so it is counted: `from best` are the intervals of
each of the others beside the leader, `pairs` those of each of the ten differences; `best kept` says
how often the truly best of the five is among the tied ones. `dev` is what the interval of the
leader's own figure on dev would hold: dev has chosen it, so promote prints no interval there and
says that it flatters. A gap is planted between the best and each of the others: 3 standard errors
of their difference (`of 2`: where two were confirmed, `of 5`: where five were), or 3 standard
errors of one figure, as they stand beside the figures (`shown`). What that costs is seen where all
are equal: `one` is how often a certain one of them is called worse than the leader, `any` how often
any is. Of nothing but noise, `false` says how often a test figure is taken for better than
guessing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from statistics import mean

import numpy as np
from scipy.stats import norm

from dnnsearch.statistics.difference_to_best import Comparison
from dnnsearch.statistics.score_sample import ScoreSample
from experiments.report import arguments, table, write

SEARCHED, CONFIRMED, NETWORKS = 40, 5, 16
GAP = 3.0  # standard errors


@dataclass(frozen=True)
class World:
    """What studies are drawn from; the standard deviations are those of the parts of the margin."""

    name: str
    examples: int  # of dev, and of test
    skill: float  # the accuracy in the middle
    spread: float  # of the accuracies
    common: float = 1.0
    own: float = 0.4
    seed: float = 0.1
    rest: float = 0.5

    @property
    def margin(self) -> float:
        """The standard deviation of all that is drawn for one answer."""
        parts = (self.common, self.own, self.seed, self.rest)
        return float(np.linalg.norm(parts))


WORLDS = (
    World("digits", 360, 0.97, 0.01),
    World("breast_cancer", 114, 0.96, 0.01),
    World("hard", 1000, 0.80, 0.01),
    World("all equal", 360, 0.90, 0.0),
    World("nearly perfect", 200, 0.99, 0.005),
    World("wayward examples", 500, 0.80, 0.01, own=1.0),
    World("wayward seeds", 500, 0.80, 0.01, seed=0.4),
)


class Studies:
    """One world's studies, drawn one after another."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.rng = world, np.random.default_rng(seed)

    def skills(self, accuracies: np.ndarray) -> np.ndarray:
        """What gives these expectations, exactly."""
        return np.asarray(norm.ppf(accuracies) * self.world.margin)

    def draw(self) -> np.ndarray:
        """Accuracies (40,) of the configurations of a study."""
        normal = self.rng.standard_normal(SEARCHED)
        return np.clip(self.world.skill + self.world.spread * normal, 0.01, 0.9995)

    def examples(self, configurations: int) -> np.ndarray:
        """How easy each example is for each configuration, (K, m)."""
        m, world = self.world.examples, self.world
        own = world.own * self.rng.standard_normal((configurations, m))
        return np.asarray(world.common * self.rng.standard_normal(m) + own)

    def right(self, skill: float, easy: np.ndarray, networks: int) -> np.ndarray:
        """(networks, m): whether each network of a configuration is right on each example."""
        world, rng = self.world, self.rng
        seeds = world.seed * rng.standard_normal((networks, 1))
        rest = world.rest * rng.standard_normal((networks, len(easy)))
        return np.asarray(skill + easy + seeds + rest > 0)

    def measured(self, skill: float, easy: np.ndarray) -> ScoreSample:
        return ScoreSample(self.right(skill, easy, NETWORKS).astype(float), is_share=True)


def promoted(studies: Studies) -> dict[str, float]:
    """What holds of one study: searched, the best confirmed on the same dev set, one tested."""
    truth = studies.draw()
    skills, dev = studies.skills(truth), studies.examples(SEARCHED)
    searched = [studies.right(a, e, 1).mean() for a, e in zip(skills, dev, strict=True)]
    best = np.argsort(-np.array(searched), kind="stable")[:CONFIRMED]
    contest = Comparison([studies.measured(skills[k], dev[k]) for k in best], maximize=True)
    truth, leader = truth[best], contest.leader
    others = [k for k in range(CONFIRMED) if k != leader]
    pairs = combinations(range(CONFIRMED), 2)
    tested = studies.measured(skills[best[leader]], studies.examples(1)[0])
    return {
        "test": truth[leader] in tested.interval,
        "from best": mean(
            truth[k] - truth[leader] in contest.difference_to_best(k) for k in others
        ),
        "pairs": mean(truth[a] - truth[b] in contest.difference(a, b) for a, b in pairs),
        "best kept": bool(np.isin(np.flatnonzero(truth == truth.max()), contest.tied).any()),
        "dev": truth[leader] in contest.candidates[leader].interval,
    }


def worse(studies: Studies, candidates: int, gap: float) -> list[bool]:
    """Whether each of those that are worse by this much, in accuracy, is called worse."""
    easy = studies.examples(candidates)
    accuracies = np.full(candidates, studies.world.skill - gap)
    accuracies[0] = studies.world.skill
    skills = studies.skills(accuracies)
    measured = [studies.measured(a, e) for a, e in zip(skills, easy, strict=True)]
    contest = Comparison(measured, maximize=True)
    return [k not in contest.tied for k in range(1, candidates)]


def errors(studies: Studies, draws: int) -> tuple[float, float]:
    """The true standard errors of one figure and of a difference, at the gap that is planted."""
    of_one, of_two = 0.0, 0.0
    for _ in range(6):  # the gap decides how often the worse one errs, and that decides the gap
        pair = np.array([0.0, GAP * of_two])
        found = []
        for _ in range(draws):
            easy = studies.examples(2)
            skills = studies.skills(studies.world.skill - pair)
            found.append([studies.measured(a, e).mean for a, e in zip(skills, easy, strict=True)])
        one, other = np.array(found).T
        of_one, of_two = float(one.std(ddof=1)), float((one - other).std(ddof=1))
    return of_one, of_two


def row(world: World, studies: int, seed: int) -> list[str]:
    """One world's line of the first table."""
    drawn = Studies(world, seed)
    found = [promoted(drawn) for _ in range(studies)]
    shares = [_share([one[name] for one in found]) for name in found[0]]
    return [world.name, str(world.examples), *shares]


def gaps(world: World, studies: int, seed: int) -> list[str]:
    """One world's line of the second table."""
    drawn = Studies(world, seed)
    of_one, of_two = errors(drawn, 5 * studies)
    planted = ((2, of_two), (2, of_one), (5, of_two), (5, of_one))
    called = [[worse(drawn, k, GAP * e)[0] for _ in range(studies)] for k, e in planted]
    equal = [worse(drawn, CONFIRMED, 0.0) for _ in range(studies)]
    lost = [[one[0] for one in equal], [any(one) for one in equal]]
    return [world.name, f"{of_one:.4f}", f"{of_two:.4f}", *map(_share, [*called, *lost])]


def noise(examples: int, studies: int, seed: int) -> list[str]:
    """How often networks that know nothing are taken for better than guessing."""
    drawn = Studies(World("noise", examples, 0.5, 0.0, own=0.0), seed)
    easy = (drawn.examples(1)[0] for _ in range(studies))
    found = [drawn.measured(0.0, each).interval.low > 0.5 for each in easy]
    return [str(examples), _share(found)]


def _share(holds: Sequence[float]) -> str:
    return f"{mean(holds):.1%}"


def main(given: Sequence[str] | None = None) -> None:
    chosen = arguments(__file__, __doc__ or "", given)
    studies = 5 if chosen.tiny else 2000
    worlds = [replace(w, examples=60) for w in WORLDS[:2]] if chosen.tiny else WORLDS
    held = [row(world, studies, seed) for seed, world in enumerate(worlds)]
    seen = [gaps(world, studies, seed) for seed, world in enumerate(worlds) if world.spread]
    lucky = [noise(m, studies, m) for m in (100, 1000)]
    header = ["world", "examples", "test", "from best", "pairs", "best kept", "dev"]
    planted = ["of 2", "of 2, shown", "of 5", "of 5, shown", "one", "any"]
    write(
        chosen.out,
        __doc__ or "",
        f"What holds, of {studies} studies of each world:",
        table(header, held),
        "How often one that is worse by 3 standard errors is called worse, and of five equal ones:",
        table(["world", "error of one", "of a difference", *planted], seen),
        "How often noise is taken for a find:",
        table(["examples", "false"], lucky),
    )


if __name__ == "__main__":
    main()
