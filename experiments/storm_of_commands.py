"""Do promote, retune, rm and publish end alike after they were killed at random moments?

Question:    after a command was killed and repeated many times, is everything as if it had not been
             killed: records, models, versions and aliases in MLflow, the log of evaluations of the
             test set, all trials in Optuna and MLflow, the printed scores; no traceback, no hang?
Scientific:  the command; which signal (KILL, TERM, INT, HUP, QUIT; STOP, and CONT up to 3 seconds
             later); who gets it (the command, one of its children, both); and when: uniformly
             within the time that the command took without a kill
Nuisance:    the seed of the storm
Fixed:       a study of 6 trials; `publish` sends all of it to an MLflow that has lost its database
Command:     python experiments/storm_of_commands.py [--tiny] [--kills 100] [--seed 0]
Result:      storm_of_commands.md, written by this program
"""

import hashlib
import json
import multiprocessing
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import ViewType

from dnnsearch.study.evaluation_log import EvaluationLog
from dnnsearch.study.leaderboard.ranking import leaderboards
from dnnsearch.study.stored_study import open_study
from experiments import kills as signals
from experiments import report
from experiments.agreement import disagreements
from experiments.processes import finish, start, start_command, write_config

NAME, RENEWED = "storm", "storm-2"
TRIALS = {NAME: 6, RENEWED: 4}
CONFIG = {
    "data": {"name": "moons", "examples": 120, "noise": 0.2},
    "trials": TRIALS[NAME],
    "parallelism": 3,
    "curve_every": 20,
    "learning_rate": {"low": 0.01, "high": 1, "log": True},
    "iterations": 40,
    "hidden_layers": [1, 2],
    "units": [4, 8],
    "activation": "tanh",
    "momentum": 0.9,
    "batch_size": 16,
}
NEW_DATA = "{name: moons, examples: 120, noise: 0.2, seed: 7}"
SMALL = ("--top=2", "--replicates=2", "--json")
COMMANDS = {
    "promote": (NAME, *SMALL),
    "retune": (NAME, f"--data={NEW_DATA}", f"--trials={TRIALS[RENEWED]}", *SMALL),
    "publish": (NAME,),
    "rm": (NAME, "--yes"),
}
NEEDS_CHAMPION = "retune"
SCORES = ("trial", "test", "verdict", "then", "now", "new", "difference", "tied")
MAX_PROBLEMS = 3  # of one storm, which then is given up
State = dict[str, Any]


@dataclass(frozen=True)
class Reference:
    """A command that was not killed: where it starts from, how long it takes, what is then."""

    command: str
    template: Path
    seconds: float
    state: State


@dataclass
class Storm:
    """The kills of one command, and what is wrong afterwards."""

    seed: int
    reference: Reference
    kills: Counter[str] = field(default_factory=Counter)
    starts: int = 0
    problems: list[str] = field(default_factory=list)


def templates(root: Path, folder: Path) -> dict[str, Path]:
    """Return the folder that each command starts from; all are copies of `folder`, made there."""
    found = {name: root / name for name in COMMANDS}
    folder.mkdir()
    finish(start(write_config(folder, NAME, CONFIG)))
    for name, template in found.items():
        if name != NEEDS_CHAMPION:
            shutil.copytree(folder, template)
    finish(start_command(folder, ["promote", *COMMANDS["promote"]], folder / "cache"))
    shutil.copytree(folder, found[NEEDS_CHAMPION])
    for path in found["publish"].glob("mlflow.db*"):
        path.unlink()
    return found


def undisturbed(command: str, template: Path, folder: Path) -> Reference:
    """Run the command without a kill."""
    restore(template, folder)
    began = time.monotonic()
    output = finish(start_command(folder, [command, *COMMANDS[command]], folder / "cache"))
    seconds = time.monotonic() - began
    return Reference(command, template, seconds, state_after(folder, output))


def restore(template: Path, folder: Path) -> None:
    """Copy the template to the path where it was made, because MLflow stores whole paths."""
    shutil.rmtree(folder)
    shutil.copytree(template, folder)


def state_after(folder: Path, output: str) -> State:
    """Return the state and the printed scores; a new process reads, for the path is used again."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        state = pool.submit(state_of, folder).result()
    document = json.loads(output) if output.startswith("{") else {}
    return {**state, "scores": {key: document[key] for key in SCORES if key in document}}


def state_of(folder: Path) -> State:
    """Return what is in Optuna's storage, MLflow and the records, in a form to be compared."""
    storage = f"sqlite:///{folder}/optuna.db"
    names = [board.study for board in leaderboards(storage)]
    studies = {name: open_study(name, storage) for name in names}
    config, client = folder / f"{NAME}.yaml", MlflowClient(f"sqlite:///{folder}/mlflow.db")
    prints = {name: study.fingerprint() for name, study in studies.items()}
    experiments = [e.experiment_id for e in client.search_experiments()]
    runs = client.search_runs(experiments, run_view_type=ViewType.ACTIVE_ONLY)
    return {
        "fingerprints": prints,
        "disagreements": {n: disagreements(config, n, TRIALS[n], prints[n]) for n in names},
        "evaluations": {n: evaluations(EvaluationLog(s.rows)) for n, s in studies.items()},
        "files": sorted(map(content_name, [*folder.glob("records/**/*.*")])),
        "versions": sorted(version(client, v) for v in client.search_model_versions()),
        "runs": len(runs),
    }


