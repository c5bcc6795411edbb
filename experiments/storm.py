"""Is a study the same after its processes were killed at random moments?

Question:    after a search was killed and resumed many times, is its study the same as without a
             kill: same fingerprint, exactly the requested trials, Optuna and MLflow in agreement,
             no run twice, nothing left RUNNING, no process left over, no traceback, no hang?
Scientific:  which signal (KILL, TERM, INT, HUP, QUIT; STOP, and CONT up to 3 seconds later), who
             gets it (the coordinator; one of its children, which is a worker or the process that
             publishes to MLflow; all at once), and when: at random moments, some seconds after a
             start or some trials later, which includes the set-up of an empty folder and the
             publishing at the end
Nuisance:    the number of workers, 2 to 4, drawn again at each start; the seeds of study and storm
Fixed:       studies of 24 trials with pruning; each process is limited to 1 GB of memory, so two of
             the first trials, which need more, fail in every study, killed or not
Command:     python experiments/storm.py [--tiny] [--kills 200] [--seed 0]
Result:      storm.md, written by this program; storm_of_commands.py does the same to other commands
"""

import random
import subprocess
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dnnsearch.study.stored_study import OpenStudy, open_study
from experiments import kills as signals
from experiments import report
from experiments.agreement import disagreements
from experiments.processes import children_of, finish, start, write_config

NAME = "storm"
MEMORY = 1 << 30  # bytes of address space for each process
TOO_LARGE = {"units": [9000, 9000], "hidden_layers": 2, "iterations": 1, "batch_size": 1}
CONFIG = {
    "data": {"name": "moons", "examples": 300, "noise": 0.3},
    "parallelism": 4,
    "curve_every": 10,
    "learning_rate": {"low": 0.01, "high": 10_000, "log": True},
    "iterations": {"low": 1, "high": 1000},
    "hidden_layers": [1, 2],
    "units": [4, 8, 12, 16, 24, 32, 48, 9000],
    "activation": ["relu", "tanh"],
    "momentum": {"low": 0.0, "high": 0.95},
    "batch_size": {"low": 1, "high": 32, "log": True},
    "try_first": [TOO_LARGE, {"learning_rate": 0.5}, TOO_LARGE],
}
STUDIES = [("halving", "tpe"), ("median", "tpe"), ("halving", "random"), ("halving", "qmc")]
MAX_PAUSE_SECONDS = 0.2  # from the end of a trial to the next kill
MAX_LONG_PAUSE_SECONDS = 2.0  # the same before the first trial and after the last one
MAX_PROBLEMS = 3  # of one storm, which then is given up
ENDS = ("finished", "pruned", "diverged", "failed")


@dataclass(frozen=True)
class Reference:
    """A study whose search was not killed."""

    config: dict[str, Any]
    fingerprint: str
    ends: Counter[str]

    @property
    def trials(self) -> int:
        return self.ends.total()


@dataclass
class Storm:
    """The kills of one study, and what is wrong with it afterwards."""

    seed: int
    reference: Reference
    kills: Counter[str] = field(default_factory=Counter)
    starts: int = 0
    problems: list[str] = field(default_factory=list)


def undisturbed(config: dict[str, Any], folder: Path) -> Reference:
    """Run the study without a kill."""
    finish(start(write_config(folder, NAME, config), ["--workers", "2"], MEMORY))
    study = opened(folder)
    ends = Counter(trial.user_attrs["dnnsearch"]["state"] for trial in study.trials())
    return Reference(config, study.fingerprint(), ends)


def opened(folder: Path) -> OpenStudy:
    return open_study(NAME, f"sqlite:///{folder}/optuna.db")


def run_storm(reference: Reference, seed: int, most: int, folder: Path) -> Storm:
    """Send up to `most` signals to the search, and start it again until it finishes."""
    storm, rng = Storm(seed, reference), random.Random(seed)
    path = write_config(folder, NAME, reference.config)
    is_finished = False
    while not is_finished and len(storm.problems) < MAX_PROBLEMS:
        storm.starts += 1
        process = start(path, ["--workers", str(rng.randint(2, 4))], MEMORY)
        is_finished = run_once(process, folder, storm, rng, most - storm.kills.total())
    storm.problems += compare(path, reference)
    return storm


def run_once(
    process: subprocess.Popen[str], folder: Path, storm: Storm, rng: random.Random, most: int
) -> bool:
    """Wait for one run of the search; return whether it has finished."""
    try:
        for name in signals.planned(rng, most):
            if ends_before_next_moment(process, folder, storm.reference.trials, rng):
                break
            storm.kills[name] += signals.hit(process, name, rng)
            if name in signals.ENDING:
                storm.problems += signals.problems_of_end(process, name)
                return False
        output = signals.output_of(process, lambda: records(folder))
    except signals.HangError as error:
        storm.problems.append(str(error))
        return False
    storm.problems += signals.problems_of_output(output) if process.returncode == 0 else [output]
    return process.returncode == 0


