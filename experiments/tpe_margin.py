"""How near is a choice of the sampler to being decided by a last bit?

Question:    in how many choices of TPE could another machine take another candidate, and how many
             of its floats could it round to other digits?
Scientific:  how much the values of two candidates differ between machines; values compared as they
             are, or after rounding, as an exact study does
Nuisance:    the seed of a study; the hyperparameters that it has seen
Fixed:       studies of 60 trials over seven hyperparameters, with made-up objectives
Command:     python experiments/tpe_margin.py [--tiny]
Result:      experiments/tpe_margin.md, written by this program
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from optuna.distributions import FloatDistribution
from optuna.samplers import BaseSampler

from dnnsearch.config import rounding_sampler
from dnnsearch.config.config import parse_config
from dnnsearch.config.rounding_sampler import DECIMALS, RoundingSampler
from dnnsearch.config.samplers import SIGNIFICANT_DIGITS
from dnnsearch.study.replayed_study import ReplayedStudy
from experiments import report

STUDIES, TRIALS = 106, 60
SPACE: dict[str, Any] = {
    "data": "digits",
    "numerics": "exact",
    "learning_rate": {"low": 0.001, "high": 1, "log": True},
    "iterations": 100,
    "hidden_layers": [1, 2, 3],
    "units": {"low": 4, "high": 64, "log": True},
    "activation": ["relu", "tanh", "silu"],
    "momentum": {"low": 0.0, "high": 0.99},
    "batch_size": [16, 32, 64],
    "l2": {"low": 0.0001, "high": 0.1, "log": True},
}
# Two machines that one machine can play: as it is, and one without AVX2 and FMA.
MACHINES: dict[str, dict[str, str]] = {
    "as it is": {},
    "old": {
        "OPENBLAS_CORETYPE": "Prescott",
        "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR",
        "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-FMA,-AVX2",
    },
}
ERRORS = (1e-15, 1e-14, 1e-13, 1e-12, 1e-11)  # by how much a value may differ between machines


class Noted:
    """What the samplers of all studies compute: candidates' values, and floats before rounding."""

    def __init__(self) -> None:
        self.values: list[list[float]] = []
        self.floats: list[float] = []

    @contextmanager
    def choosing(self) -> Iterator[None]:
        """Note what np.argmax gets; an exact study has replaced it by one that rounds."""
        argmax = np.argmax

        def noting(a: Any, *arguments: Any, **options: Any) -> Any:
            self.values.append(np.asarray(a).tolist())
            return argmax(a, *arguments, **options)

        np.argmax = noting
        try:
            yield
        finally:
            np.argmax = argmax


def watched(noted: Noted) -> type[RoundingSampler]:
    """Return the sampler of an exact study, which notes what it chooses from."""

    class Inner:
        def __init__(self, sampler: BaseSampler) -> None:
            self.sampler = sampler

        def __getattr__(self, name: str) -> Any:
            return getattr(self.sampler, name)

        def sample_relative(self, *arguments: Any) -> Any:
            with noted.choosing():
                return self.sampler.sample_relative(*arguments)

        def sample_independent(self, *arguments: Any) -> Any:
            with noted.choosing():
                return self.sampler.sample_independent(*arguments)

    class Watched(RoundingSampler):
        def __init__(self, sampler: BaseSampler, digits: int) -> None:
            super().__init__(Inner(sampler), digits)  # type: ignore[arg-type]

        def _rounded(self, value: Any, distribution: Any) -> Any:
            if isinstance(distribution, FloatDistribution):
                noted.floats.append(value)
            return super()._rounded(value, distribution)

    return Watched


def run_studies(count: int) -> dict[str, Any]:
    """Return what was noted in this process, and what the studies proposed."""
    noted, proposed = Noted(), []
    rounding_sampler.RoundingSampler = watched(noted)  # type: ignore[misc]
    for seed in range(count):
        study = ReplayedStudy(parse_config({**SPACE, "seed": seed}, "SPACE", "margin"))
        for number in range(TRIALS):
            _, hyper = study.ask(number, None)
            proposed.append(repr(hyper.as_params()))
            # of basic operations, so that all machines tell the same
            value = abs(hyper.momentum - 0.7) + 1 / sum(hyper.units) + hyper.learning_rate
            study.study.tell(number, value + hyper.l2 * 10)
    return {"values": noted.values, "floats": noted.floats, "proposed": proposed}


def on(machine: Mapping[str, str], count: int) -> dict[str, Any]:
    """Return the same from a process of another machine."""
    done = subprocess.run(
        [sys.executable, __file__, "--studies", str(count)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), **machine},
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # NumPy warns of targets that this processor lacks
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def hangs(values: np.ndarray, error: float, decimals: int | None) -> bool:
    """Return whether another candidate could win if each value differed by at most `error`.

    Equal values are those of equal candidates.
    """

    def shown(x: np.ndarray) -> np.ndarray:
        return x if decimals is None else np.asarray(np.round(x, decimals))

    best = int(np.argmax(shown(values)))
    least = shown(values[best : best + 1] - error)[0]
    most, place = shown(values + error), np.arange(len(values))
    wins = np.where(place < best, most >= least, most > least)
    return bool((wins & (values != values[best])).any())


def rounds_otherwise(value: float, error: float) -> bool:
    """Return whether a float that differs by a relative `error` has other digits."""
    low, high = (f"{value * (1 + sign * error):.{SIGNIFICANT_DIGITS}g}" for sign in (-1, 1))
    return low != high


def paragraphs(here: Mapping[str, Any], there: Mapping[str, Any]) -> Iterator[str]:
    choices = [np.array(one) for one in here["values"]]
    others = [np.array(one) for one in there["values"]]
    assert [len(one) for one in choices] == [len(one) for one in others]
    largest = max(float(np.abs(a - b).max()) for a, b in zip(choices, others, strict=True))
    apart = np.abs(np.divide(here["floats"], there["floats"]) - 1).max()
    taken = sum(
        int(np.argmax(a)) != int(np.argmax(b)) for a, b in zip(choices, others, strict=True)
    )
    differ = sum(a != b for a, b in zip(here["proposed"], there["proposed"], strict=True))
    yield (
        f"{len(choices)} choices among candidates, {len(here['floats'])} floats, "
        f"{len(here['proposed'])} trials. Between a processor as it is and one that plays an old "
        f"one, a candidate's value differs by {largest:.0e} at most, and a float by "
        f"{apart:.0e} of itself. Compared as they are, {taken} choices would be others; "
        f"compared after rounding to {DECIMALS} decimals, {differ} trials are."
    )
    yield "How many could be others if a machine differed by this much:"
    rows = [
        [
            f"{error:.0e}",
            sum(hangs(one, error, None) for one in choices),
            sum(hangs(one, error, DECIMALS) for one in choices),
            sum(rounds_otherwise(value, error) for value in here["floats"]),
        ]
        for error in ERRORS
    ]
    head = ["difference", "choices, as they are", "choices, rounded", "floats, rounded"]
    yield report.table(head, rows)


def main(given: Sequence[str] | None = None) -> None:
    parser = report.parser_of(__file__, __doc__)
    parser.add_argument("--studies", type=int, help="print what so many studies note, as JSON")
    options = parser.parse_args(given)
    if options.studies:
        json.dump(run_studies(options.studies), sys.stdout)
        return
    count = 1 if options.tiny else STUDIES
    here, there = (on(machine, count) for machine in MACHINES.values())
    report.write(options.out, __doc__, *paragraphs(here, there))


if __name__ == "__main__":
    main()
