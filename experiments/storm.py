"""Does a study survive any number of deaths, at any moment, without anybody seeing it afterwards?

Question:    after a search was killed again and again, is the study the same as undisturbed: same
             fingerprint, exactly the asked trials, Optuna and MLflow in agreement, no run twice,
             nothing left RUNNING, no process left behind?
Scientific:  what is killed with SIGKILL (the coordinator; one child of it, which is a worker or the
             process that publishes to MLflow; all at once) and when: random moments, some seconds
             after a start or some trials later: the set-up of an empty folder and the publishing at
             the end included
Nuisance:    the number of workers, 2 to 4, drawn anew at every start; seeds of study and storm
Fixed:       studies of 24 trials with pruning; each process may have 1 GB of memory, so that two of
             the first trials, which ask for more, fail by an event, the undisturbed ones included
Command:     python experiments/storm.py [--tiny] [--kills 200] [--seed 0]
Result:      storm.md, written by this program
"""

import contextlib
import random
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dnnsearch.study.stored_study import OpenStudy, open_study
from experiments import report
from experiments.agreement import disagreements
from experiments.processes import children_of, finish, kill, start, survivors, write_config

NAME = "storm"
MEMORY = 1 << 30  # bytes of address space; a worker needs a quarter of it, a coordinator half
GREEDY = {"units": [9000, 9000], "hidden_layers": 2, "iterations": 1, "batch_size": 1}
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
    "try_first": [GREEDY, {"learning_rate": 0.5}, GREEDY],
}
STUDIES = [("halving", "tpe"), ("median", "tpe"), ("halving", "random"), ("halving", "qmc")]
PAUSE = 0.2  # seconds at most, while trials run, from the end of one to the next kill
LONG_PAUSE = 2.0  # while none runs yet, or no more
MOST_KILLS_OF_CHILDREN = 3  # in one life: one makes a trial a suspect, three more would fail it
ENDS = ("finished", "pruned", "diverged", "failed")


@dataclass(frozen=True)
class Reference:
    """A study as it is when nobody disturbs it."""

    config: dict[str, Any]
    fingerprint: str
    ends: Counter[str]

    @property
    def trials(self) -> int:
        return self.ends.total()


@dataclass
class Storm:
    """What one study went through, and what is wrong with it afterwards."""

    seed: int
    reference: Reference
    kills: Counter[str] = field(default_factory=Counter)
    starts: int = 0
    problems: list[str] = field(default_factory=list)


def calm(config: dict[str, Any], folder: Path) -> Reference:
    """Live through the study undisturbed."""
    finish(start(write_config(folder, NAME, config), ["--workers", "2"], MEMORY))
    study = opened(folder)
    ends = Counter(trial.user_attrs["dnnsearch"]["state"] for trial in study.trials())
    return Reference(config, study.fingerprint(), ends)


def opened(folder: Path) -> OpenStudy:
    return open_study(NAME, f"sqlite:///{folder}/optuna.db")


def rage(reference: Reference, seed: int, most: int, folder: Path) -> Storm:
    """Kill the search up to `most` times, starting it again and again until it comes through."""
    storm, chance = Storm(seed, reference), random.Random(seed)
    path = write_config(folder, NAME, reference.config)
    words = None
    while words is None:
        storm.starts += 1
        process = start(path, ["--workers", str(chance.randint(2, 4))], MEMORY)
        words = live(process, folder, storm, chance, most - storm.kills.total())
    storm.problems += [] if process.returncode == 0 else [words]
    storm.problems += compare(path, reference)
    return storm


def live(
    process: subprocess.Popen[str], folder: Path, storm: Storm, chance: random.Random, most: int
) -> str | None:
    """One life of the search; its words if it came to an end of its own, None if it was killed."""
    for kind in fate(chance, most):
        if ends_before_next_moment(process, folder, storm.reference.trials, chance):
            break
        strike(process, kind, storm, chance)
        if kind != "child":
            return None
    return process.communicate()[0]


