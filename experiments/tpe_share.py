"""How long does TPE take to propose a trial in a study of 10,000, and what bounds it?

Question:    how does the time of one proposal grow with the trials of a study, what share of a
             trial is that, and what takes it?
Scientific:  the number of trials that the study has; the number of searched hyperparameters
Nuisance:    other load on the machine: processor time, and the median of 15 proposals
Fixed:       the study in memory that a coordinator asks, with Optuna's TPE as dnnsearch sets it, 6
             trials in flight. The trials before are drawn at random and told with a made-up value,
             so nothing is trained and only the proposals at the end are TPE's
Command:     python experiments/tpe_share.py [--tiny]
Result:      experiments/tpe_share.md, written by this program
"""

import cProfile
import pstats
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from dnnsearch.config.config import parse_config
from dnnsearch.study.replayed_study import ReplayedStudy
from experiments import report
from experiments.machine import measured_on

SIZES = (100, 1000, 2000, 5000, 10_000)
PROPOSALS, IN_FLIGHT, MODULES = 15, 6, 5
TRIAL_SECONDS = 10.0
FEW: dict[str, Any] = {
    "data": "digits",
    "trials": 100_000,
    "learning_rate": {"low": 0.001, "high": 1.0, "log": True},
    "iterations": 1000,
    "hidden_layers": [1, 2, 3],
    "units": {"low": 16, "high": 128, "log": True},
    "activation": ["relu", "tanh"],
    "momentum": {"low": 0.0, "high": 0.95},
    "batch_size": [16, 32, 64],
}
MANY: dict[str, Any] = {
    **FEW,
    "descent": ["momentum", "adamw"],
    "schedule": ["constant", "cosine"],
    "dropout": {"low": 0.0, "high": 0.5},
    "weight_decay": {"low": 1e-4, "high": 0.1, "log": True},
    "label_smoothing": {"low": 0.0, "high": 0.2},
    "clip": {"low": 0.1, "high": 10.0, "log": True},
}
SPACES = {"seven": FEW, "seven and six pieces": MANY}


class LongStudy:
    """A study that grows by random trials, and can then be asked as a coordinator asks it."""

    def __init__(self, config: dict[str, Any]) -> None:
        tpe = parse_config(config, "tpe_share", "tpe_share")
        self.study = ReplayedStudy(tpe)
        self.random = tpe.model_copy(update={"sampler": "random"})
        self.tpe, self.asked = tpe, 0

    def grow(self, trials: int) -> None:
        """Have so many trials, of which the last ones are in flight."""
        self.study.config = self.random
        while self.asked < trials:
            self.ask()

    def propose(self) -> float:
        """Return the processor time (s) of one proposal of TPE."""
        self.study.config = self.tpe
        began = time.process_time()
        self.ask()
        return time.process_time() - began

    def ask(self) -> None:
        """Ask a trial, and tell the one that is due."""
        number, self.asked = self.asked, self.asked + 1
        self.study.ask(number, None)
        if number >= IN_FLIGHT:
            value = float(np.random.default_rng(number).random())
            self.study.study.tell(number - IN_FLIGHT, value)


def modules(study: LongStudy) -> Counter[str]:
    """Return the share of a proposal that each module's own functions take, by a profiler."""
    profile = cProfile.Profile()
    profile.enable()
    for _ in range(PROPOSALS):
        study.propose()
    profile.disable()
    stats: Any = pstats.Stats(profile)
    seconds: Counter[str] = Counter()
    for (file, _, _), (_, _, own, *_) in stats.stats.items():
        place = "/".join(Path(file).with_suffix("").parts[-2:]) if file != "~" else "built in"
        seconds[place] += own
    return Counter({place: own / seconds.total() for place, own in seconds.items()})


def module_table(shares: Mapping[int, Counter[str]]) -> str:
    """Return the modules that take most at the largest size, or at another one."""
    most = dict.fromkeys(
        place for share in shares.values() for place, _ in share.most_common(MODULES)
    )
    rows = [[place, *(f"{share[place]:.0%}" for share in shares.values())] for place in most]
    return report.table(["module", *(f"{size} trials" for size in shares)], rows)


def main(given: Sequence[str] | None = None) -> None:
    asked = report.arguments(__file__, __doc__, given)
    sizes = (20, 40) if asked.tiny else SIZES
    rows, parts = [], []
    for name, config in SPACES.items():
        study, shares = LongStudy(config), {}
        for size in sizes:
            study.grow(size)
            took = median(study.propose() for _ in range(PROPOSALS))
            ms, rate, share = f"{took * 1e3:.1f}", f"{1 / took:.0f}", took / TRIAL_SECONDS
            rows.append([name, str(size), ms, rate, f"{share:.1%}"])
            print(*rows[-1], flush=True)
            if size in (sizes[1], sizes[-1]):
                shares[size] = modules(study)
        parts.append(f"Whose functions a proposal runs, {name}; by a profiler:")
        parts.append(module_table(shares))
    header = ["space", "trials", "ms per proposal", "trials per s", f"of {TRIAL_SECONDS:.0f} s"]
    report.write(asked.out, __doc__, report.table(header, rows), *parts, measured_on())


if __name__ == "__main__":
    main()