def evaluations(log: EvaluationLog) -> list[str]:
    """Return each evaluation once: one that was killed is in the log twice, as it must be."""
    texts = (json.dumps({**entry, "when": "", "at": 0}, sort_keys=True) for entry in log.entries)
    return sorted(set(texts))


def content_name(path: Path) -> str:
    """Return the file's name; random parts, which stand for the study, are replaced by content."""
    kind, _, _ = path.name.partition("-")
    if kind == "champion":
        return f"champion {hashlib.sha256(path.read_bytes()).hexdigest()}"
    return kind if kind == "study" else f"{path.parent.name}/{path.name}"


def version(client: MlflowClient, found: Any) -> str:
    """Return one version in a line; whole, with its aliases."""
    aliases = client.get_model_version(found.name, found.version).aliases
    return f"{found.name} {found.version} {found.status} {aliases}"


def run_storm(reference: Reference, seed: int, most: int, folder: Path) -> Storm:
    """Send up to `most` signals to the command, and repeat it until it finishes."""
    storm, rng = Storm(seed, reference), random.Random(seed)
    restore(reference.template, folder)
    output = None
    while output is None and len(storm.problems) < MAX_PROBLEMS:
        storm.starts += 1
        command = [reference.command, *COMMANDS[reference.command]]
        process = start_command(folder, command, folder / "cache")
        try:
            output = run_once(process, storm, rng, most - storm.kills.total())
        except signals.HangError as error:
            storm.problems.append(str(error))
    storm.problems += compare(reference.state, state_after(folder, output or ""))
    return storm


def run_once(process: Any, storm: Storm, rng: random.Random, most: int) -> str | None:
    """Wait for one run of the command; return its output if it has finished."""
    for name in signals.planned(rng, most):
        if signals.has_ended(process, rng.uniform(0, storm.reference.seconds)):
            break
        storm.kills[name] += signals.hit(process, name, rng)
        if name in signals.ENDING:
            storm.problems += signals.problems_of_end(process, name)
            return None
    output = signals.output_of(process)
    is_gone = storm.reference.command == "rm" and "there is no study" in output
    if process.returncode != 0 and not (process.returncode == 2 and is_gone):
        storm.problems.append(f"exit code {process.returncode}: {output}")
        return None
    storm.problems += signals.problems_of_output(output)
    return output


def compare(expected: State, found: State) -> list[str]:
    """Return a sentence for each part of the state that differs."""
    parts = [key for key in expected if found[key] != expected[key]]
    return [f"{key}: {found[key]} instead of {expected[key]}" for key in parts]


def storms(kills: int, each: int, seed: int, commands: Sequence[str]) -> list[Storm]:
    """Run storms on the commands in turn, until there were `kills` signals."""
    signals.take_signals()
    with tempfile.TemporaryDirectory(prefix="dnnsearch-storm-") as text:
        root, done = Path(text), list[Storm]()
        folder = root / "study"
        made = templates(root, folder)
        references = [undisturbed(name, made[name], folder) for name in commands]
        while (left := kills - sum(storm.kills.total() for storm in done)) > 0:
            number = len(done)
            reference = references[number % len(references)]
            done.append(run_storm(reference, seed + number, min(each, left), folder))
            print(" ".join(map(str, row(done[-1]))), flush=True)
        return done


def row(storm: Storm) -> list[object]:
    kinds = [storm.kills[name] for name in signals.KINDS]
    problems = "; ".join(storm.problems) or "as without kills"
    return [storm.seed, storm.reference.command, *kinds, storm.starts, problems]


HEADER = ["storm", "command", *signals.KINDS, "starts", "afterwards"]


def conclusion(done: Sequence[Storm]) -> str:
    """The totals in a sentence."""
    kills = sum(storm.kills.total() for storm in done)
    wrong = sum(bool(storm.problems) for storm in done)
    return (
        f"{kills} signals in {len(done)} storms; {len(done) - wrong} storms ended as without "
        f"kills, {wrong} did not."
    )


def main(given: Sequence[str] | None = None) -> list[Storm]:
    parser = report.parser_of(__file__, __doc__)
    parser.add_argument("--kills", type=int, default=100, metavar="N", help="number of signals")
    parser.add_argument("--each", type=int, default=6, metavar="N", help="most in one storm")
    parser.add_argument("--seed", type=int, default=0, help="seed of the first storm")
    asked = parser.parse_args(given)
    done = storms(asked.kills, asked.each, asked.seed, list(COMMANDS)[: 1 if asked.tiny else None])
    report.write(asked.out, __doc__, report.table(HEADER, list(map(row, done))), conclusion(done))
    return done


if __name__ == "__main__":
    raise SystemExit(any(storm.problems for storm in main()))