def ends_before_next_moment(
    process: subprocess.Popen[str], folder: Path, trials: int, chance: random.Random
) -> bool:
    """Wait for a random moment: until some more trials have ended, and then a little while."""
    wanted = min(records(folder) + chance.randint(0, trials // 6), trials)
    while records(folder) < wanted and process.poll() is None:
        time.sleep(0.01)
    runs = wanted < trials and children_of(process.pid)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(chance.uniform(0, PAUSE if runs else LONG_PAUSE))
    return process.poll() is not None


def records(folder: Path) -> int:
    """How many trials have ended."""
    return len(list((folder / "records" / NAME).glob("[0-9]*")))


def fate(chance: random.Random, most: int) -> list[str]:
    """What will be killed in one life: some children, then the coordinator or all."""
    children = chance.randint(1, MOST_KILLS_OF_CHILDREN)
    return (["child"] * children + [chance.choice(["coordinator", "all"])])[:most]


def strike(process: subprocess.Popen[str], kind: str, storm: Storm, chance: random.Random) -> None:
    """Kill, and see that nobody outlives the coordinator; where there is no child, kill none."""
    children = children_of(process.pid)
    if kind == "child":
        if not children:
            return
        kill(chance.choice(children))
    else:
        kill(process.pid)
        for pid in children if kind == "all" else []:
            kill(pid)
        process.communicate()
        left = survivors(children)
        storm.problems += [f"process {pid} outlived its coordinator" for pid in left]
    storm.kills[kind] += 1


def compare(path: Path, reference: Reference) -> list[str]:
    """What is not as in the undisturbed study."""
    try:
        fingerprint = opened(path.parent).fingerprint()
    except Exception as error:
        return [f"{type(error).__name__}: {error}"]
    other = [] if fingerprint == reference.fingerprint else [f"fingerprint {fingerprint}"]
    return other + disagreements(path, NAME, reference.trials, fingerprint)


def storms(kills: int, each: int, seed: int, trials: int, studies: int) -> list[Storm]:
    """Storms over these studies in turn, until so many kills were dealt."""
    with tempfile.TemporaryDirectory(prefix="dnnsearch-storm-") as root:
        references, done = [], list[Storm]()
        for number, (pruner, sampler) in enumerate(STUDIES[:studies]):
            config = {**CONFIG, "pruner": pruner, "sampler": sampler}
            folder = made(Path(root, f"calm-{number}"))
            references.append(calm({**config, "trials": trials, "seed": seed + number}, folder))
            print(f"undisturbed: {row_of_ends(references[-1])}", flush=True)
        while (left := kills - sum(storm.kills.total() for storm in done)) > 0:
            number = len(done)
            folder = made(Path(root, f"storm-{number}"))
            reference = references[number % len(references)]
            done.append(rage(reference, seed + number, min(each, left), folder))
            print(" ".join(map(str, row(done[-1]))), flush=True)
        return done


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def row_of_ends(reference: Reference) -> str:
    config, ends = reference.config, reference.ends
    counts = ", ".join(f"{ends[end]} {end}" for end in ENDS)
    return f"{config['pruner']}, {config['sampler']}, seed {config['seed']}: {counts}"


def row(storm: Storm) -> list[object]:
    kinds = [storm.kills[kind] for kind in ("coordinator", "child", "all")]
    problems = "; ".join(storm.problems) or "as undisturbed"
    return [storm.seed, row_of_ends(storm.reference), *kinds, storm.starts, problems]


HEADER = ["storm", "study", "coordinator", "child", "all", "starts", "afterwards"]


def conclusion(done: Sequence[Storm]) -> str:
    """The totals in a sentence."""
    kills = sum((storm.kills for storm in done), Counter[str]())
    wrong = sum(bool(storm.problems) for storm in done)
    ends = sum((storm.reference.ends for storm in done), Counter[str]())
    shares = ", ".join(f"{ends[end] / max(ends.total(), 1):.0%} {end}" for end in ENDS)
    return (
        f"{kills.total()} kills ({', '.join(f'{n} {kind}' for kind, n in sorted(kills.items()))}) "
        f"in {len(done)} storms; trials: {shares}; {len(done) - wrong} storms ended as "
        f"undisturbed, {wrong} did not."
    )


def main(given: Sequence[str] | None = None) -> list[Storm]:
    parser = report.parser_of(__file__, __doc__)
    parser.add_argument("--kills", type=int, default=200, metavar="N", help="in all")
    parser.add_argument("--each", type=int, default=10, metavar="N", help="at most in one storm")
    parser.add_argument("--seed", type=int, default=0, help="of the first storm and study")
    asked = parser.parse_args(given)
    trials, studies = (16, 1) if asked.tiny else (24, len(STUDIES))
    done = storms(asked.kills, asked.each, asked.seed, trials, studies)
    table = report.table(HEADER, [row(storm) for storm in done])
    report.write(asked.out, __doc__, table, conclusion(done))
    return done


if __name__ == "__main__":
    raise SystemExit(any(storm.problems for storm in main()))
