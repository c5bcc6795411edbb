"""Do the 95 % intervals of `promote` hold the truth, and does it find a gap that is there?

Question:    in simulated studies whose true accuracies are known: how often does a 95 % interval
             contain the true value, after the best 5 of 40 were chosen on the same dev set? How
             often is a true gap of 3 standard errors found, and a gap that does not exist?
Scientific:  the size of dev and test, how good the configurations are and how much they differ, how
             much of an example's difficulty is shared by all configurations
Nuisance:    the configurations, the examples and the seeds, drawn again in each study
Fixed:       40 configurations, of which 5 are retrained with 16 fresh networks each; the comparison
             is the code of `promote`. Network r of configuration k is right on example i if

                 skill[k] + common[i] + own[k, i] + seed[k, r] + rest[k, i, r] > 0

             where all terms are normal, so the expected accuracy of k is known exactly
Command:     python experiments/honest_intervals.py [--tiny]
Result:      honest_intervals.md, written by this program

How to read the tables. First: how often an interval contains the true value. `test`: accuracy of
the chosen configuration on the test set. `from best`: difference of each other configuration to the
leader, counted one by one. `pairs`: each of the ten differences, counted one by one. `dev`: the
leader's accuracy on dev; `promote` does not print this interval, because dev chose the leader.
`best kept` is how often the truly best of the five is among those tied with the leader.

Second: the best of 2 or of 5 configurations is better than each of the others by 3 standard errors
of a difference (`of 2`, `of 5`), or by 3 standard errors of one accuracy, which is the error that
`promote` shows (`shown`). The columns count how often a certain one of the others is called worse.
If all five are equal, `one` is how often a certain one is called worse, and `any` how often at
least one is.

Third: networks that guess. `false` is how often their test accuracy is called better than guessing.
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
    """A distribution of studies; `common` to `rest` are the standard deviations of the terms."""

    name: str
    examples: int  # in dev, and as many in test
    skill: float  # the mean accuracy
    spread: float  # standard deviation of the accuracies
    common: float = 1.0
    own: float = 0.4
    seed: float = 0.1
    rest: float = 0.5

    @property
    def margin(self) -> float:
        """Return the standard deviation of the sum of the four random terms."""
        parts = (self.common, self.own, self.seed, self.rest)
        return float(np.linalg.norm(parts))


WORLDS = (
    World("digits", 360, 0.97, 0.01),
    World("breast_cancer", 114, 0.96, 0.01),
    World("hard", 1000, 0.80, 0.01),
    World("all equal", 360, 0.90, 0.0),
    World("nearly perfect", 200, 0.99, 0.005),
    World("own hard examples", 500, 0.80, 0.01, own=1.0),
    World("noisy seeds", 500, 0.80, 0.01, seed=0.4),
)


class Studies:
    """The studies of one world, drawn one after another."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.rng = world, np.random.default_rng(seed)

    def skills(self, accuracies: np.ndarray) -> np.ndarray:
        """Return the skills (K,) with exactly these expected accuracies (K,)."""
        return np.asarray(norm.ppf(accuracies) * self.world.margin)

    def draw(self) -> np.ndarray:
        """Return the true accuracies (40,) of the configurations of one study."""
        normal = self.rng.standard_normal(SEARCHED)
        return np.clip(self.world.skill + self.world.spread * normal, 0.01, 0.9995)

    def examples(self, configurations: int) -> np.ndarray:
        """Return how easy each example is for each configuration, (K, m)."""
        m, world = self.world.examples, self.world
        own = world.own * self.rng.standard_normal((configurations, m))
        return np.asarray(world.common * self.rng.standard_normal(m) + own)

    def right(self, skill: float, easy: np.ndarray, networks: int) -> np.ndarray:
        """Return whether each network is right on each example, (networks, m)."""
        world, rng = self.world, self.rng
        seeds = world.seed * rng.standard_normal((networks, 1))
        rest = world.rest * rng.standard_normal((networks, len(easy)))
        return np.asarray(skill + easy + seeds + rest > 0)

    def measured(self, skill: float, easy: np.ndarray) -> ScoreSample:
        return ScoreSample(self.right(skill, easy, NETWORKS).astype(float), is_share=True)


def promoted(studies: Studies) -> dict[str, float]:
    """Simulate a search and a promotion; return the share of each kind of interval that holds."""
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
    """Return whether each configuration whose accuracy is lower by `gap` is called worse."""
    easy = studies.examples(candidates)
    accuracies = np.full(candidates, studies.world.skill - gap)
    accuracies[0] = studies.world.skill
    skills = studies.skills(accuracies)
    measured = [studies.measured(a, e) for a, e in zip(skills, easy, strict=True)]
    contest = Comparison(measured, maximize=True)
    return [k not in contest.tied for k in range(1, candidates)]


def errors(studies: Studies, draws: int) -> tuple[float, float]:
    """Return the true standard errors of one accuracy and of a difference at a gap of 3 of them."""
    of_one, of_two = 0.0, 0.0
    for _ in range(6):  # the gap changes the errors, which define the gap: repeat until stable
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
    """Return the row of one world in the first table."""
    drawn = Studies(world, seed)
    found = [promoted(drawn) for _ in range(studies)]
    shares = [_share([one[name] for one in found]) for name in found[0]]
    return [world.name, str(world.examples), *shares]


def gaps(world: World, studies: int, seed: int) -> list[str]:
    """Return the row of one world in the second table."""
    drawn = Studies(world, seed)
    of_one, of_two = errors(drawn, 5 * studies)
    planted = ((2, of_two), (2, of_one), (5, of_two), (5, of_one))
    called = [[worse(drawn, k, GAP * e)[0] for _ in range(studies)] for k, e in planted]
    equal = [worse(drawn, CONFIRMED, 0.0) for _ in range(studies)]
    lost = [[one[0] for one in equal], [any(one) for one in equal]]
    return [world.name, f"{of_one:.4f}", f"{of_two:.4f}", *map(_share, [*called, *lost])]


def noise(examples: int, studies: int, seed: int) -> list[str]:
    """Return a row of the third table: how often guessing networks are called better."""
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
        f"How often the intervals contain the true value, in {studies} studies of each world:",
        table(header, held),
        "How often a configuration worse by 3 standard errors is called worse, and an equal one:",
        table(["world", "error of one", "of a difference", *planted], seen),
        "How often guessing is called better than guessing:",
        table(["examples", "false"], lucky),
    )


if __name__ == "__main__":
    main()