def ends_before_next_moment(
    process: subprocess.Popen[str], folder: Path, trials: int, rng: random.Random
) -> bool:
    """Wait until some more trials have ended, and then for a random pause.

    Returns whether the search has ended by then.
    """
    wanted = min(records(folder) + rng.randint(0, trials // 6), trials)
    watch = signals.Watch(process, lambda: records(folder))
    while records(folder) < wanted and not signals.has_ended(process, 0.01):
        watch.check()
    runs = wanted < trials and children_of(process.pid)
    return signals.has_ended(
        process, rng.uniform(0, MAX_PAUSE_SECONDS if runs else MAX_LONG_PAUSE_SECONDS)
    )


def records(folder: Path) -> int:
    """Return how many trials have ended."""
    return len(list((folder / "records" / NAME).glob("[0-9]*")))


def compare(path: Path, reference: Reference) -> list[str]:
    """Return a sentence for each difference from the study without kills."""
    try:
        fingerprint = opened(path.parent).fingerprint()
    except Exception as error:
        return [f"{type(error).__name__}: {error}"]
    other = [] if fingerprint == reference.fingerprint else [f"fingerprint {fingerprint}"]
    return other + disagreements(path, NAME, reference.trials, fingerprint)


def storms(kills: int, each: int, seed: int, trials: int, studies: int) -> list[Storm]:
    """Run storms on the first `studies` of STUDIES in turn, until there were `kills` kills."""
    signals.take_signals()
    with tempfile.TemporaryDirectory(prefix="dnnsearch-storm-") as root:
        references, done = [], list[Storm]()
        for number, (pruner, sampler) in enumerate(STUDIES[:studies]):
            config = {**CONFIG, "pruner": pruner, "sampler": sampler}
            folder = create(Path(root, f"undisturbed-{number}"))
            references.append(
                undisturbed({**config, "trials": trials, "seed": seed + number}, folder)
            )
            print(f"without kills: {row_of_ends(references[-1])}", flush=True)
        while (left := kills - sum(storm.kills.total() for storm in done)) > 0:
            number = len(done)
            folder = create(Path(root, f"storm-{number}"))
            reference = references[number % len(references)]
            done.append(run_storm(reference, seed + number, min(each, left), folder))
            print(" ".join(map(str, row(done[-1]))), flush=True)
        return done


def create(folder: Path) -> Path:
    folder.mkdir()
    return folder


def row_of_ends(reference: Reference) -> str:
    config, ends = reference.config, reference.ends
    counts = ", ".join(f"{ends[end]} {end}" for end in ENDS)
    return f"{config['pruner']}, {config['sampler']}, seed {config['seed']}: {counts}"


def row(storm: Storm) -> list[object]:
    kinds = [storm.kills[name] for name in signals.KINDS]
    problems = "; ".join(storm.problems) or "as without kills"
    return [storm.seed, row_of_ends(storm.reference), *kinds, storm.starts, problems]


HEADER = ["storm", "study", *signals.KINDS, "starts", "afterwards"]


def conclusion(done: Sequence[Storm]) -> str:
    """The totals in a sentence."""
    kills = sum((storm.kills for storm in done), Counter[str]())
    wrong = sum(bool(storm.problems) for storm in done)
    ends = sum((storm.reference.ends for storm in done), Counter[str]())
    shares = ", ".join(f"{ends[end] / max(ends.total(), 1):.0%} {end}" for end in ENDS)
    return (
        f"{kills.total()} kills ({', '.join(f'{n} {kind}' for kind, n in sorted(kills.items()))}) "
        f"in {len(done)} storms; trials: {shares}; {len(done) - wrong} storms ended as "
        f"without kills, {wrong} did not."
    )


def main(given: Sequence[str] | None = None) -> list[Storm]:
    parser = report.parser_of(__file__, __doc__)
    parser.add_argument("--kills", type=int, default=200, metavar="N", help="total number of kills")
    parser.add_argument("--each", type=int, default=10, metavar="N", help="most kills in one storm")
    parser.add_argument("--seed", type=int, default=0, help="seed of the first storm and study")
    asked = parser.parse_args(given)
    trials, studies = (16, 1) if asked.tiny else (24, len(STUDIES))
    done = storms(asked.kills, asked.each, asked.seed, trials, studies)
    table = report.table(HEADER, [row(storm) for storm in done])
    report.write(asked.out, __doc__, table, conclusion(done))
    return done


if __name__ == "__main__":
    raise SystemExit(any(storm.problems for storm in main()))
